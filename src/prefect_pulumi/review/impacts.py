"""Consequences of differences that a reviewer has to know of."""

from __future__ import annotations

from collections.abc import Sequence

from prefect_pulumi.review.model import Action, Class, FieldChange, Flag, Impact

_WORKERS = ("ProcessWorker", "WorkerOnline")
_DEPLOYMENTS = ("Deployment", "Deployments")
_PLANNING = ("cron", "interval", "rrule", "timezone", "anchorDate", "dayOr", "parameters", "active", "paused")
"""Fields whose change makes the server drop the runs that it has planned, and plan new ones."""


def impacts_of(kind: str, action: Action, missing: bool, changes: Sequence[FieldChange]) -> tuple[Impact, ...]:
    """Impacts of the code's change to an object, and of the changes made on the server."""
    impacts: list[Impact] = []
    if action is Action.REPLACE:
        impacts.append(Impact(Flag.REPLACE, "the object is deleted and recreated with a new id"))
    if kind == "WorkPool" and action in (Action.DELETE, Action.REPLACE):
        impacts.append(Impact(Flag.DELETES_QUEUES, "its queues are deleted too, and its deployments lose their place"))
    if kind in _WORKERS and (missing or _moved(changes, "status")):
        impacts.append(Impact(Flag.WORKER_OFFLINE, "a worker does not run, or sends no heartbeat to the server"))
    impacts += _runs(kind, action, missing, changes)
    impacts += [
        Impact(Flag.SECRET_CHANGED, f"the value of {change.path} differs; it is not shown")
        for change in changes
        if "secret" in (change.code.kind, change.applied.kind, change.live.kind)
    ]
    return tuple(impacts)


def _runs(kind: str, action: Action, missing: bool, changes: Sequence[FieldChange]) -> list[Impact]:
    impacts: list[Impact] = []
    if kind in ("Deployment", "Deployments", "DeploymentSchedule") or action in (Action.DEPLOY, Action.PRUNE):
        if action in (Action.DELETE, Action.REPLACE, Action.PRUNE):
            impacts.append(Impact(Flag.RUNS_LOST, "its scheduled runs are deleted too"))
        elif action is Action.DEPLOY:
            impacts.append(Impact(Flag.RUNS_LOST, "the deploy deletes scheduled runs; the scheduler plans new ones"))
        elif action is Action.UPDATE and any(
            _field(c) in _PLANNING and c.cls is not Class.CHANGED_LIVE for c in changes
        ):
            impacts.append(Impact(Flag.RUNS_LOST, "scheduled runs are deleted, and new ones are planned"))
        elif missing:
            impacts.append(Impact(Flag.RUNS_LOST, "the runs that it had scheduled are gone"))
    for change in changes:
        on = {"active": True, "paused": False}.get(change.path.rsplit(".", 1)[-1])
        if on is None or kind not in (*_DEPLOYMENTS, "DeploymentSchedule"):
            continue
        after = change.live if change.cls is Class.CHANGED_LIVE else change.code
        if after.kind != "value" or not isinstance(after.value, bool):
            continue
        who = "live" if change.cls is Class.CHANGED_LIVE else "by the code"
        if after.value is on:
            impacts.append(Impact(Flag.SCHEDULE_ACTIVE, f"its schedule is turned on {who}: it makes runs"))
        else:
            impacts.append(Impact(Flag.SCHEDULE_PAUSED, f"its schedule is turned off {who}: it makes no runs"))
    return impacts


def _field(change: FieldChange) -> str:
    return change.path.split(".")[0].split("[")[0]


def _moved(changes: Sequence[FieldChange], path: str) -> bool:
    return any(change.path == path for change in changes)
