"""From what three sides say of each object to the report's items."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from prefect_pulumi.core.diffs import ABSENT
from prefect_pulumi.core.masking import Masker
from prefect_pulumi.core.property_paths import covered, head
from prefect_pulumi.core.values import Secret, has_secret, unwrap
from prefect_pulumi.models import KINDS, FieldSpec, Kind
from prefect_pulumi.review.display import SERVERS, equal, leaves, shown
from prefect_pulumi.review.impacts import impacts_of
from prefect_pulumi.review.model import ANY, NO_FACTS, Action, Class, Facts, FieldChange, Impact, Item, Shown

TEMPLATE, FIRST_TEMPLATE = "baseJobTemplate", "defaultBaseJobTemplate"
_GRAVITY = (Class.CONFLICT, Class.MISSING_LIVE, Class.CHANGED_LIVE, Class.THIS_CHANGE)


@dataclass(frozen=True, slots=True)
class Subject:
    """One managed object as plain data. Property maps are on Pulumi's wire names and may hold `Secret`, `UNKNOWN`.

    `code`: the inputs that the program asks for, None when it does not declare the object. `base`: those of the base
    branch's program; where it was not run, the same as `code`. `inputs`, `outputs`: of the last update, None when
    there was none. `live`: what the provider read; `missing`: it is gone; `unread`: nobody could look. `impacts`: what
    only the provider can tell; `marks`: fingerprints of what stands behind code and base, files for example.
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
    impacts: tuple[Impact, ...] = ()
    marks: tuple[Any, Any] = (None, None)
    note: str = ""

    @property
    def kind(self) -> str:
        return self.type.rsplit(":", 1)[-1]


@dataclass(frozen=True, slots=True)
class LiveObject:
    """One object that no stack owns. `values` are plain; they are never shown, only weighed."""

    kind: str
    name: str
    id: str
    facts: Facts = NO_FACTS
    values: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""


def classify(
    subjects: Iterable[Subject], unmanaged: Iterable[LiveObject], masker: Masker, humans: Mapping[str, str]
) -> list[Item]:
    """Items for all that differs, in the order of `subjects`. `humans`: URN -> the object's name on the server."""
    items: list[Item] = []
    wanted: dict[tuple[str, str], int] = {}
    for subject in subjects:
        item = _item(subject, masker, humans.get(subject.urn, subject.name))
        if item is not None:
            if item.action is Action.CREATE:
                wanted[item.kind, item.name] = len(items)
            items.append(item)
    for found in unmanaged:
        taken = wanted.get((found.kind, found.name))
        if taken is not None:
            items[taken] = _taken(items[taken], found)
        else:
            items.append(_unmanaged(found, masker))
    return items


def _taken(item: Item, found: LiveObject) -> Item:
    from dataclasses import replace

    note = "an object of this name is on the server already, and no stack owns it: creating it will fail"
    return replace(item, cls=Class.CONFLICT, id=found.id, facts=found.facts, note=note)


def _unmanaged(found: LiveObject, masker: Masker) -> Item:
    name = masker.text(found.name)
    return Item(
        key=f"live:{found.kind}:{name}",
        kind=found.kind,
        name=name,
        cls=Class.UNMANAGED_LIVE,
        id=found.id,
        facts=found.facts,
        note=masker.text(found.note),
    )


def _item(subject: Subject, masker: Masker, human: str) -> Item | None:
    changes = tuple(_fields(subject, masker))
    action = subject.action
    classes = {change.cls for change in changes}
    if subject.missing and action not in (Action.DELETE, Action.PRUNE):
        classes.add(Class.MISSING_LIVE)
    if action in (Action.DELETE, Action.PRUNE) and Class.CHANGED_LIVE in classes:
        classes.add(Class.CONFLICT)  # somebody still works with what the code takes away
    if action is not Action.NONE:
        classes.add(Class.THIS_CHANGE)
    if not classes or (subject.missing and action in (Action.DELETE, Action.PRUNE) and not changes):
        return None if action is Action.NONE else _plain(subject, human, action, masker)
    cls = next(each for each in _GRAVITY if each in classes)
    pending = action is not Action.NONE and _pending(subject, action)
    return Item(
        key=subject.urn,
        kind=subject.kind,
        name=masker.text(human),
        cls=cls,
        action=action,
        id=subject.id,
        fields=changes,
        facts=subject.facts,
        impacts=_impacts(subject, action, changes),
        pending=pending,
        note=masker.text(subject.note),
    )


def _impacts(subject: Subject, action: Action, changes: Sequence[FieldChange]) -> tuple[Impact, ...]:
    """What the provider tells counts; where it tells nothing, the rule of thumb."""
    told = {impact.flag for impact in subject.impacts}
    general = impacts_of(subject.kind, action, subject.missing, changes)
    return (*subject.impacts, *(impact for impact in general if impact.flag not in told))


def _plain(subject: Subject, human: str, action: Action, masker: Masker) -> Item:
    """The code takes away what is gone already."""
    return Item(
        key=subject.urn,
        kind=subject.kind,
        name=masker.text(human),
        cls=Class.THIS_CHANGE,
        action=action,
        id=subject.id,
        facts=subject.facts,
        pending=_pending(subject, action),
        note="it is gone from the server already",
    )


def _pending(subject: Subject, action: Action) -> bool:
    """Whether the base branch asks for the very same."""
    if action in (Action.DELETE, Action.PRUNE):
        return subject.base is None
    alike = subject.base is not None and subject.code is not None and equal(subject.base, subject.code)
    return alike and subject.marks[0] == subject.marks[1]


def _fields(subject: Subject, masker: Masker) -> Iterator[FieldChange]:
    if subject.code is None and subject.live is None:
        return
    if subject.live_id and subject.live_id != subject.id:
        before, now = Shown("value", subject.id), Shown("value", subject.live_id)
        yield FieldChange("id", Class.CHANGED_LIVE, ANY, before, now)
    model = KINDS.get(subject.type)
    specs = model.inputs() if model is not None else ()
    names = [spec.wire for spec in specs] or _names(subject)
    new = subject.inputs is None
    for name in names:
        if name in subject.ignored or (new and name not in (subject.code or {})):
            continue
        spec = model.field(name) if model is not None else None
        yield from _field(subject, model, spec, name, masker)
    if model is not None and not model.on_server and subject.live is not None and subject.outputs is not None:
        yield from _status(subject, masker)


def _names(subject: Subject) -> list[str]:
    """Of a kind that has no model here: all inputs, compared as they are."""
    return list(dict.fromkeys([*(subject.inputs or {}), *(subject.code or {})]))


def _status(subject: Subject, masker: Masker) -> Iterator[FieldChange]:
    """What runs on machines says how it is in an output."""
    before, live = (subject.outputs or {}).get("status"), (subject.live or {}).get("status")
    if before is not None and not equal(before, live):
        sides = [shown(value, secret=False, masker=masker) for value in (before, live)]
        yield FieldChange("status", Class.CHANGED_LIVE, sides[0], sides[0], sides[1])


def _field(
    subject: Subject, model: type[Kind] | None, spec: FieldSpec | None, name: str, masker: Masker
) -> Iterator[FieldChange]:
    applied = _given(subject.outputs if model is not None else subject.inputs, spec, name)
    code = _wanted(subject.code, subject.inputs, spec, name)
    base = _wanted(subject.base, subject.inputs, spec, name)
    live = _given(subject.live, spec, name) if subject.live is not None else applied
    if code is SERVERS and name == TEMPLATE:
        first = (subject.live or {}).get(FIRST_TEMPLATE) or (subject.outputs or {}).get(FIRST_TEMPLATE)
        if not first:
            return  # no worker has written one yet
        applied = first
    elif code is SERVERS and (subject.code is not None or _servers_own(spec, subject.inputs, name)):
        return
    left = code is SERVERS
    code = applied if left else code
    base = code if base is SERVERS else base
    secret = (spec is not None and spec.meta.secret) or any(isinstance(s, Secret) for s in (code, applied, live))
    replaces = name in {head(path) for path in subject.replaces}
    for path, (its_code, its_applied, its_live, its_base) in _leaves(name, secret, (code, applied, live, base)):
        if covered(path, subject.ignored):
            continue
        by_code, by_server = not equal(its_code, its_applied), not equal(its_applied, its_live)
        agreed = by_code and by_server and equal(its_code, its_live)
        if not (by_code or by_server):
            continue
        cls = Class.CONFLICT if by_code and by_server and not agreed else Class.CHANGED_LIVE
        if (by_code and not by_server) or agreed:
            cls = Class.THIS_CHANGE
        sides = (its_code, its_applied, its_live)
        hidden = secret or any(has_secret(side) for side in sides)
        eyes: list[Shown] = [shown(side, secret=hidden, masker=masker) for side in sides]
        yield FieldChange(
            path=masker.text(path),
            cls=cls,
            code=ANY if left else eyes[0],
            applied=eyes[1],
            live=eyes[2],
            pending=by_code and equal(its_base, its_code),
            agreed=agreed,
            replaces=replaces and by_code,
        )


def _leaves(name: str, secret: bool, sides: tuple[Any, ...]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """The keys of a block's data are the fields of its schema, and shown; what lies deeper in a secret is not."""
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


def _given(values: Mapping[str, Any] | None, spec: FieldSpec | None, name: str) -> Any:
    """A side's value; what it does not have is the default."""
    if values is None:
        return ABSENT
    found = values.get(name)
    if found is None:
        return spec.default if spec is not None and spec.default is not None else ABSENT
    return found


def _wanted(code: Mapping[str, Any] | None, before: Mapping[str, Any] | None, spec: FieldSpec | None, name: str) -> Any:
    """What the code asks for (as `provider.differ` takes it)."""
    if code is None:
        return SERVERS
    if code.get(name) is not None or spec is None:
        return code.get(name, ABSENT)
    if not spec.meta.server_default:
        return ABSENT if spec.default is None else spec.default
    removed = spec.meta.removed
    return removed if removed is not None and name in (before or {}) else SERVERS


def _servers_own(spec: FieldSpec | None, before: Mapping[str, Any] | None, name: str) -> bool:
    return spec is not None and spec.meta.server_default and name not in (before or {})
