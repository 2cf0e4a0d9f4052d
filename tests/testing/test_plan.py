"""Assertions on a plan, and what they say when they do not hold."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from prefect_pulumi.core.provider_protocol import Changes, DiffKind, DiffResult
from prefect_pulumi.core.values import Secret
from prefect_pulumi.engine.plan.steps import STACK_TYPE, Op, Step
from prefect_pulumi.state.entries import ResourceEntry
from prefect_pulumi.testing.plan import DEPLOYS, Plan

POOL, SECRET = "prefect:index:WorkPool", "prefect:index:SecretBlock"


def step(op: Op, type: str, logical: str, *changed: str, **inputs: object) -> Step:
    urn = f"urn:pulumi:dev::p::{type}::{logical}"
    entry = ResourceEntry(urn, type, custom=True, inputs=inputs)
    diff = DiffResult(Changes.SOME, dict.fromkeys(changed, DiffKind.UPDATE)) if changed else None
    return Step(
        op, urn, type, new=None if op is Op.DELETE else entry, old=entry if op is Op.DELETE else None, diff=diff
    )


def deploy(before: dict[str, str], now: dict[str, str]) -> Step:
    urn = f"urn:pulumi:dev::p::{DEPLOYS}::flows"
    old, new = (ResourceEntry(urn, DEPLOYS, custom=True, inputs={"fingerprints": prints}) for prints in (before, now))
    return Step(Op.UPDATE, urn, DEPLOYS, old=old, new=new)


PLAN = Plan.of_steps(
    [
        step(Op.CREATE, STACK_TYPE, "p-dev"),
        step(Op.CREATE, "pulumi:providers:prefect", "default"),
        step(Op.CREATE, POOL, "pool", name="etl", concurrencyLimit=10),
        step(Op.UPDATE, POOL, "batch", "tags[0]", "concurrencyLimit", concurrencyLimit=2),
        step(Op.REPLACE, "prefect:index:Variable", "region", "name"),
        step(Op.DELETE, "prefect:index:Variable", "old"),
        step(Op.SAME, "prefect:index:Flow", "load"),
        step(Op.CREATE, SECRET, "token", name="token", value=Secret("not to be shown")),
        deploy({"f/old": "1", "f/same": "2"}, {"f/new": "3", "f/same": "2", "f/old": "4"}),
    ]
)


def test_what_holds() -> None:
    assert PLAN.creates("WorkPool", name="etl", concurrency_limit=10) == {"name": "etl", "concurrencyLimit": 10}
    PLAN.creates(POOL, "pool")
    PLAN.creates("SecretBlock", name="token", value="not to be shown")
    PLAN.updates("WorkPool", "batch", fields=["tags", "concurrency_limit"])
    PLAN.replaces("Variable", "region", fields=["name"])
    PLAN.deletes("Variable", "old")
    PLAN.leaves("Flow", "load")
    PLAN.deploys("f/new")
    PLAN.deploys("f/old")
    assert [planned.name for planned in PLAN if planned.op is Op.CREATE] == ["pool", "token"]
    Plan([]).changes_nothing()


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        (
            lambda: PLAN.creates("WorkPool", name="nope"),
            "does not create WorkPool 'nope'; it creates SecretBlock token, Wo",
        ),
        (lambda: PLAN.creates("WorkPool", name="batch"), "the plan does not create WorkPool 'batch'; it updates it"),
        (
            lambda: PLAN.creates("WorkPool", name="etl", concurrency_limit=3),
            "creates WorkPool 'etl', but not as asked: WorkPool etl: concurrency_limit is 10, not 3",
        ),
        (lambda: PLAN.creates("SecretBlock", value="guessed"), "value is '[secret]'"),
        (
            lambda: PLAN.updates("WorkPool", "batch", fields=["tags"]),
            "what changes is concurrencyLimit, tags, not tags",
        ),
        (lambda: PLAN.deploys("f/same"), "the plan does not deploy 'f/same'; it deploys: f/new, f/old"),
        (PLAN.changes_nothing, "the plan creates SecretBlock token, WorkPool etl; updates Deployments flows, WorkPool"),
        (lambda: Plan([]).deletes("Flow"), "the plan does not delete Flow; it changes nothing"),
    ],
)
def test_what_does_not_hold_says_what_there_is(claim: Callable[[], object], words: str) -> None:
    with pytest.raises(AssertionError) as failed:
        claim()
    assert words in str(failed.value)
    assert "not to be shown" not in str(failed.value)
