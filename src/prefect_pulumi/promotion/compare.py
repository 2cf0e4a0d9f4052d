"""The semantic diff of a promotion: source now, target now, target after, field by field."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from prefect_pulumi.core.globs import matches_any
from prefect_pulumi.core.masking import Masker
from prefect_pulumi.core.values import Secret
from prefect_pulumi.review.display import display_value, equal, leaves
from prefect_pulumi.review.model import NO_VALUE, Action, DisplayValue, Environment, FieldChange, Item
from prefect_pulumi.state.entries import ResourceEntry

OWN: Mapping[str, tuple[str, ...]] = {
    "WorkPool": ("concurrencyLimit", "paused"),
    "WorkQueue": ("concurrencyLimit", "paused"),
    "GlobalConcurrencyLimit": ("limit", "slotDecayPerSecond", "active"),
    "TaskRunConcurrencyLimit": ("limit",),
    "Deployment": ("work_pool_name", "work_queue_name", "concurrency_limit", "paused", "schedules*active"),
    "DeploymentSchedule": ("active",),
}
"""Fields that belong to an environment: the target's own config gives them, whatever the source has."""

APART = ("Release",)
"""Kinds that are the promotion's own."""

DEPLOYMENTS = "prefect:index:Deployments"
"""Its deployments are compared one by one; the rest of it is machinery."""

NOISE: Mapping[str, tuple[str, ...]] = {
    "Deployment": ("path", "pull_steps*directory", "schedules*anchor_date"),
    "DeploymentSchedule": ("anchorDate",),
}
"""Fields that differ from clone to clone, or from deploy to deploy, and say nothing to a reader."""

INFERRED: Mapping[str, tuple[str, ...]] = {"Deployment": ("version",)}
"""Fields that a deploy gives by itself: no environment's own."""

_STEP = re.compile(r'\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|\.?([^.\[]+)')
_MADE = (Action.CREATE, Action.DEPLOY)
_GONE = (Action.DELETE, Action.PRUNE)


@dataclass(frozen=True, slots=True)
class Row:
    """One field of one object. `path` "" is the whole object. `own`: the target's own config gives the value."""

    kind: str
    name: str
    path: str
    source: DisplayValue
    now: DisplayValue
    after: DisplayValue
    own: bool = False

    @property
    def changes(self) -> bool:
        return not equal_shown(self.now, self.after)


@dataclass(frozen=True, slots=True)
class DeployReasons:
    """Why a deployment is deployed again besides its fields. `files`: of its code; `others`: `Prefect 3.8.7 -> 3.8.8`
    and the like."""

    files: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return ", ".join(["other code"] * bool(self.files) + list(self.others))


def equal_shown(one: DisplayValue, other: DisplayValue) -> bool:
    return one.kind == other.kind and equal(one.value, other.value)


def rows_of_items(
    items: Iterable[Item],
    source: Iterable[ResourceEntry],
    masker: Masker,
    reasons: Mapping[str, DeployReasons] | None = None,
) -> Iterator[Row]:
    """What the target's next update does. `source`: the state of the source; `reasons`: by the key of a deployment."""
    known = objects(source)
    for item in items:
        if item.action is Action.NONE or item.kind in (*APART, "Deployments"):
            continue
        there = known.get(_identity(item.key))
        if item.action in _GONE or (item.action in _MADE and not item.id):
            made, is_there = item.action in _MADE, DisplayValue("value", "is there")
            sides = (NO_VALUE, is_there) if made else (is_there, NO_VALUE)
            yield Row(item.kind, item.name, "", is_there if there is not None else NO_VALUE, *sides)
            continue
        changed = [
            change
            for change in item.fields
            if not equal_shown(change.live, change.code) and not _listed(NOISE, item.kind, change.path)
        ]
        for change in changed:
            value, own = _in_source(there, change, masker), is_own(item.kind, change.path)
            yield Row(item.kind, item.name, change.path, value, change.live, change.code, own)
        if not changed and (text := _whole(item, reasons or {})):
            same = DisplayValue("value", text)
            yield Row(item.kind, item.name, "", same, DisplayValue("value", "as it is"), same)


def _whole(item: Item, reasons: Mapping[str, DeployReasons]) -> str:
    """What changes of an object whose fields stay; "" for what no reader needs, such as another folder of the clone."""
    if item.action is not Action.DEPLOY:
        return "as it is"
    return reasons[item.key].text if item.key in reasons else "other code"


def rows_that_stay(
    target: Iterable[ResourceEntry], source: Iterable[ResourceEntry], items: Iterable[Item], masker: Masker
) -> Iterator[Row]:
    """Where both stacks have the object with other values, and the promotion leaves the target's as it is."""
    touched: dict[str, set[str]] = {}
    for item in items:
        if item.action is not Action.NONE:
            whole = item.action in (*_GONE, Action.CREATE)
            touched[_identity(item.key)] = {""} if whole else {change.path for change in item.fields}
    theirs = objects(source)
    for key, mine in objects(target).items():
        other, changed = theirs.get(key), touched.get(key, set())
        kind = _kind(key)
        if other is None or "" in changed or kind in APART:
            continue
        for name in sorted({*mine, *other}):
            pair = (other.get(name), mine.get(name))
            if any(isinstance(value, Secret) for value in pair):
                continue
            for path, (there, here) in leaves(name, pair):
                if _listed(NOISE, kind, path) or _listed(INFERRED, kind, path):
                    continue
                if path not in changed and not any(isinstance(side, Secret) for side in (there, here)):
                    stays = display_value(here, secret=False, masker=masker)
                    differs = display_value(there, secret=False, masker=masker)
                    yield Row(kind, _name(key), path, differs, stays, stays, True)


def objects(entries: Iterable[ResourceEntry]) -> dict[str, Mapping[str, Any]]:
    """Of the package's own objects in a state: identity -> inputs; each deployment of a deploy step by itself, as it
    was deployed (`deploy.fields`)."""
    objects_by_identity: dict[str, Mapping[str, Any]] = {}
    for entry in entries:
        if entry.delete or not entry.type.startswith("prefect:index:"):
            continue
        if entry.type == DEPLOYMENTS:
            deployments = dict(entry.outputs.get("entries") or {})
            objects_by_identity.update(
                {f"{_identity(entry.urn)}#{name}": fields for name, fields in deployments.items()}
            )
        else:
            objects_by_identity[_identity(entry.urn)] = entry.inputs
    return objects_by_identity


def _kind(identity: str) -> str:
    if "#" in identity and f"{DEPLOYMENTS}::" in identity:
        return "Deployment"
    return identity.split("::")[1].rsplit(":", 1)[-1]


def _name(identity: str) -> str:
    if _kind(identity) == "Deployment":
        return identity.split("#", 1)[1]
    return identity.split("::", 2)[2]


def is_own(kind: str, path: str) -> bool:
    return _listed(OWN, kind, path)


def _listed(fields: Mapping[str, tuple[str, ...]], kind: str, path: str) -> bool:
    return matches_any(path, fields.get(kind, ()))


def _identity(urn: str) -> str:
    """A URN without its stack: what is the same resource of one program in another stack."""
    return urn.split("::", 1)[-1]


def _in_source(values: Mapping[str, Any] | None, change: FieldChange, masker: Masker) -> DisplayValue:
    if values is None:
        return NO_VALUE
    if "secret" in (change.code.kind, change.live.kind):
        return DisplayValue("secret")
    value = at(values, change.path)
    return display_value(value, secret=False, masker=masker)


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
    actions = [(str(item.action), item.kind, item.name) for item in target.items if item.action is not Action.NONE]
    return sorted(action for action in actions if action[1] != "Release")
