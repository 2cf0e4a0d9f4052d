"""The report: what code says, what was applied last, what is live; and what to do about the differences.

Plain frozen data. `document.py` turns it into JSON (the field names here are the JSON's) and back; a change that
readers of the JSON would notice raises `VERSION`. No value here is a secret: `values.shown` masks them before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from prefect_pulumi.core.diagnostics import Diagnostic

VERSION = 2


class Class(StrEnum):
    """Which side moved since the last update.

    `THIS_CHANGE`: the code; `CHANGED_LIVE`: the server; `CONFLICT`: both, the same field, to different values;
    `MISSING_LIVE`: the object is gone; `UNMANAGED_LIVE`: it is on the server and no stack owns it.
    """

    THIS_CHANGE = "this change"
    CHANGED_LIVE = "changed live"
    CONFLICT = "conflict"
    MISSING_LIVE = "missing live"
    UNMANAGED_LIVE = "unmanaged live"

    @property
    def is_drift(self) -> bool:
        return self is not Class.THIS_CHANGE


class Action(StrEnum):
    """What the code's next update does to an object, in the order in which a reviewer reads it."""

    NONE = "none"
    DELETE = "delete"
    PRUNE = "prune"
    REPLACE = "replace"
    UPDATE = "update"
    DEPLOY = "deploy"
    CREATE = "create"

    @property
    def destroys(self) -> bool:
        """Whether an object, or the identity of one, is lost with it."""
        return self in (Action.DELETE, Action.PRUNE, Action.REPLACE)


class Status(StrEnum):
    """`CANNOT_CHECK` outranks `DRIFT`, which outranks `IN_SYNC`: something unseen is never called in sync."""

    IN_SYNC = "in sync"
    DRIFT = "drift"
    CANNOT_CHECK = "could not check"


class Flag(StrEnum):
    """Consequences that a reviewer has to know of."""

    REPLACE = "replace"
    REVERT_REPLACES = "revert replaces"
    RUNS_LOST = "scheduled runs lost"
    SCHEDULE_ACTIVE = "schedule turned active"
    SCHEDULE_PAUSED = "schedule turned off"
    RUNS_PER_DAY = "runs per day"
    DELIVERY_PAUSED = "delivery of runs paused"
    LIMIT_OFF = "limit turned off"
    WORKER_OFFLINE = "worker offline"
    SECRET_CHANGED = "secret changed"  # noqa: S105 - a label
    DELETES_QUEUES = "queues and places of deployments lost"
    IN_USE = "in use"


@dataclass(frozen=True, slots=True)
class DisplayValue:
    """A value for eyes. `kind`: value, absent (not there), secret, unknown (only an update will know), any (the code
    leaves it to the server)."""

    kind: str
    value: Any = None


NO_VALUE = DisplayValue("absent")
SECRET = DisplayValue("secret")
UNKNOWN = DisplayValue("unknown")
ANY = DisplayValue("any")


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One leaf: `path` is Pulumi's property path (`baseJobTemplate.variables.properties.image.default`).

    `pending`: the code's change is on the base branch already and only waits to be applied. `agreed`: code and server
    both moved, to the same value. `replaces`: no route changes it to the code's value, so a new object is made.
    """

    path: str
    cls: Class
    code: DisplayValue
    applied: DisplayValue
    live: DisplayValue
    pending: bool = False
    agreed: bool = False
    replaces: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """Who and when, as far as the server knows. Times: RFC 3339. `status`: the server's word for pools and queues;
    `deleted`: of an object that is gone, as the server's events say; `since`: when a report first saw it drifted."""

    created: str = ""
    created_by: str = ""
    updated: str = ""
    updated_by: str = ""
    status: str = ""
    deleted: str = ""
    deleted_by: str = ""
    since: str = ""


NO_FACTS = Facts()
GONE_ALREADY = "it is gone from the server already"
DELETED_LIVE = "deleted on the server, and edited by this change"


@dataclass(frozen=True, slots=True)
class Impact:
    """`again`: what is lost is made again at once, perhaps for other times."""

    flag: Flag
    text: str
    again: bool = False


@dataclass(frozen=True, slots=True)
class Remedy:
    """`kind`: adopt, revert, import, delete, restart or accept. `command` is to be run in the project's folder; `diff`
    applies with `git apply`; `left`: what it leaves out, each with the reason."""

    kind: str
    text: str
    command: str = ""
    diff: str = ""
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Acceptance:
    """An entry of the reviewed file. `expires`: the last day (ISO date) on which it holds."""

    owner: str
    reason: str
    expires: str
    expired: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """One object. `key` is its URN, or `live:<kind>:<name>` for one that no stack owns; `kind` the model's name.

    `cls` is the gravest of its fields' classes; `action` what the code does to it. `place`: file and line of the code
    that declares it, "" where none was found; `author`: who wrote that line last, and when.
    """

    key: str
    kind: str
    name: str
    cls: Class
    action: Action = Action.NONE
    id: str = ""
    fields: tuple[FieldChange, ...] = ()
    facts: Facts = NO_FACTS
    impacts: tuple[Impact, ...] = ()
    remedies: tuple[Remedy, ...] = ()
    accepted: Acceptance | None = None
    pending: bool = False
    note: str = ""
    place: str = ""
    author: str = ""

    @property
    def drifted(self) -> bool:
        return self.cls.is_drift

    @property
    def counts(self) -> bool:
        """Whether it is drift that nobody has accepted."""
        return self.drifted and (self.accepted is None or self.accepted.expired)

    @property
    def is_gone_already(self) -> bool:
        """Whether the code deletes what the server does not have any more."""
        return self.note == GONE_ALREADY

    @property
    def changes(self) -> bool:
        """Whether this change does something to it, and not one that is on the base branch already."""
        return self.action is not Action.NONE and not self.pending


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something could not be compared."""

    message: str
    where: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How far the check of one kind got: `read` of `wanted` objects of the state; `done` when its list was read."""

    kind: str
    wanted: int
    read: int
    done: bool


@dataclass(frozen=True, slots=True)
class Node:
    """A point of the picture. `kind`: pool, queue, deployment, schedule, worker or limit; `state`: the class of its
    item, or "" when it is in sync; `detail`: one line, such as `priority 1`."""

    id: str
    kind: str
    name: str
    detail: str = ""
    state: str = ""
    item: str = ""
    pool: str = ""


@dataclass(frozen=True, slots=True)
class Topology:
    nodes: tuple[Node, ...] = ()
    edges: tuple[tuple[str, str], ...] = ()


NO_PICTURE = Topology()


@dataclass(frozen=True, slots=True)
class Verdict:
    """A rule of the policy that failed. `overridden` names the reviewed exception that lets it pass."""

    rule: str
    text: str
    overridden: str = ""


@dataclass(frozen=True, slots=True)
class Environment:
    """One stack against its server. `objects`: how many the stack owns; `ignored`: live ones that a rule leaves out;
    `notes`: what a reader should know besides; `diagnostics`: what is said of single lines of files."""

    stack: str
    server: str
    server_version: str = ""
    items: tuple[Item, ...] = ()
    problems: tuple[Problem, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    objects: int = 0
    ignored: int = 0
    topology: Topology = NO_PICTURE
    verdicts: tuple[Verdict, ...] = ()
    notes: tuple[str, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def status(self) -> Status:
        if self.problems:
            return Status.CANNOT_CHECK
        return Status.DRIFT if any(item.counts for item in self.items) else Status.IN_SYNC

    @property
    def destroys(self) -> bool:
        """Whether this change deletes or replaces an object."""
        return any(item.changes and item.action.destroys and not item.is_gone_already for item in self.items)

    @property
    def failed(self) -> tuple[Verdict, ...]:
        return tuple(verdict for verdict in self.verdicts if not verdict.overridden)

    def of(self, *classes: Class) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.cls in classes)

    def classes(self) -> dict[str, int]:
        """Class -> number of items; each class is there. Accepted drift is left out, and changes that only wait."""
        counts = Counter(item.cls for item in self.items if (item.counts if item.drifted else not item.pending))
        return {str(cls): counts.get(cls, 0) for cls in Class}

    def actions(self) -> dict[str, int]:
        """Action -> number of items of this change; each action but `none` is there. The record of a release, which
        every update writes, does not count."""
        counts = Counter(item.action for item in self.items if item.changes and item.kind != "Release")
        return {str(action): counts.get(action, 0) for action in Action if action is not Action.NONE}


@dataclass(frozen=True, slots=True)
class Report:
    """`commit` and `base` are full hashes or "" outside git; `time` is RFC 3339; `purpose`: drift or review."""

    purpose: str
    time: str
    environments: tuple[Environment, ...]
    project: str = ""
    commit: str = ""
    base: str = ""
    version: int = VERSION
    tool: str = field(default="")

    @property
    def status(self) -> Status:
        return gravest(environment.status for environment in self.environments)


def gravest(statuses: Iterable[Status]) -> Status:
    order = (Status.CANNOT_CHECK, Status.DRIFT)
    present = set(statuses)
    return next((status for status in order if status in present), Status.IN_SYNC)
