"""Steps as they are carried out: the order of journal and call, failures of each kind, and what the state keeps."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from prefect_pulumi.core.errors import (
    ApiError,
    CannotCheckError,
    PartialFailureError,
    ProviderError,
    ServerUnavailableError,
)
from prefect_pulumi.engine.plan.steps import Op
from prefect_pulumi.engine.run.events import StepDone, StepStarted
from tests.support.fake_provider import FakeRun, entry, goal, urn

OLD = {"size": 1, "fixed": "x"}


def test_the_intent_comes_before_the_call_and_the_result_after() -> None:
    run = FakeRun(entry("b", OLD))
    run.deployment.register(goal("a", OLD))
    run.deployment.register(goal("b", {**OLD, "size": 2}))
    assert run.log == ["intent create", "create a", "result done", "intent update", "update b", "result done"]
    assert run.journal.open == {}
    created = run.journal.results[1]
    assert created is not None
    assert (created.urn, created.id, created.outputs) == (urn("a"), "id-1", OLD)
    assert run.state.entry(urn("a")) == created
    kinds = [(type(event), event.step.op) for event in run.sink.events if isinstance(event, StepStarted | StepDone)]
    assert kinds == [(StepStarted, Op.CREATE), (StepDone, Op.CREATE), (StepStarted, Op.UPDATE), (StepDone, Op.UPDATE)]


def test_a_replacement_is_created_first_and_deleted_last() -> None:
    run = FakeRun(entry("a", OLD))
    run.deployment.register(goal("a", {**OLD, "fixed": "y"}))
    run.deployment.deletion.delete_undeclared()
    assert run.log == [
        *("intent create-replacement", "create a", "result done", "note replace"),
        *("intent delete-replaced", "delete a", "result done"),
    ]
    assert [left.id for left in run.state.snapshot().resources if left.urn == urn("a")] == ["id-1"]


def test_a_replacement_that_deletes_first() -> None:
    run = FakeRun(entry("a", OLD))
    run.provider.failures["create"] = ProviderError("no room")
    run.deployment.register(goal("a", {**OLD, "fixed": "y"}, delete_before_replace=True))
    assert run.log == [
        *("intent delete-replaced", "delete a", "result done"),
        *("intent replace", "create a", "result failed"),
    ]
    (left,) = [left for left in run.state.snapshot().resources if left.urn == urn("a")]
    assert left.pending_replacement


@pytest.mark.parametrize("verb", ["create", "update"])
def test_a_partial_failure_keeps_the_object(verb: str) -> None:
    run = FakeRun(*([entry("a", OLD)] if verb == "update" else []))
    run.provider.failures[verb] = PartialFailureError("half", id="p", outputs={"size": 2}, reasons=["half"])
    assert run.deployment.register(goal("a", {**OLD, "size": 2})).failed
    assert run.log == [f"intent {verb}", f"{verb} a", "result partial"]
    kept = run.state.entry(urn("a"))
    assert kept is not None
    assert (kept.id, kept.outputs, kept.init_errors) == ("p", {"size": 2}, ["half"])
    assert kept.inputs == (OLD if verb == "update" else {**OLD, "size": 2})
    assert run.state.aborted
    assert [error.where for error in run.state.errors] == [urn("a")]


@pytest.mark.parametrize(("verb", "kind"), [("create", "creating"), ("update", "updating"), ("delete", "deleting")])
def test_without_an_answer_the_intent_stays_open(verb: str, kind: str) -> None:
    run = FakeRun(*([entry("a", OLD)] if verb != "create" else []))
    run.provider.failures[verb] = ServerUnavailableError("no answer")
    assert isinstance(run.provider.failures[verb], CannotCheckError)
    if verb == "delete":
        run.deployment.deletion.delete_undeclared()
    else:
        run.deployment.register(goal("a", {**OLD, "size": 2}))
    assert run.log == [f"intent {verb}", f"{verb} a"]
    assert [intent.urn for intent in run.journal.open.values()] == [urn("a")]
    (pending,) = run.state.snapshot().pending_operations
    assert (pending.type, pending.resource.urn) == (kind, urn("a"))


def test_an_answer_of_a_server_that_failed_is_none() -> None:
    """The intent has the time from which on an object of that name is its own."""
    before = datetime.now(UTC)
    run = FakeRun()
    run.provider.failures["create"] = failure = ApiError("HTTP 502", status=502)
    failure.outcome_unknown = True
    run.deployment.register(goal("a"))
    assert run.log == ["intent create", "create a"]
    (pending,) = run.state.snapshot().pending_operations
    (intent,) = run.journal.open.values()
    assert pending.resource == intent
    assert before <= datetime.fromisoformat(pending.resource.created) <= datetime.now(UTC)


def test_a_failure_closes_the_intent_and_ends_the_run() -> None:
    run = FakeRun()
    run.provider.failures["create"] = ProviderError("refused")
    assert run.deployment.register(goal("a")).failed
    assert run.log == ["intent create", "create a", "result failed"]
    assert run.state.aborted
    assert run.state.snapshot().pending_operations == []


def test_a_failure_stops_only_what_needs_it_when_the_run_continues() -> None:
    run = FakeRun(continue_on_error=True)
    run.provider.failures["create"] = ProviderError("refused")
    assert run.deployment.register(goal("a")).failed
    run.provider.failures.clear()
    assert run.deployment.register(goal("b", dependencies=(urn("a"),))).failed
    assert not run.deployment.register(goal("c")).failed
    assert run.log[3:] == ["intent create", "create c", "result done"]
    assert run.state.continues_after_failures


def test_a_preview_writes_nothing() -> None:
    run = FakeRun(entry("a", OLD), entry("b", OLD), preview=True)
    run.deployment.register(goal("a", {**OLD, "fixed": "y"}))
    run.deployment.deletion.delete_undeclared()
    assert run.log == []
    assert [step.op for step in run.state.steps if step.urn != urn("any")][1:] == [Op.REPLACE, Op.DELETE]


def test_an_object_without_an_id_is_an_error() -> None:
    run = FakeRun()
    run.provider.gives_id = False
    run.deployment.register(goal("a"))
    assert "returned no id" in str(run.state.errors[0])
