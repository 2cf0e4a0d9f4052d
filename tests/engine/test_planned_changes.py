"""What differs between a plan and a later preview, in words."""

from __future__ import annotations

from typing import Any

import pytest

from prefect_pulumi.core.values import UNKNOWN, Secret
from prefect_pulumi.engine.plan.planned_changes import PlannedChange, moved, planned_changes
from prefect_pulumi.engine.plan.steps import Op, Step
from prefect_pulumi.state.entries import ResourceEntry, make_urn

POOL = make_urn("prod", "shop", "prefect:index:WorkPool", "etl")
BLOCK = make_urn("prod", "shop", "prefect:index:SecretBlock", "token")


def change(op: str, urn: str = POOL, **values: Any) -> PlannedChange:
    return PlannedChange(op, urn, values)


def test_a_step_is_kept_with_what_it_asks_for() -> None:
    entry = ResourceEntry(POOL, "prefect:index:WorkPool", True, inputs={"name": "etl"}, outputs={"name": "live"})
    steps = [Step(op, POOL, entry.type, entry, entry) for op in (Op.SAME, Op.REFRESH, Op.UPDATE)]
    gone = Step(Op.DELETE, BLOCK, "prefect:index:SecretBlock", entry, None)
    assert planned_changes([*steps, gone]) == (
        change("refresh", name="live"),
        change("update", name="etl"),
        change("delete", BLOCK),
    )


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ([change("create", limit=3, url=UNKNOWN)], [change("create", limit=3, url=UNKNOWN)], []),
        ([change("create")], [], ["WorkPool etl: create in the plan, no change now"]),
        ([], [change("delete")], ["WorkPool etl: no change in the plan, delete now"]),
        ([change("update", limit=3)], [change("replace", limit=3)], ["WorkPool etl: update in the plan, replace now"]),
        (
            [change("update", template={"env": {"A": "x", "B": 1}})],
            [change("update", template={"env": {"A": "y"}}, limit=2)],
            [
                "WorkPool etl: limit absent in the plan, 2 now",
                'WorkPool etl: template.env.A "x" in the plan, "y" now',
                "WorkPool etl: template.env.B 1 in the plan, absent now",
            ],
        ),
        (
            [change("update", BLOCK, value=Secret("one"))],
            [change("update", BLOCK, value=Secret("two"))],
            ["SecretBlock token: value has another value now"],
        ),
        ([change("update", BLOCK, value=Secret("one"))], [change("update", BLOCK, value=Secret("one"))], []),
    ],
)
def test_what_moved(before: list[PlannedChange], after: list[PlannedChange], lines: list[str]) -> None:
    assert list(moved(before, after)) == lines


def test_a_long_value_is_cut() -> None:
    (line,) = moved([change("update", text="a" * 200)], [change("update", text="b")])
    assert len(line) < 120
    assert '..." '.replace('"', "") in line
