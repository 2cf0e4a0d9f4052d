"""The changes of a preview as plain data, compared with those of a later one; pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from prefect_pulumi.core.diffs import ABSENT, differences, property_path
from prefect_pulumi.core.values import has_secret, mask, unwrap
from prefect_pulumi.engine.plan.steps import Op, Step
from prefect_pulumi.state.entries import urn_name, urn_type

LONGEST_VALUE = 60
"""Characters of a value in a line about it."""


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """One step of a preview. `values`: the inputs that it asks for; of a refresh the outputs that were read; of a
    delete nothing."""

    op: str
    urn: str
    values: Mapping[str, Any]


def planned_changes(steps: Iterable[Step]) -> tuple[PlannedChange, ...]:
    """What the steps change, in their order."""
    changes = []
    for step in steps:
        if step.op is not Op.SAME:
            entry = step.new
            values = {} if entry is None else entry.outputs if step.op is Op.REFRESH else entry.inputs
            changes.append(PlannedChange(str(step.op), step.urn, values))
    return tuple(changes)


def moved(planned: Iterable[PlannedChange], present: Iterable[PlannedChange]) -> Iterator[str]:
    """What differs between the changes that were planned and those that a preview shows now, a line each."""
    before = {(change.urn, change.op): change for change in planned}
    after = {(change.urn, change.op): change for change in present}
    for key, change in before.items():
        if key not in after:
            now = ", ".join(op for urn, op in after if urn == change.urn and (urn, op) not in before)
            yield f"{_name(change.urn)}: {change.op} in the plan, {now or 'no change'} now"
            continue
        yield from _values_moved(change, after[key])
    changed = {urn for urn, _ in before}
    for key, change in after.items():
        if key not in before and change.urn not in changed:
            yield f"{_name(change.urn)}: no change in the plan, {change.op} now"


def _values_moved(before: PlannedChange, after: PlannedChange) -> Iterator[str]:
    for name in sorted({*before.values, *after.values}):
        old, new = before.values.get(name, ABSENT), after.values.get(name, ABSENT)
        hidden = has_secret(old) or has_secret(new)
        for item in differences(unwrap(old), unwrap(new)):
            path = property_path(name, item.path)
            values = "" if hidden else f" {_shown(item.old)} in the plan, {_shown(item.new)} now"
            yield f"{_name(before.urn)}: {path}{values or ' has another value now'}"


def _name(urn: str) -> str:
    return f"{urn_type(urn).rsplit(':', 1)[-1]} {urn_name(urn)}"


def _shown(value: Any) -> str:
    if value is ABSENT:
        return "absent"
    text = json.dumps(mask(value), ensure_ascii=False, default=str)
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 3]}..."
