"""What a deploy will do to each deployment, and what that costs; pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from math import isclose
from typing import Any

from prefect_pulumi.core.diffs import ABSENT
from prefect_pulumi.deploy.file.fields import Change, Fields, Path, changes, dotted
from prefect_pulumi.deploy.file.schedules import live_schedule, named
from prefect_pulumi.deploy.plan.fingerprint import ENTRY
from prefect_pulumi.deploy.plan.journal import JournalEntry
from prefect_pulumi.deploy.plan.ownership import Owner, owner_label
from prefect_pulumi.deploy.plan.run_rate import runs_per_day


class Action(StrEnum):
    CREATE = "create"
    ADOPT = "adopt"
    UPDATE = "update"
    PRUNE = "prune"
    RECOVER = "recover"
    """An update that was interrupted has deployed it: only the state has to learn of it."""
    SKIP = "skip"
    LEAVE = "leave"
    """It left the file, but is not this stack's to delete."""


class Recreated(StrEnum):
    """Which of the scheduled runs that a write deletes are made again at once."""

    ALL = "all"
    SOME = "some"
    NONE = "none"


DEPLOYS = frozenset({Action.CREATE, Action.ADOPT, Action.UPDATE})


@dataclass(frozen=True, slots=True)
class DeployPlan:
    """Full names (`flow/deployment`), each in one list."""

    create: tuple[str, ...]
    update: tuple[str, ...]
    prune: tuple[str, ...]
    skip: tuple[str, ...]

    @property
    def deploys(self) -> tuple[str, ...]:
        return (*self.create, *self.update)

    @property
    def changes(self) -> bool:
        return bool(self.create or self.update or self.prune)

    def limited_to(self, names: Collection[str]) -> DeployPlan:
        """Of the others those that exist stay as they are."""
        create, update, prune = (
            tuple(name for name in group if name in names) for group in (self.create, self.update, self.prune)
        )
        return DeployPlan(create, update, prune, (*self.skip, *(name for name in self.update if name not in names)))


def plan(
    old: Mapping[str, str], new: Mapping[str, str], alive: Collection[str] | None = None, stale: Collection[str] = ()
) -> DeployPlan:
    """`old`, `new`: full name -> fingerprint. `alive`: those that are on the server as far as the state knows (default:
    those of `old`). `stale`: those that the server no longer has as they were deployed."""
    there = set(old if alive is None else alive)
    return DeployPlan(
        create=tuple(name for name in new if name not in there),
        update=tuple(name for name in new if name in there and (old.get(name) != new[name] or name in stale)),
        prune=tuple(name for name in sorted(there) if name not in new),
        skip=tuple(name for name in new if name in there and old.get(name) == new[name] and name not in stale),
    )


@dataclass(frozen=True)
class PlannedDeployment:
    """What happens to one deployment.

    `changes`: field path -> (old, new). `runs_lost`: scheduled runs that its write deletes; `recreated`: whether they
    are made again at once. `per_day`: how many runs a day its schedules make, before and after, where that changes.
    `activates`: names of schedules that make no runs now and will. `automations`: name -> what happens to it (created,
    changed, deleted). `why`: what else than its fields changed.
    """

    action: Action
    id: str = ""
    changes: Mapping[Path, Change] = field(default_factory=dict)
    runs_lost: int = 0
    recreated: Recreated = Recreated.NONE
    per_day: tuple[float, float] | None = None
    activates: tuple[str, ...] = ()
    automations: Mapping[str, str] = field(default_factory=dict)
    why: str = ""

    def as_json(self) -> dict[str, Any]:
        """`{"action", "id", "changes": {path: {"old", "new"}}, "scheduledRunsLost", "recreated": "all" | "some" |
        "none", "runsPerDay": {"old", "new"}, "activates", "automations", "why"}`; what is empty is left out, and a
        value that is not there is null."""
        shown = {
            dotted(path): {"old": None if old is ABSENT else old, "new": None if new is ABSENT else new}
            for path, (old, new) in self.changes.items()
        }
        document: dict[str, Any] = {
            "action": str(self.action),
            "id": self.id,
            "changes": shown,
            "scheduledRunsLost": self.runs_lost,
            "recreated": str(self.recreated) if self.runs_lost else "",
            "runsPerDay": dict(zip(("old", "new"), self.per_day, strict=True)) if self.per_day else {},
            "activates": list(self.activates),
            "automations": dict(self.automations),
            "why": self.why,
        }
        return {key: value for key, value in document.items() if value or key == "action"}


@dataclass(frozen=True)
class Assessment:
    """`deployments` in file order, then what left the file; `refused`: why nothing may be written."""

    deployments: Mapping[str, PlannedDeployment]
    refused: tuple[str, ...] = ()

    def of(self, *actions: Action) -> tuple[str, ...]:
        return tuple(name for name, planned in self.deployments.items() if planned.action in actions)

    @property
    def deploys(self) -> tuple[str, ...]:
        return self.of(*DEPLOYS)

    @property
    def everything(self) -> bool:
        """True when no deployment of the file stays as it is: then `--all` says the same as the names."""
        return not self.of(Action.SKIP, Action.RECOVER)

    def recovering(
        self, noted: Mapping[str, JournalEntry], old: Mapping[str, str], new: Mapping[str, str]
    ) -> Assessment:
        """With what an interrupted update noted as deployed: `old` and `new` are the fingerprints of state and file."""
        deployments = dict(self.deployments)
        for name, planned in self.deployments.items():
            note = noted.get(name)
            # Which automations are its triggers' is what the lost record would have said.
            edited = any(path[0] not in ("triggers", "automations") for path in planned.changes)
            if planned.action is not Action.UPDATE or edited or note is None or note.id != planned.id:
                continue
            if note.fingerprint == new[name] != old.get(name):
                deployments[name] = PlannedDeployment(
                    Action.RECOVER, planned.id, why="deployed by an update that was interrupted"
                )
        return replace(self, deployments=deployments)


@dataclass(frozen=True)
class Live:
    """What the server has of the flows of the file and of the state.

    `rows`: full name -> its answer; `fields`: the same in the shape of `fields.py`; `runs`: full name -> scheduled
    runs; `automations`: full name -> names of those that its triggers made.
    """

    rows: Mapping[str, Mapping[str, Any]]
    fields: Mapping[str, Fields]
    runs: Mapping[str, int] = field(default_factory=dict)


def assess(
    planned: DeployPlan,
    declared: Mapping[str, Fields],
    recorded: Mapping[str, str],
    live: Live,
    owner: Owner,
    adopt: Collection[str] = (),
    claimed: Collection[str] = (),
    only: Collection[str] = (),
    causes: Mapping[str, Sequence[str]] | None = None,
) -> Assessment:
    """The plan against the server. `recorded`: full name -> UUID in the state; `adopt`: names (or `*`) of deployments
    that may be adopted, without an owner or from another stack; `claimed`: those that the program declares
    elsewhere; `only`: those that the plan is limited to, () for all; `causes`: what else than its fields makes a
    deployment deploy again."""
    deploys: dict[str, PlannedDeployment] = {}
    refused: list[str] = []
    for name in (*planned.create, *planned.update):
        row = live.rows.get(name)
        if row is None:
            deploys[name] = PlannedDeployment(Action.CREATE, automations=_automations({}, declared[name]))
            continue
        mine = owner.owns(row, recorded.get(name))
        if not mine and not {name, "*"} & set(adopt):
            way = "list it in `adopt`" if Owner.of_row(row) else "list it in `adopt`, or give --adopt,"
            refused.append(
                f"the deployment {name} exists already and belongs to {owner_label(row)}; {way} to take it over, or "
                "rename one of the two"
            )
        # One of ours that the state does not know is what an interrupted update left behind.
        rewritten = _rewritten(Action.UPDATE if mine else Action.ADOPT, name, row, declared[name], live)
        deploys[name] = replace(rewritten, why=_because((causes or {}).get(name, ()), rewritten))
    deploys |= {name: PlannedDeployment(Action.SKIP, recorded[name]) for name in planned.skip}
    ordered = {name: deploys[name] for name in declared if name in deploys}
    for name, row in sorted(live.rows.items()):
        if name in declared or name in claimed or (only and name not in only):
            continue
        if owner.owns(row, recorded.get(name)):
            ordered[name] = PlannedDeployment(Action.PRUNE, row["id"], runs_lost=live.runs.get(name, 0))
        elif name in recorded or Owner.of_row(row) is None:
            why = f"not in the file; it belongs to {owner_label(row)}, so it is not deleted"
            ordered[name] = PlannedDeployment(Action.LEAVE, row["id"], why=why)
    return Assessment(ordered, tuple(refused))


def _rewritten(action: Action, name: str, row: Mapping[str, Any], declared: Fields, live: Live) -> PlannedDeployment:
    now = live.fields[name]
    before = named(map(live_schedule, row.get("schedules") or []), declared.get("schedules"))
    after = {
        key: {"active": before.get(key, {}).get("active", True), **fields}
        for key, fields in declared.get("schedules", {}).items()
    }
    running = [_running(before, row.get("paused")), _running(after, declared.get("paused", row.get("paused")))]
    rates = [runs_per_day(schedules.values()) for schedules in running]
    per_day = (rates[0], rates[1]) if rates[0] is not None and rates[1] is not None else None
    return PlannedDeployment(
        action,
        row["id"],
        changes(now, declared),
        runs_lost=live.runs.get(name, 0),
        recreated=_recreated(*running),
        per_day=per_day if per_day and not isclose(*per_day) else None,
        activates=tuple(key for key in running[1] if key in before and key not in running[0]),
        automations=_automations(now, declared),
    )


def _because(causes: Sequence[str], planned: PlannedDeployment) -> str:
    """The fields that change speak for themselves."""
    listed = [cause for cause in causes if not (planned.changes and cause == ENTRY)]
    if listed:
        return f"because of {', '.join(listed)}"
    if planned.changes or planned.automations or planned.action is not Action.UPDATE:
        return ""
    return "because of its code or environment, of which the last deploy noted no parts"


def _running(schedules: Mapping[str, Fields], paused: Any) -> Mapping[str, Fields]:
    """Schedules that make runs."""
    return {} if paused else {key: fields for key, fields in schedules.items() if fields.get("active") is not False}


def _recreated(before: Mapping[str, Fields], after: Mapping[str, Fields]) -> Recreated:
    if not after:
        return Recreated.NONE
    return Recreated.ALL if before.keys() <= after.keys() else Recreated.SOME


def _automations(now: Fields, declared: Fields) -> dict[str, str]:
    before, after = now.get("automations", {}), declared.get("automations", {})
    created = dict.fromkeys((name for name in after if name not in before), "made")
    gone = dict.fromkeys((name for name in before if name not in after), "deleted")
    kept = [name for name in after if name in before]
    changed = now.get("triggers") != declared.get("triggers")
    return created | gone | (dict.fromkeys(kept, "changed in place") if changed else {})
