"""Compares code, last update and server for each object, and gives the report's items."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from prefect_pulumi.core.diffs import ABSENT, property_path
from prefect_pulumi.core.masking import Masker
from prefect_pulumi.core.property_paths import MISSING, covered, head, value_at
from prefect_pulumi.core.values import Secret, has_secret, unwrap
from prefect_pulumi.models import KINDS, FieldSpec, Kind
from prefect_pulumi.review.display import SERVER_DEFAULT, display_value, equal, leaves
from prefect_pulumi.review.impacts import impacts_of
from prefect_pulumi.review.model import (
    ANY,
    DELETED_LIVE,
    GONE_ALREADY,
    NO_FACTS,
    Action,
    Class,
    DisplayValue,
    Facts,
    FieldChange,
    Flag,
    Impact,
    Item,
)

TEMPLATE, OWN_TEMPLATE = "baseJobTemplate", "defaultBaseJobTemplate"
_DELETES = (Action.DELETE, Action.PRUNE)
INTERNAL = {
    "Deployments": frozenset({"workPools", "workQueues", "localPools", "workerPackages", "stepFiles"}),
    "Release": frozenset({"deployments", "images", "pinned", "promoted", "keep", "infrastructure"}),
}
"""Fields that the components fill in: what they stand for is listed under its own name."""
_GRAVITY = (Class.CONFLICT, Class.MISSING_LIVE, Class.CHANGED_LIVE, Class.THIS_CHANGE)


@dataclass(frozen=True, slots=True)
class ComparedResource:
    """One managed object as plain data. Property maps are on Pulumi's wire names and may hold `Secret`, `UNKNOWN`.

    `code`: the inputs that the program asks for, None when it does not declare the object. `base`: those of the base
    branch's program; where it was not run, the same as `code`. `inputs`, `outputs`: of the last update, None when
    there was none. `live`: what the provider read; `missing`: the object is gone; `unread`: it could not be read.
    `judged`: of another package's object, the property paths that its provider calls different between code and last
    update, and between server and last update; None where it did not say.
    `impacts`: what only the provider knows, with `tells_lost_runs` also which scheduled runs are lost;
    `fingerprints`: of files, for example, that code and base stand for.
    """

    urn: str
    type: str
    name: str
    id: str = ""
    action: Action = Action.NONE
    code: Mapping[str, Any] | None = None
    base: Mapping[str, Any] | None = None
    inputs: Mapping[str, Any] | None = None
    outputs: Mapping[str, Any] | None = None
    live: Mapping[str, Any] | None = None
    live_id: str = ""
    missing: bool = False
    unread: bool = False
    facts: Facts = NO_FACTS
    ignored: Sequence[str] = ()
    replaces: Sequence[str] = ()
    judged: tuple[Sequence[str], Sequence[str]] | None = None
    impacts: tuple[Impact, ...] = ()
    tells_lost_runs: bool = False
    fingerprints: tuple[Any, Any] = (None, None)
    note: str = ""

    @property
    def kind(self) -> str:
        return self.type.rsplit(":", 1)[-1]


@dataclass(frozen=True, slots=True)
class LiveObject:
    """One object that no stack owns. `values` are plain; they are never displayed, only counted."""

    kind: str
    name: str
    id: str
    facts: Facts = NO_FACTS
    values: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""


def classify(
    resources: Iterable[ComparedResource],
    unmanaged: Iterable[LiveObject],
    masker: Masker,
    display_names: Mapping[str, str],
) -> list[Item]:
    """Items for all that differs, in the order of `resources`. `display_names`: URN -> the object's name on the
    server."""
    items: list[Item] = []
    wanted: dict[tuple[str, str], int] = {}
    for resource in resources:
        item = _item(resource, masker, display_names.get(resource.urn, resource.name))
        if item is not None:
            if item.action is Action.CREATE:
                wanted[item.kind, item.name] = len(items)
            items.append(item)
    for live_object in unmanaged:
        taken = wanted.get((live_object.kind, live_object.name))
        if taken is not None:
            items[taken] = _taken(items[taken], live_object)
        else:
            items.append(_unmanaged(live_object, masker))
    return items


def _taken(item: Item, live_object: LiveObject) -> Item:
    note = "an object of this name is on the server already, and no stack owns it: creating it will fail"
    return replace(item, cls=Class.CONFLICT, id=live_object.id, facts=live_object.facts, note=note)


def _unmanaged(live_object: LiveObject, masker: Masker) -> Item:
    name = masker.text(live_object.name)
    return Item(
        key=f"live:{live_object.kind}:{name}",
        kind=live_object.kind,
        name=name,
        cls=Class.UNMANAGED_LIVE,
        id=live_object.id,
        facts=live_object.facts,
        note=masker.text(live_object.note),
    )


def _item(resource: ComparedResource, masker: Masker, display_name: str) -> Item | None:
    changes = tuple(_fields(resource, masker))
    action = resource.action
    classes = _classes(resource, changes)
    is_gone_already = resource.missing and action in _DELETES and not changes
    if not classes:
        return None
    note = GONE_ALREADY if is_gone_already else masker.text(resource.note)
    cls = Class.THIS_CHANGE if is_gone_already else next(cls for cls in _GRAVITY if cls in classes)
    if resource.missing and cls is Class.CONFLICT:
        note = DELETED_LIVE
    return Item(
        key=resource.urn,
        kind=resource.kind,
        name=masker.text(display_name),
        cls=cls,
        action=action,
        id=resource.id,
        fields=changes,
        facts=resource.facts,
        impacts=() if is_gone_already else _impacts(resource, action, changes),
        pending=action is not Action.NONE and _pending(resource, action),
        note=note,
    )


def _classes(resource: ComparedResource, changes: Iterable[FieldChange]) -> set[Class]:
    action = resource.action
    classes = {change.cls for change in changes}
    if resource.missing and action not in _DELETES:
        classes.add(Class.MISSING_LIVE)
        if any(change.cls is Class.THIS_CHANGE and not change.pending for change in changes):
            classes.add(Class.CONFLICT)  # the code edits what was deleted on the server
    if action in _DELETES and Class.CHANGED_LIVE in classes:
        classes.add(Class.CONFLICT)  # the code deletes what was edited on the server
    if action is not Action.NONE:
        classes.add(Class.THIS_CHANGE)
    return classes


def _impacts(resource: ComparedResource, action: Action, changes: Sequence[FieldChange]) -> tuple[Impact, ...]:
    """The provider's own impacts; for the others the general rules."""
    known = {impact.flag for impact in resource.impacts}
    if resource.tells_lost_runs:
        known.add(Flag.RUNS_LOST)
    general = impacts_of(resource.kind, action, resource.missing, changes)
    return (*resource.impacts, *(impact for impact in general if impact.flag not in known))


def _pending(resource: ComparedResource, action: Action) -> bool:
    """Whether the base branch asks for the very same."""
    if action in _DELETES:
        return resource.base is None
    alike = resource.base is not None and resource.code is not None and equal(resource.base, resource.code)
    return alike and resource.fingerprints[0] == resource.fingerprints[1]


def _fields(resource: ComparedResource, masker: Masker) -> Iterator[FieldChange]:
    if resource.code is None and resource.live is None:
        return
    if resource.live_id and resource.live_id != resource.id:
        before, now = DisplayValue("value", resource.id), DisplayValue("value", resource.live_id)
        yield FieldChange("id", Class.CHANGED_LIVE, ANY, before, now)
    if resource.judged is not None:
        yield from _judged_fields(resource, resource.judged, masker)
        return
    model = KINDS.get(resource.type)
    specs = model.inputs() if model is not None else ()
    names = [spec.wire for spec in specs if spec.wire not in INTERNAL.get(resource.kind, ())] or _names(resource)
    new = resource.inputs is None
    for name in names:
        if name in resource.ignored or (new and name not in (resource.code or {})):
            continue
        spec = model.field(name) if model is not None else None
        yield from _field(resource, model, spec, name, masker)
    if model is not None and not model.on_server and resource.live is not None and resource.outputs is not None:
        yield from _status(resource, masker)


def _judged_fields(
    resource: ComparedResource, judged: tuple[Sequence[str], Sequence[str]], masker: Masker
) -> Iterator[FieldChange]:
    """What is different is the provider's to say: it knows defaults, sets and what it adds to its inputs."""
    by_code, by_server = judged
    changed = {head(path) for path in resource.replaces}
    for path in sorted({*by_code, *by_server}):
        if covered(path, resource.ignored):
            continue
        sides = [value_at(side, path) for side in (resource.code, resource.inputs, resource.live, resource.base)]
        code, applied, live, base = (ABSENT if side is MISSING else side for side in sides)
        if resource.code is None:
            code = applied
        if path not in by_server:
            live = applied
        agreed = path in by_code and path in by_server and equal(code, live)
        hidden = any(has_secret(side) for side in (code, applied, live))
        displayed = [display_value(side, secret=hidden, masker=masker) for side in (code, applied, live)]
        yield FieldChange(
            path=masker.text(path),
            cls=_class_of(path in by_code, path in by_server, agreed),
            code=displayed[0],
            applied=displayed[1],
            live=displayed[2],
            pending=path in by_code and equal(base, code),
            agreed=agreed,
            replaces=path in by_code and head(path) in changed,
        )


def _names(resource: ComparedResource) -> list[str]:
    """Of a kind that has no model here: all inputs, compared as they are."""
    return list(dict.fromkeys([*(resource.inputs or {}), *(resource.code or {})]))


def _status(resource: ComparedResource, masker: Masker) -> Iterator[FieldChange]:
    """What runs on machines says how it is in an output."""
    before, live = (resource.outputs or {}).get("status"), (resource.live or {}).get("status")
    if before is not None and not equal(before, live):
        sides = [display_value(value, secret=False, masker=masker) for value in (before, live)]
        yield FieldChange("status", Class.CHANGED_LIVE, sides[0], sides[0], sides[1])


@dataclass(frozen=True, slots=True)
class _Sides:
    """One property on each side; `by_server`: the code leaves the value to the server."""

    code: Any
    applied: Any
    live: Any
    base: Any
    by_server: bool


def _sides(resource: ComparedResource, model: type[Kind] | None, spec: FieldSpec | None, name: str) -> _Sides | None:
    """None where there is nothing to compare: the server decides the value, and has not yet or may change it."""
    applied = _given(resource.outputs if model is not None else resource.inputs, spec, name)
    code = _wanted(resource.code, resource.inputs, spec, name)
    base = _wanted(resource.base, resource.inputs, spec, name)
    live = _given(resource.live, spec, name) if resource.live is not None else applied
    by_server = code is SERVER_DEFAULT
    if by_server and name == TEMPLATE:
        applied = _own_template(resource)
        if not applied or live is ABSENT or not live:
            return None  # no worker has written one yet
    elif by_server and (resource.code is not None or _is_server_default(spec, resource.inputs, name)):
        return None
    code = applied if by_server else code
    return _Sides(code, applied, live, code if base is SERVER_DEFAULT else base, by_server)


def _own_template(resource: ComparedResource) -> Any:
    """The base job template of the pool's type."""
    return (resource.live or {}).get(OWN_TEMPLATE) or (resource.outputs or {}).get(OWN_TEMPLATE)


def _field(
    resource: ComparedResource, model: type[Kind] | None, spec: FieldSpec | None, name: str, masker: Masker
) -> Iterator[FieldChange]:
    sides = _sides(resource, model, spec, name)
    if sides is None:
        return
    whole = (sides.code, sides.applied, sides.live)
    secret = (spec is not None and spec.meta.secret) or any(isinstance(side, Secret) for side in whole)
    replaces = name in {head(path) for path in resource.replaces}
    for path, (code, applied, live, base) in _leaves(name, secret, (*whole, sides.base)):
        by_code, by_server = not equal(code, applied), not equal(applied, live)
        if covered(path, resource.ignored) or not (by_code or by_server):
            continue
        agreed = by_code and by_server and equal(code, live)
        hidden = secret or any(has_secret(side) for side in (code, applied, live))
        displayed = [display_value(side, secret=hidden, masker=masker) for side in (code, applied, live)]
        yield FieldChange(
            path=masker.text(path),
            cls=_class_of(by_code, by_server, agreed),
            code=ANY if sides.by_server else displayed[0],
            applied=displayed[1],
            live=displayed[2],
            pending=by_code and equal(base, code),
            agreed=agreed,
            replaces=(replaces and by_code) or (by_server and not agreed and _is_reverted_by_replacement(spec, code)),
        )


def _is_reverted_by_replacement(spec: FieldSpec | None, code: Any) -> bool:
    """Whether no route sets a live value back to the code's."""
    if spec is None:
        return False
    return spec.meta.replaces or (spec.meta.removal_replaces and (code is ABSENT or code is None))


def _class_of(by_code: bool, by_server: bool, agreed: bool) -> Class:
    if agreed or not by_server:
        return Class.THIS_CHANGE
    return Class.CONFLICT if by_code else Class.CHANGED_LIVE


def _leaves(name: str, secret: bool, sides: tuple[Any, ...]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """The keys of a block's data are the fields of its schema, and shown; what lies deeper in a secret is not."""
    if not secret and name == "schedules" and all(side is ABSENT or isinstance(side, Mapping) for side in sides):
        yield from _schedules(name, sides)
        return
    if not secret:
        yield from leaves(name, sides)
        return
    plain = tuple(side if side is ABSENT else unwrap(side) for side in sides)
    if name == "data" and all(isinstance(side, Mapping) for side in plain):
        for key in dict.fromkeys(key for side in plain for key in side):
            values = tuple(side.get(key, ABSENT) for side in plain)
            if not all(equal(values[0], value) for value in values[1:]):
                yield f"{name}.{key}", values
    elif not all(equal(plain[0], side) for side in plain[1:]):
        yield name, plain


def _schedules(name: str, sides: tuple[Any, ...]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """A schedule that a side does not have is one difference, not one for each of its fields."""
    for key in sorted({key for side in sides if side is not ABSENT for key in side}):
        members = tuple(ABSENT if side is ABSENT else side.get(key, ABSENT) for side in sides)
        path = property_path(name, (key,))
        if all(isinstance(member, Mapping) for member in members):
            yield from leaves(path, members)
        elif not all(equal(members[0], member) for member in members[1:]):
            yield path, members


def _given(values: Mapping[str, Any] | None, spec: FieldSpec | None, name: str) -> Any:
    """A side's value; what it does not have is the default."""
    if values is None:
        return ABSENT
    value = values.get(name)
    if value is None:
        return spec.default if spec is not None and spec.default is not None else ABSENT
    return value


def _wanted(code: Mapping[str, Any] | None, before: Mapping[str, Any] | None, spec: FieldSpec | None, name: str) -> Any:
    """What the code asks for (as `provider.handlers.diff` takes it)."""
    if code is None:
        return SERVER_DEFAULT
    if code.get(name) is not None or spec is None:
        return code.get(name, ABSENT)
    if not spec.meta.server_default:
        return ABSENT if spec.default is None else spec.default
    removed = spec.meta.removed
    return removed if removed is not None and name in (before or {}) else SERVER_DEFAULT


def _is_server_default(spec: FieldSpec | None, before: Mapping[str, Any] | None, name: str) -> bool:
    return spec is not None and spec.meta.server_default and name not in (before or {})
