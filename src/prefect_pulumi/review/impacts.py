"""Consequences of differences that a reviewer has to know of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from prefect_pulumi.review.model import Action, Class, DisplayValue, FieldChange, Flag, Impact

_WORKERS = ("ProcessWorker", "WorkerOnline")
_DEPLOYMENTS = ("Deployment", "Deployments")
_SCHEDULE = "DeploymentSchedule"
_PLANNING = ("cron", "interval", "rrule", "timezone", "anchorDate", "dayOr", "parameters", "active", "paused")
"""Fields whose change makes the server drop the runs that it has planned, and plan new ones."""


@dataclass(frozen=True, slots=True)
class _Switch:
    """A field that is true or false. `works`: its value when runs are made or delivered."""

    subject: str
    works: bool
    stops: Flag
    stopped: str
    starts: Flag | None = None
    started: str = ""


_MAKES = (Flag.SCHEDULE_PAUSED, "it makes no runs", Flag.SCHEDULE_ACTIVE, "it makes runs")
_DELIVERS = (Flag.DELIVERY_PAUSED, "no worker gets its runs")
_SWITCHES = {
    ("Deployment", "active"): _Switch("schedule", True, *_MAKES),
    ("Deployment", "paused"): _Switch("schedule", False, *_MAKES),
    ("DeploymentSchedule", "active"): _Switch("schedule", True, *_MAKES),
    ("WorkPool", "paused"): _Switch("delivery", False, *_DELIVERS),
    ("WorkQueue", "paused"): _Switch("delivery", False, *_DELIVERS),
    ("GlobalConcurrencyLimit", "active"): _Switch("limit", True, Flag.LIMIT_OFF, "it holds nothing back"),
}
_WHOLE_SCHEDULE = re.compile(r'schedules(?:\["(.*)"\]|\.(\w+))', re.DOTALL)
_LIMITS = ("concurrencyLimit", "concurrency_limit")


def impacts_of(kind: str, action: Action, missing: bool, changes: Sequence[FieldChange]) -> tuple[Impact, ...]:
    """Impacts of the code's change to an object, and of the changes made on the server."""
    impacts: list[Impact] = []
    if action is Action.REPLACE:
        impacts.append(Impact(Flag.REPLACE, "the object is deleted and recreated with a new id"))
    elif reverted := [change.path for change in changes if change.replaces and change.cls is not Class.THIS_CHANGE]:
        impacts.append(Impact(Flag.REVERT_REPLACES, _revert(kind, reverted)))
    if kind == "WorkPool" and action in (Action.DELETE, Action.REPLACE):
        impacts.append(Impact(Flag.DELETES_QUEUES, "its queues are deleted too, and its deployments lose their place"))
    if kind in _WORKERS and (missing or _moved(changes, "status")):
        impacts.append(Impact(Flag.WORKER_OFFLINE, "a worker does not run, or sends no heartbeat to the server"))
    impacts += _runs(kind, action, missing, changes)
    impacts += _switches(kind, changes)
    impacts += [
        Impact(Flag.SECRET_CHANGED, f"the value of {change.path} differs; it is not shown")
        for change in changes
        if "secret" in (change.code.kind, change.applied.kind, change.live.kind)
    ]
    return tuple(impacts)


def _revert(kind: str, paths: Sequence[str]) -> str:
    lost = {"WorkPool": " with its queues", _SCHEDULE: " with the runs that it has scheduled"}
    lost |= dict.fromkeys(_DEPLOYMENTS, " with its schedules and the runs that they have made")
    text = f"no route sets {', '.join(paths)} back: a revert deletes the object{lost.get(kind, '')}"
    return f"{text} and creates one with a new id"


def _runs(kind: str, action: Action, missing: bool, changes: Sequence[FieldChange]) -> Iterator[Impact]:
    if kind not in (*_DEPLOYMENTS, _SCHEDULE):
        return
    if action in (Action.DELETE, Action.REPLACE):
        yield Impact(Flag.RUNS_LOST, "its scheduled runs are deleted too")
    elif action is Action.UPDATE and any(_field(c) in _PLANNING and c.cls is not Class.CHANGED_LIVE for c in changes):
        yield Impact(Flag.RUNS_LOST, "scheduled runs are deleted, and new ones are planned", again=True)
    elif missing:
        more = ": it makes no runs any more" if kind == _SCHEDULE else ""
        yield Impact(Flag.RUNS_LOST, f"the runs that it had scheduled are gone{more}")


def _switches(kind: str, changes: Sequence[FieldChange]) -> Iterator[Impact]:
    """What a switch that was thrown on either side starts or stops. One of a new object stops nothing."""
    for change in changes:
        live = change.cls is Class.CHANGED_LIVE
        who, before, after = "live" if live else "by the code", change.applied, change.live if live else change.code
        if schedule := is_schedule(change.path):
            if after.kind == "absent" and isinstance(before.value, dict) and before.value.get("active") is not False:
                text = f"its schedule {schedule} is deleted {who}: it makes no runs any more"
                yield Impact(Flag.SCHEDULE_PAUSED, text)
            continue
        schedule, name = _place(change.path)
        if name in _LIMITS and _is_number(before) and after.kind in ("value", "absent") and not _is_number(after):
            yield Impact(Flag.LIMIT_OFF, f"its limit is taken away {who}: any number of runs may be under way")
        switch = _SWITCHES.get((kind, name))
        if switch is None or before.kind != "value" or not isinstance(before.value, bool):
            continue
        subject = f"schedule {schedule}" if schedule else switch.subject
        if after.kind == "value" and isinstance(after.value, bool) and after.value != before.value:
            if after.value is not switch.works:
                yield Impact(switch.stops, f"its {subject} is turned off {who}: {switch.stopped}")
            elif switch.starts is not None:
                yield Impact(switch.starts, f"its {subject} is turned on {who}: {switch.started}")


def is_schedule(path: str) -> str:
    """Name of the schedule that a field is as a whole, as one that came or went is; "" for all other fields."""
    match = _WHOLE_SCHEDULE.fullmatch(path)
    return (match[1] or match[2]).replace('\\"', '"') if match else ""


def _place(path: str) -> tuple[str, str]:
    """Name of the schedule that a field belongs to, and of the field."""
    match = re.fullmatch(r'schedules(?:\["(.*)"\]|\.(\w+))\.(\w+)', path, re.DOTALL)
    return (match[1] or match[2], match[3]) if match else ("", path)


def _is_number(side: DisplayValue) -> bool:
    return side.kind == "value" and isinstance(side.value, int) and not isinstance(side.value, bool)


def _field(change: FieldChange) -> str:
    return change.path.split(".")[0].split("[")[0]


def _moved(changes: Sequence[FieldChange], path: str) -> bool:
    return any(change.path == path for change in changes)
