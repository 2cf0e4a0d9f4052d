"""Service level agreements of deployments, as Prefect Cloud's routes give them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from prefect_pulumi.api.protocol import ApiClient

OWNER = "prefect.deployment."

Json = dict[str, Any]

_FORMS = {
    "TimeToCompletionSla": "duration",
    "FrequencySla": "stale_after",
    "FreshnessSla": "within",
    "LatenessSla": "within",
}
"""Type of an agreement -> the field that has its seconds."""
DEFAULTS: Json = {"severity": "high", "enabled": True}


def agreements_of(client: ApiClient, base: str, deployment: str) -> list[Json]:
    """All of a deployment. `base`: route of its workspace, "" for that of the client. POST slas/by-owner."""
    return client.paged(f"{base}/slas/by-owner/{OWNER}{deployment}")


def as_agreement(row: Json, declared: Json) -> Json:
    """An answer in the words of the payload. Cloud gives the trigger that it makes of an agreement; what that does not
    say is taken as it is declared."""
    form = _FORMS.get(row["type"], "")
    given: Json = {"name": row["name"], "severity": row.get("severity", "high"), "enabled": row.get("enabled", True)}
    seconds = next(_spans(row.get("trigger")), None)
    if form:
        given[form] = declared.get(form) if seconds is None else seconds
    if row["type"] == "FreshnessSla":
        trigger = row.get("trigger") or {}
        given["expected_event"] = next(iter(trigger.get("expect") or ()), declared.get("expected_event"))
        given["resource_match"] = trigger.get("match") or declared.get("resource_match")
    left_out = [name for name, value in DEFAULTS.items() if name not in declared and given[name] == value]
    return {name: value for name, value in given.items() if value is not None and name not in left_out}


def _spans(trigger: Any) -> Iterator[float]:
    """Seconds of a trigger, and of those in it."""
    if not isinstance(trigger, Mapping):
        return
    if trigger.get("within"):
        yield trigger["within"]
    for inner in trigger.get("triggers") or ():
        yield from _spans(inner)
