"""Who changed an object last, and when, from the events that the server keeps of it: those of its lifecycle (Prefect
3.7 and later, Cloud), and Cloud's audit events of automations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from prefect_pulumi.api.protocol import ApiClient

RESOURCES = {
    "WorkPool": "work-pool",
    "WorkQueue": "work-queue",
    "Variable": "variable",
    "BlockType": "block-type",
    "BlockDocument": "block-document",
    "SecretBlock": "block-document",
    "JsonBlock": "block-document",
    "GlobalConcurrencyLimit": "concurrency-limit",
    "TaskRunConcurrencyLimit": "concurrency-limit",
    "Flow": "flow",
    "Deployment": "deployment",
    "Automation": "automation",
}
"""Kind -> the part of an event's resource that names it: `prefect.work-pool.<UUID>`."""
AUDITED = {"Automation": "automation"}
"""Kind -> its part in the resource of Cloud's audit events: `prefect-cloud.automation.<UUID>`."""
MOST_OBJECTS = 50
_ACTIONS = ("created", "updated", "deleted")


@dataclass(frozen=True, slots=True)
class LastChange:
    """`action`: created, updated or deleted; `time`: RFC 3339; `actor`: who, "" where the server has no accounts."""

    action: str
    time: str
    actor: str = ""


def last_changes(client: ApiClient, objects: Iterable[tuple[str, str]]) -> dict[str, LastChange]:
    """UUID -> its newest change (`POST /events/filter`, one call). `objects`: (kind, UUID).

    Events expire (7 days on a server of one's own), and are written some seconds after the change: what has none is
    left out.
    """
    given = [(kind, id) for kind, id in objects if kind in RESOURCES and id][:MOST_OBJECTS]
    wanted = {f"prefect.{RESOURCES[kind]}.{id}": id for kind, id in given}
    wanted |= {f"prefect-cloud.{AUDITED[kind]}.{id}": id for kind, id in given if kind in AUDITED}
    if not wanted:
        return {}
    ids = list(wanted)
    names = [f"{name}.{action}" for name in sorted({id.rsplit(".", 1)[0] for id in ids}) for action in _ACTIONS]
    body = {"filter": {"resource": {"id": ids}, "event": {"name": names}, "order": "DESC"}, "limit": MOST_OBJECTS}
    changes: dict[str, LastChange] = {}
    for event in client.request("POST", "/events/filter", json=body).get("events", []):
        id = wanted.get((event.get("resource") or {}).get("prefect.resource.id", ""))
        action = str(event.get("event", "")).rsplit(".", 1)[-1]
        if id and action in _ACTIONS:
            changes.setdefault(id, LastChange(action, str(event.get("occurred") or ""), _actor(event)))
    return changes


def _actor(event: Mapping[str, Any]) -> str:
    for related in event.get("related") or ():
        if related.get("prefect.resource.role") == "actor":
            return str(related.get("prefect.resource.name") or related.get("prefect.resource.id") or "")
    return ""
