"""Desired inputs against what was last known of the object (pure)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from prefect_pulumi.core.property_paths import covered, step
from prefect_pulumi.core.provider_protocol import Changes, DiffKind, DiffResult
from prefect_pulumi.core.values import UNKNOWN, has_unknown, same, unwrap
from prefect_pulumi.models import FieldSpec, Kind
from prefect_pulumi.provider.handlers.base import Call

ABSENT: Any = object()


def changed_fields(model: type[Kind], call: Call) -> dict[str, Any]:
    """Wire name -> value to ask for, of each input that differs from the last known outputs.

    A field that left the program asks for its default. A field that the server decides when it is left out is
    never compared then, unless the model says what its removal means. Runtime fields are no part of a model, so
    they cannot differ.
    """
    whole = {path for path in call.ignored if not re.search(r"[.\[]", path)}
    found: dict[str, Any] = {}
    for spec in model.inputs():
        if spec.wire in whole:
            continue
        wanted = _wanted(spec, call)
        if wanted is ABSENT:
            continue
        actual = call.outputs.get(spec.wire, spec.default)
        if has_unknown(wanted) or not same(wanted, actual):
            found[spec.wire] = wanted
    return found


def _wanted(spec: FieldSpec, call: Call) -> Any:
    if call.news.get(spec.wire) is not None:
        return call.news[spec.wire]
    if not spec.meta.server_default:
        return spec.default
    return spec.meta.removed if spec.wire in call.inputs and spec.meta.removed is not None else ABSENT


def diff(model: type[Kind], call: Call, extra: Mapping[str, DiffKind] | None = None) -> DiffResult:
    """The `DiffResponse` of one resource. `extra` adds differences that only the provider can see."""
    detailed: dict[str, DiffKind] = dict(extra or {})
    replaces: list[str] = [path for path, kind in detailed.items() if kind.replaces]
    for wire, wanted in changed_fields(model, call).items():
        if wire in detailed:
            continue
        spec = model.field(wire)
        paths = [item for item in _paths(wire, call.outputs.get(wire), wanted) if not covered(item[0], call.ignored)]
        replacing = spec is not None and spec.meta.replaces
        for path, kind in paths:
            detailed[path] = DiffKind(f"{kind.value}-replace") if replacing else kind
        if replacing and paths:
            replaces.append(wire)
    if not detailed:
        return DiffResult(Changes.NONE)
    # Names are unique in Prefect: the new object cannot be made while the old one lives.
    return DiffResult(Changes.SOME, detailed, tuple(replaces), delete_before_replace=bool(replaces))


def _paths(path: str, old: Any, new: Any) -> Iterator[tuple[str, DiffKind]]:
    """Leaf differences: an object is entered, a list is entered when its length stayed, all else is one value."""
    old, new = unwrap(old), unwrap(new)
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            yield from _member(f"{path}{step(key)}", old.get(key, ABSENT), new.get(key, ABSENT))
    elif isinstance(old, list | tuple) and isinstance(new, list | tuple) and len(old) == len(new):
        for index, (one, other) in enumerate(zip(old, new, strict=True)):
            yield from _member(f"{path}[{index}]", one, other)
    elif old is None or new is None:
        yield path, DiffKind.ADD if old is None else DiffKind.DELETE
    else:
        yield path, DiffKind.UPDATE


def _member(path: str, old: Any, new: Any) -> Iterator[tuple[str, DiffKind]]:
    if old is ABSENT:
        yield path, DiffKind.ADD
    elif new is ABSENT:
        yield path, DiffKind.DELETE
    elif new is UNKNOWN or has_unknown(new) or not same(old, new):
        yield from _paths(path, old, new)
