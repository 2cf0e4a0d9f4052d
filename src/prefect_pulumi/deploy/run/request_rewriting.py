"""Rewrites the requests of `prefect deploy`; pure. `child.py` puts it before Prefect's own client.

`prefect deploy` writes a deployment in one PATCH (or POST, when it is new) and recreates its automations. Between
that code and the server the body is changed to what the file means: fields that the UI owns are not sent, schedules
are reconciled one by one, automations keep their ids. A server older than the client gets no field that it refuses.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from prefect_pulumi.api import capabilities
from prefect_pulumi.api.capabilities import Lacking
from prefect_pulumi.deploy.file.fields import UI_FIELDS, without_ids
from prefect_pulumi.deploy.file.schedules import has_same_rule, live_schedule, pairs

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


_OF_THE_CLIENT = frozenset({"version_info"})
"""What Prefect's client adds by itself; `version` says the same to a server without it."""


class NotTaken(ValueError):
    """The server lacks a field that says something. The preflight refuses what the file declares; this is more."""


def fitted(method: str, path: str, body: Any, lacking: Lacking) -> Any:
    """A request's JSON without what a server that lacks it assumes anyway. Raises `NotTaken` for what it does not."""
    sent, refused = capabilities.without(method, path, body, lacking)
    for field in refused:
        if field.path.split(".")[0] not in _OF_THE_CLIENT:
            raise NotTaken(f"the server does not take {field.name} ({field.route}), which Prefect {field.since} does")
    own = {field.path for field in refused}
    return {key: value for key, value in sent.items() if key not in own} if own else sent


def create_body(body: Mapping[str, Any], labels: Mapping[str, str]) -> Json:
    """POST /deployments/ of a new deployment, with the owner's mark.

    Of a flow without a docstring the text `None` would become the description, which the next deploy takes away.
    """
    sent = {key: value for key, value in body.items() if key != "description" or value not in (None, "None")}
    return {**sent, "labels": {**(body.get("labels") or {}), **labels}}


def adopt_body(row: Mapping[str, Any], labels: Mapping[str, str]) -> Json:
    """POST /deployments/ that writes the mark on an existing deployment (`row`) and keeps all else.

    The route is an upsert: it leaves what it is not given, but recreates the schedules; on Prefect Cloud the schema of
    the parameters is enforced only where that is given.
    """
    kept = ("schedule", "active", "slug", "parameters", "max_scheduled_runs", "catchup", "max_active_runs")
    return {
        "name": row["name"],
        "flow_id": row["flow_id"],
        "labels": {**(row.get("labels") or {}), **labels},
        **{name: row[name] for name in ("enforce_parameter_schema",) if name in row},
        "schedules": [
            {key: schedule[key] for key in kept if schedule.get(key) is not None} for schedule in row["schedules"] or []
        ],
    }


def update_body(body: Mapping[str, Any], ui: Collection[str], labels: Mapping[str, Any] | None = None) -> Json:
    """PATCH /deployments/{id} without its schedules, which have requests of their own. `labels`: all of them, where the
    route takes labels, as on Prefect Cloud."""
    hidden = {"schedules", *(key for name in ui for key in _SENT_AS[name])}
    sent = {key: value for key, value in body.items() if key not in hidden}
    marked = {} if labels is None else {"labels": dict(labels)}
    return {"path": None, "enforce_parameter_schema": True, **sent, **marked}


@dataclass(frozen=True)
class ScheduleWrite:
    """One request below /deployments/{id}/schedules. `id`: UUID of the schedule, "" for a POST; `body`: JSON."""

    method: str
    id: str
    body: Any = None

    @property
    def path(self) -> str:
        return f"/schedules/{self.id}" if self.id else "/schedules"


def schedule_writes(
    declared: Sequence[Json], rows: Sequence[Json], ui_owns_active: bool, anchored: Collection[int] = ()
) -> list[ScheduleWrite]:
    """Requests that make the live schedules (`rows`) those of Prefect's own request (`declared`).

    `anchored`: indexes of the schedules that the file gives an anchor. For the others Prefect would take the moment of
    the deploy, and every deploy would shift the runs: they keep the one they have. A schedule that is the same on both
    sides is not written. No route takes a slug or a `max_scheduled_runs` away, so such a schedule is made again: one
    without a slug before the old one goes, so that none is lost on the way.
    """
    bodies = [_schedule_body(schedule, index in anchored) for index, schedule in enumerate(declared)]
    wanted, there = [live_schedule(body) for body in bodies], [live_schedule(row) for row in rows]
    slugs = {fields["slug"] for fields in there}
    former = [
        schedule.get("replaces")
        if schedule.get("replaces") in slugs and schedule.get("slug") not in slugs
        else schedule.get("slug")
        for schedule in declared
    ]
    partners = pairs([{**fields, "slug": slug or None} for fields, slug in zip(wanted, former, strict=True)], there)
    deleted = [row["id"] for place, row in enumerate(rows) if place not in partners.values()]
    changed: list[ScheduleWrite] = []
    created: list[Json] = []
    for index, body in enumerate(bodies):
        row = rows[partners[index]] if index in partners else None
        sent = _over(body, row, ui_owns_active)
        if row is None:
            created.append(sent)
        elif _cannot_be_patched(sent, row, slugs):
            created.append(sent)
            deleted.append(row["id"])
        elif not _is_written(sent, row, ui_owns_active):
            changed.append(ScheduleWrite("PATCH", row["id"], _without_active(sent) if ui_owns_active else sent))
    bare, slugged = ([body for body in created if bool(body.get("slug")) is has] for has in (False, True))
    return [
        *([ScheduleWrite("POST", "", bare)] if bare else []),
        *(ScheduleWrite("DELETE", id) for id in deleted),
        *changed,
        *([ScheduleWrite("POST", "", slugged)] if slugged else []),
    ]


def _schedule_body(declared: Json, has_anchor: bool) -> Json:
    rule = {name: value for name, value in declared["schedule"].items() if has_anchor or name != "anchor_date"}
    return {
        "schedule": rule,
        "active": True if declared.get("active") is None else declared["active"],
        "parameters": declared.get("parameters") or {},
        **({"slug": declared["slug"]} if declared.get("slug") else {}),
    }


def _over(body: Json, row: Json | None, ui_owns_active: bool) -> Json:
    """A schedule of the file over the live one."""
    if row is None:
        return body
    anchor = (row.get("schedule") or {}).get("anchor_date")
    rule = (
        {"anchor_date": anchor, **body["schedule"]} if anchor and "interval" in body["schedule"] else body["schedule"]
    )
    return {**body, "schedule": rule, "active": row["active"] if ui_owns_active else body["active"]}


def _cannot_be_patched(sent: Json, row: Json, slugs: Collection[str | None]) -> bool:
    """Whether a PATCH cannot lead there; it may not take a slug that another schedule still has, either."""
    slug, before = sent.get("slug"), row.get("slug")
    takes_away = (before and not slug) or row.get("max_scheduled_runs") is not None
    return bool(takes_away) or (slug != before and slug in slugs)


def _is_written(sent: Json, row: Json, ui_owns_active: bool) -> bool:
    wanted, there = live_schedule(sent), live_schedule(row)
    names = ("slug",) if ui_owns_active else ("slug", "active")
    return has_same_rule(wanted, there) and all(wanted[name] == there[name] for name in names)


def _without_active(sent: Json) -> Json:
    """What is not sent cannot overtake a click in the UI."""
    return {name: value for name, value in sent.items() if name != "active"}


def runs_again(row: Mapping[str, Any]) -> bool:
    """Whether a deployment, as it is after the write that deleted its runs, has runs to schedule."""
    return not row.get("paused") and any(schedule.get("active") for schedule in row.get("schedules") or [])


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
