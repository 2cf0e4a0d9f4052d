"""Desired inputs against what was last known of the object (pure)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from prefect_pulumi.core.diffs import ABSENT, differences, is_known_and_same, property_path
from prefect_pulumi.core.property_paths import covered
from prefect_pulumi.core.provider_protocol import Changes, DiffKind, DiffResult
from prefect_pulumi.core.values import has_unknown, same, unwrap
from prefect_pulumi.models import FieldSpec, Kind
from prefect_pulumi.provider.handlers.base import Call


def changed_fields(model: type[Kind], call: Call) -> dict[str, Any]:
    """Wire name -> value to ask for, of each input that differs from the last known outputs.

    A field that left the program asks for its default. A field that the server decides when it is left out is
    never compared then, unless the model says what its removal means. Runtime fields are no part of a model, so
    they cannot differ.
    """
    whole = {path for path in call.ignored if not re.search(r"[.\[]", path)}
    changed: dict[str, Any] = {}
    for spec in model.inputs():
        if spec.wire in whole:
            continue
        wanted = _wanted(spec, call)
        if wanted is ABSENT:
            continue
        actual = call.outputs.get(spec.wire, spec.default)
        if has_unknown(wanted) or not same(wanted, actual):
            changed[spec.wire] = wanted
    return changed


def _wanted(spec: FieldSpec, call: Call) -> Any:
    if call.news.get(spec.wire) is not None:
        return call.news[spec.wire]
    if not spec.meta.server_default:
        return spec.default
    return spec.meta.removed if spec.wire in call.inputs and spec.meta.removed is not None else ABSENT


def diff(
    model: type[Kind],
    call: Call,
    extra: Mapping[str, DiffKind] | None = None,
    in_place: Collection[str] = (),
) -> DiffResult:
    """The `DiffResponse` of one resource. `extra` adds differences that only the provider can see; `in_place` are
    fields that this server changes, whatever the model says."""
    detailed: dict[str, DiffKind] = dict(extra or {})
    replaces: list[str] = [path for path, kind in detailed.items() if kind.replaces]
    for wire, wanted in changed_fields(model, call).items():
        if wire in detailed:
            continue
        spec = model.field(wire)
        paths = [item for item in _paths(wire, call.outputs.get(wire), wanted) if not covered(item[0], call.ignored)]
        replacing = spec is not None and spec.meta.replaces and wire not in in_place
        for path, kind in paths:
            detailed[path] = DiffKind(f"{kind.value}-replace") if replacing else kind
        if replacing and paths:
            replaces.append(wire)
    if not detailed:
        return DiffResult(Changes.NONE)
    # Names are unique in Prefect: the new object cannot be made while the old one lives.
    return DiffResult(Changes.SOME, detailed, tuple(replaces), delete_before_replace=bool(replaces))


def _paths(wire: str, old: Any, new: Any) -> Iterator[tuple[str, DiffKind]]:
    """Leaf differences, by property path. An old value is always known."""
    for item in differences(unwrap(old), unwrap(new), equal=is_known_and_same):
        kind = DiffKind(item.op)
        if kind is DiffKind.UPDATE and (item.old is None or item.new is None):
            kind = DiffKind.ADD if item.old is None else DiffKind.DELETE
        yield property_path(wire, item.path), kind
