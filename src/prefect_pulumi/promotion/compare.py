"""The semantic diff of a promotion: source now, target now, target after, field by field."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from prefect_pulumi.review.model import ABSENT, Action, Environment, FieldChange, Item, Shown
from prefect_pulumi.review.shown import Redactor, equal, leaves, shown
from prefect_pulumi.state.entries import ResourceEntry, urn_name
from prefect_pulumi.values import Secret

OWN: Mapping[str, tuple[str, ...]] = {
    "WorkPool": ("concurrencyLimit", "paused"),
    "WorkQueue": ("concurrencyLimit", "paused"),
    "GlobalConcurrencyLimit": ("limit", "slotDecayPerSecond", "active"),
    "TaskRunConcurrencyLimit": ("limit",),
    "Deployment": ("work_pool_name", "work_queue_name", "concurrency_limit", "paused", "schedules.*.active"),
    "DeploymentSchedule": ("active",),
    "Variable": ("value",),
    "JsonBlock": ("value*",),
}
"""Fields that belong to an environment: the target's own config gives them, whatever the source has."""

APART = ("Deployments", "Release")
"""Kinds that have no rows of their own: the first is compared deployment by deployment."""

Compared = Callable[[Mapping[str, Any], Mapping[str, Any]], Mapping[tuple[str, ...], tuple[Any, Any]]]

_STEP = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|\.?([^.\[]+)')


@dataclass(frozen=True, slots=True)
class Row:
    """One field of one object. `path` "" is the whole object. `own`: the target's own config gives the value."""

    kind: str
    name: str
    path: str
    source: Shown
    now: Shown
    after: Shown
    own: bool = False

    @property
    def changes(self) -> bool:
        return not equal_shown(self.now, self.after)


def equal_shown(one: Shown, other: Shown) -> bool:
    return one.kind == other.kind and equal(one.value, other.value)


def rows_of_items(items: Iterable[Item], source: Iterable[ResourceEntry], redactor: Redactor) -> Iterator[Row]:
    """What the target's next update does to its resources. `source`: the state of the source."""
    known = {_identity(entry.urn): entry for entry in source}
    for item in items:
        if item.action is Action.NONE or item.kind in APART:
            continue
        entry = known.get(_identity(item.key))
        there = Shown("value", "is there") if entry is not None else ABSENT
        if item.action in (Action.CREATE, Action.DELETE):
            made = item.action is Action.CREATE
            is_there = Shown("value", "is there")
            yield Row(item.kind, item.name, "", there, ABSENT if made else is_there, is_there if made else ABSENT)
            continue
        for change in item.fields:
            if equal_shown(change.live, change.code):
                continue
            value = _in_source(entry, change, redactor)
            yield Row(
                item.kind, item.name, change.path, value, change.live, change.code, is_own(item.kind, change.path)
            )


def rows_that_stay(
    target: Iterable[ResourceEntry], source: Iterable[ResourceEntry], items: Iterable[Item], redactor: Redactor
) -> Iterator[Row]:
    """Where both stacks have the object with other values, and the promotion leaves the target's as it is."""
    touched = {item.key for item in items if item.action is not Action.NONE}
    known = {_identity(entry.urn): entry for entry in source}
    for entry in target:
        other = known.get(_identity(entry.urn))
        kind = entry.type.rsplit(":", 1)[-1]
        if other is None or entry.urn in touched or kind in APART or not entry.type.startswith("prefect:index:"):
            continue
        for name in sorted({*entry.inputs, *other.inputs}):
            pair = (other.inputs.get(name), entry.inputs.get(name))
            if any(isinstance(value, Secret) for value in pair):
                continue
            for path, (there, here) in leaves(name, pair):
                mine = shown(here, secret=False, redactor=redactor)
                yield Row(
                    kind, urn_name(entry.urn), path, shown(there, secret=False, redactor=redactor), mine, mine, True
                )


def rows_of_deployments(
    source: Mapping[str, Mapping[str, Any]],
    now: Mapping[str, Mapping[str, Any]],
    after: Mapping[str, Mapping[str, Any]],
    compared: Compared,
    redactor: Redactor,
) -> Iterator[Row]:
    """Each side: 'flow/deployment' -> its fields. `compared(one, declared)`: path -> (old, new) of what a deploy of
    `declared` would change in `one`. What the target leaves out of `after` is deleted."""
    for name in sorted({*now, *after}):
        there, before, then = source.get(name), now.get(name), after.get(name)
        if before is None or then is None:
            yield Row("Deployment", name, "", _presence(there), _presence(before), _presence(then))
            continue
        changed = compared(before, then)
        for path, (old, new) in changed.items():
            sides = (below(there, path), old, new)
            yield _deployment_row(name, path, sides, redactor)
        for path, (old, new) in compared(there, then).items() if there is not None else ():
            if path not in changed:
                yield _deployment_row(name, path, (old, new, new), redactor)


def _deployment_row(name: str, path: tuple[str, ...], sides: tuple[Any, Any, Any], redactor: Redactor) -> Row:
    source, now, after = (shown(side, secret=False, redactor=redactor) if _is_value(side) else ABSENT for side in sides)
    dotted = ".".join(path)
    return Row("Deployment", name, dotted, source, now, after, is_own("Deployment", dotted))


def _is_value(side: Any) -> bool:
    """A side that has no such field is a bare `object()`."""
    return type(side) is not object


def below(values: Any, path: Iterable[str]) -> Any:
    """What stands at a path of keys; None when nothing does."""
    for key in path:
        values = values.get(key) if isinstance(values, Mapping) else None
    return values


def is_own(kind: str, path: str) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in OWN.get(kind, ()))


def _presence(value: Any) -> Shown:
    return ABSENT if value is None else Shown("value", "is there")


def _identity(urn: str) -> str:
    """A URN without its stack: what is the same resource of one program in another stack."""
    return urn.split("::", 1)[-1]


def _in_source(entry: ResourceEntry | None, change: FieldChange, redactor: Redactor) -> Shown:
    if entry is None:
        return ABSENT
    if "secret" in (change.code.kind, change.live.kind):
        return Shown("secret")
    values = {**entry.inputs, **{k: v for k, v in entry.outputs.items() if k not in entry.inputs}}
    found = at(values, change.path)
    return shown(found, secret=isinstance(found, Secret), redactor=redactor) if found is not None else ABSENT


def at(values: Any, path: str) -> Any:
    """What stands at one of Pulumi's property paths (`a.b["c d"][0]`); None when nothing does."""
    for match in _STEP.finditer(path):
        quoted, index, plain = match.groups()
        if isinstance(values, Secret):
            return values
        if index is not None:
            if not isinstance(values, list | tuple) or int(index) >= len(values):
                return None
            values = values[int(index)]
        else:
            key = quoted.replace('\\"', '"') if quoted is not None else plain
            if not isinstance(values, Mapping) or key not in values:
                return None
            values = values[key]
    return values


def actions(target: Environment) -> list[tuple[str, str, str]]:
    """(action, kind, name) of all that the target's next update does, in a stable order."""
    found = [(str(item.action), item.kind, item.name) for item in target.items if item.action is not Action.NONE]
    return sorted(each for each in found if each[1] != "Release")
