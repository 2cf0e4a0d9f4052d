"""Rewrites the requests of `prefect deploy`; pure. `child.py` puts it before Prefect's own client.

`prefect deploy` writes a deployment in one PATCH (or POST, when it is new) and recreates its automations. Between
that code and the server the body is changed to what the file means: fields that the UI owns are not sent, schedules
are reconciled by slug, automations keep their ids.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from prefect_pulumi.deploy.file.fields import UI_FIELDS, without_ids

Json = dict[str, Any]

_SENT_AS = {
    "paused": ("paused",),
    "parameters": ("parameters",),
    "description": ("description",),
    "tags": ("tags",),
    "concurrency_limit": ("concurrency_limit", "concurrency_options"),
    "active": (),
}
"""What the UI may own -> keys of `DeploymentUpdate`."""
if set(_SENT_AS) != set(UI_FIELDS):
    raise AssertionError("the two tables of what the UI may own differ")


def create_body(body: Mapping[str, Any], labels: Mapping[str, str]) -> Json:
    """POST /deployments/ of a new deployment, with the owner's mark."""
    return {**body, "labels": {**(body.get("labels") or {}), **labels}}


def adopt_body(row: Mapping[str, Any], labels: Mapping[str, str]) -> Json:
    """POST /deployments/ that writes the mark on an existing deployment (`row`) and keeps all else.

    The route is an upsert: it leaves what it is not given, but recreates the schedules.
    """
    kept = ("schedule", "active", "slug", "parameters")
    return {
        "name": row["name"],
        "flow_id": row["flow_id"],
        "labels": {**(row.get("labels") or {}), **labels},
        "schedules": [
            {key: schedule[key] for key in kept if schedule.get(key) is not None} for schedule in row["schedules"] or []
        ],
    }


def update_body(
    body: Mapping[str, Any], row: Mapping[str, Any], ui: Collection[str], anchored: Collection[str] = ()
) -> tuple[Json, list[Json]]:
    """PATCH /deployments/{id} over the live `row`: the body to send, and the live schedules to delete after it.

    `anchored`: slugs of the schedules that the file gives an anchor. For the others Prefect would take the moment of
    the deploy, and every deploy would shift the runs: they keep the one they have.

    The server patches schedules by slug when all of them have one, and recreates them otherwise: then those that
    the UI paused (`active` in `ui`) are found by what they say.
    """
    hidden = {key for name in ui for key in _SENT_AS[name]}
    sent = {key: value for key, value in body.items() if key not in hidden}
    sent.setdefault("enforce_parameter_schema", True)
    live = _LiveSchedules(row.get("schedules") or [])
    declared = [_schedule_body(schedule, live, "active" in ui, anchored) for schedule in body.get("schedules") or []]
    if declared:
        sent["schedules"] = declared
    else:
        sent.pop("schedules", None)
    return sent, live.left_by(declared)


class _LiveSchedules:
    """The schedules that a deployment has on the server."""

    def __init__(self, rows: Sequence[Json]) -> None:
        self.rows = rows
        self.by_slug = {row["slug"]: row for row in rows if row.get("slug")}
        self.patched_in_place = len(self.by_slug) == len(rows)

    def match(self, declared: Json) -> Json | None:
        """The one that a declared schedule writes to."""
        row = self.by_slug.get(declared.get("replaces") or declared.get("slug"))
        if row is None and not self.patched_in_place:
            row = next((candidate for candidate in self.rows if _same_rule(candidate, declared)), None)
        return row

    def left_by(self, declared: Sequence[Json]) -> list[Json]:
        """Those that the write leaves on the server although the file no longer has them."""
        kept = {schedule.get("replaces") or schedule.get("slug") for schedule in declared}
        if declared and not self.patched_in_place:
            return []
        return [row for row in self.rows if row.get("slug") not in kept]


def _schedule_body(declared: Json, live: _LiveSchedules, ui_owns_active: bool, anchored: Collection[str]) -> Json:
    """One schedule of the body, over the live one that it writes to."""
    sent = dict(declared)
    if sent.get("replaces") not in live.by_slug or sent.get("slug") in live.by_slug:
        sent.pop("replaces", None)
    row = live.match(sent)
    if ui_owns_active and row is not None:
        sent["active"] = row["active"]
        if live.patched_in_place:
            sent.pop("active")  # what is not sent cannot overtake a click in the UI
    elif sent.get("active") is None:
        sent["active"] = True
    # A key that is left out keeps the live value.
    sent.setdefault("parameters", {})
    anchor = ((row or {}).get("schedule") or {}).get("anchor_date")
    if anchor and sent.get("slug") not in anchored and "interval" in (sent.get("schedule") or {}):
        sent["schedule"] = {**sent["schedule"], "anchor_date": anchor}
    return sent


def _same_rule(live: Mapping[str, Any], declared: Mapping[str, Any]) -> bool:
    rule, wanted = live.get("schedule") or {}, declared.get("schedule") or {}
    names = ("cron", "interval", "rrule")
    return any(wanted.get(name) is not None and rule.get(name) == wanted.get(name) for name in names)


def runs_again(body: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    """Whether the deployment has runs to schedule once the write, which deleted them, is done."""
    paused = body["paused"] if body.get("paused") is not None else row.get("paused")
    schedules = body.get("schedules") or []
    return not paused and any(schedule.get("active") for schedule in schedules)


def same_automation(live: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """Whether an automation is as `body` (POST /automations/) would make it, the server's own ids apart.

    The live one has every default filled in, so what the body leaves out does not count.
    """
    names = ("name", "description", "enabled", "tags", "trigger", "actions", "actions_on_trigger", "actions_on_resolve")
    return all(_covers(without_ids(live.get(name)), without_ids(body[name])) for name in names if name in body)


def _covers(live: Any, wanted: Any) -> bool:
    if isinstance(live, Mapping) and isinstance(wanted, Mapping):
        return all(_covers(live.get(key), value) for key, value in wanted.items())
    if isinstance(live, list) and isinstance(wanted, list):
        return len(live) == len(wanted) and all(_covers(a, b) for a, b in zip(live, wanted, strict=True))
    return bool(live == wanted) or (live in (None, [], {}) and wanted in (None, [], {}))
