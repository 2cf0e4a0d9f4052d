"""Decisions of a run: goal, old entry and the provider's answers become steps. Nothing is carried out."""

from __future__ import annotations

from typing import Any

import pytest

from prefect_pulumi.core.errors import CheckError, InputError, ProviderError
from prefect_pulumi.engine.plan.goals import Goal
from prefect_pulumi.engine.plan.scope import Selection
from prefect_pulumi.engine.plan.steps import Execution, Op, PlannedStep
from prefect_pulumi.state.entries import ResourceEntry
from tests.support.fake_provider import FakeRun, entry, goal, urn


def decide(run: FakeRun, goal: Goal) -> list[PlannedStep]:
    goal, old = run.state.admit(goal)
    steps = list(run.deployment.generator.steps(goal, old))
    assert run.log == []
    return steps


def kinds(steps: list[PlannedStep]) -> list[tuple[Op, Execution]]:
    return [(planned.step.op, planned.execution) for planned in steps]


OLD: dict[str, Any] = {"size": 1, "fixed": "x"}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (None, goal("a", OLD), [(Op.CREATE, Execution.CREATE)]),
        (entry("a", OLD), goal("a", OLD), [(Op.SAME, Execution.RECORD)]),
        (entry("a", OLD), goal("a", {**OLD, "size": 2}), [(Op.UPDATE, Execution.UPDATE)]),
        (entry("a", OLD), goal("a", {**OLD, "fixed": "y"}), [(Op.REPLACE, Execution.CREATE)]),
        (entry("a", OLD), goal("a", {**OLD, "size": 2}, ignore_changes=("size",)), [(Op.SAME, Execution.RECORD)]),
        (entry("a", OLD), goal("a", {**OLD, "size": 2}, replace_on_changes=("*",)), [(Op.REPLACE, Execution.CREATE)]),
        (entry("a", OLD, taint=True), goal("a", OLD), [(Op.REPLACE, Execution.CREATE)]),
        (entry("a", OLD, init_errors=["half"]), goal("a", OLD), [(Op.UPDATE, Execution.UPDATE)]),
        (entry("a", OLD, pending_replacement=True), goal("a", OLD), [(Op.REPLACE, Execution.CREATE)]),
        (entry("a", OLD, external=True), goal("a", OLD), [(Op.REPLACE, Execution.CREATE)]),
    ],
)
def test_steps_of_a_custom_resource(old: ResourceEntry | None, new: Goal, expected: list[tuple[Op, Execution]]) -> None:
    run = FakeRun(*([old] if old is not None else []))
    assert kinds(decide(run, new)) == expected


def test_a_replacement_leaves_the_old_object_to_the_end_of_the_run() -> None:
    old = entry("a", OLD)
    (planned,) = decide(FakeRun(old), goal("a", {**OLD, "fixed": "y"}))
    assert planned.replaced is old
    assert planned.step.new is not None
    assert planned.step.new.inputs["fixed"] == "y"


def test_delete_before_replace_takes_dependents_along() -> None:
    old = entry("a", OLD)
    user = entry("b", {"fixed": "id"}, dependencies=[urn("a")], property_dependencies={"fixed": [urn("a")]})
    bystander = entry("c", {"size": 1}, dependencies=[urn("a")])
    steps = decide(FakeRun(old, user, bystander), goal("a", {**OLD, "fixed": "y"}, delete_before_replace=True))
    assert [(planned.step.urn, planned.execution) for planned in steps] == [
        (urn("b"), Execution.DELETE_FIRST),
        (urn("a"), Execution.DELETE_FIRST),
        (urn("a"), Execution.CREATE),
    ]
    assert all(planned.replaced is None for planned in steps)


def test_a_preview_deletes_nothing_first() -> None:
    run = FakeRun(entry("a", OLD), preview=True)
    steps = decide(run, goal("a", {**OLD, "fixed": "y"}, delete_before_replace=True))
    assert kinds(steps) == [(Op.DELETE_REPLACED, Execution.DELETE_FIRST), (Op.REPLACE, Execution.CREATE)]
    assert steps[0].provider is None


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (entry("a", OLD), goal("a", {"bad": True}), "bad: is refused"),
        (entry("a", OLD, protect=True), goal("a", {"fixed": "y"}, protect=True), "is protected"),
        (entry("a", OLD, import_id="id-of-a"), goal("a", {"fixed": "y"}, import_id="id-of-a"), "was imported"),
    ],
)
def test_refused(old: ResourceEntry, new: Goal, message: str) -> None:
    with pytest.raises(CheckError, match=message):
        decide(FakeRun(old), new)


def test_a_malformed_path_is_refused_even_when_nothing_differs() -> None:
    with pytest.raises(InputError, match="not a property path"):
        decide(FakeRun(entry("a", OLD)), goal("a", OLD, ignore_changes=("a[",)))


def test_a_protected_dependent_refuses_the_replacement() -> None:
    user = entry("b", {"fixed": "id"}, protect=True, property_dependencies={"fixed": [urn("a")]})
    with pytest.raises(CheckError, match="is protected, but replacing a deletes it"):
        decide(FakeRun(entry("a", OLD), user), goal("a", {"fixed": "y"}, delete_before_replace=True))


def test_imports() -> None:
    run = FakeRun(entry("a", OLD))
    run.provider.objects["x"] = {"size": 1}
    same, changed = goal("new", {"size": 1}, import_id="x"), goal("other", {"size": 2}, import_id="x")
    assert kinds(decide(run, same)) == [(Op.IMPORT, Execution.RECORD)]
    assert kinds(decide(run, changed)) == [(Op.IMPORT, Execution.RECORD), (Op.UPDATE, Execution.UPDATE)]
    (displacing,) = decide(run, goal("a", {"size": 1}, import_id="x"))
    assert (displacing.step.op, displacing.replaced) == (Op.REPLACE, run.state.old_entries[urn("a")])
    with pytest.raises(ProviderError, match="cannot be imported"):
        decide(run, goal("none", import_id="y"))


def test_an_import_that_is_refused_keeps_the_old_object() -> None:
    run = FakeRun(entry("a", OLD))
    run.provider.objects["x"] = {"size": 1}
    assert run.deployment.register(goal("a", {"bad": True}, import_id="x")).failed
    assert [(left.urn, left.delete) for left in run.state.snapshot().resources if left.custom][1:] == [
        (urn("a"), False)
    ]


def test_components_have_no_call() -> None:
    old = ResourceEntry(urn("a"), "x:y:Z", False, inputs={"k": 1})
    run = FakeRun(old, entry("b", OLD))
    assert kinds(decide(run, Goal(urn("a"), "x:y:Z", "a", False, {"k": 1}))) == [(Op.SAME, Execution.RECORD)]
    (planned,) = decide(run, Goal(urn("b"), "x:y:Z", "b", False, {}))
    assert (planned.step.op, planned.replaced) == (Op.REPLACE, run.state.old_entries[urn("b")])


def test_what_a_target_leaves_out() -> None:
    run = FakeRun(entry("b", OLD), selection=Selection(targets=("a",)))
    assert run.deployment.register(goal("b", {"size": 9})).outputs == OLD
    assert run.deployment.register(goal("c")).excluded
    outcome = run.deployment.register(goal("a", dependencies=(urn("c"),)))
    assert outcome.failed
    assert "left out by --target" in str(run.state.errors[0])
    assert run.log == []
