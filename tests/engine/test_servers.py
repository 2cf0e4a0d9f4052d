"""What lives on a server that the stack starts itself is deleted before it; open operations wait for their server."""

from __future__ import annotations

from typing import Any

import pytest

from prefect_pulumi.core.errors import ProviderError, ServerUnavailableError
from prefect_pulumi.engine.plan.scope import Selection
from prefect_pulumi.engine.run.recovery import resolve_pending
from prefect_pulumi.state.entries import PendingOperation, ResourceEntry, Snapshot
from tests.support.fake_provider import FakeRun, entry, urn

HOSTS = {urn("guest"): urn("server")}
OWN = ResourceEntry(
    "urn:pulumi:dev::p::pulumi:providers:fake::default", "pulumi:providers:fake", True, id="provider-id"
)


def deleted(run: FakeRun) -> list[str]:
    run.deployment.deletion.delete_undeclared()
    return [line for line in run.log if line.startswith("delete ")]


@pytest.mark.parametrize("order", [("server", "guest", "other"), ("guest", "other", "server")])
def test_a_guest_goes_before_its_server(order: tuple[str, ...]) -> None:
    run = FakeRun(*(entry(name) for name in order), hosts=HOSTS, parallel=1)
    lines = deleted(run)
    assert sorted(lines) == ["delete guest", "delete other", "delete server"]
    assert lines.index("delete guest") < lines.index("delete server")


def test_a_server_stays_while_a_guest_cannot_be_deleted() -> None:
    run = FakeRun(entry("server"), entry("guest"), hosts=HOSTS)
    run.provider.failures["delete"] = ProviderError("it is in use")
    assert deleted(run) == ["delete guest"]
    assert {left.urn for left in run.state.snapshot().resources} >= {urn("server"), urn("guest")}


def test_a_protected_guest_keeps_its_server() -> None:
    run = FakeRun(entry("server"), entry("guest", protect=True), hosts=HOSTS)
    assert deleted(run) == []
    assert [error.where for error in run.state.errors] == [urn("guest")]


@pytest.mark.parametrize(
    ("selection", "lines", "errors"),
    [
        (Selection(targets=(urn("server"),)), [], [urn("guest")]),
        (Selection(targets=(urn("server"),), target_dependents=True), ["delete guest", "delete server"], []),
        (Selection(targets=(urn("guest"),)), ["delete guest"], []),
        (Selection(excludes=(urn("guest"),)), [], []),
    ],
)
def test_choosing_a_server_chooses_its_guests(selection: Selection, lines: list[str], errors: list[str]) -> None:
    run = FakeRun(entry("guest"), entry("server"), hosts=HOSTS, selection=selection)
    assert deleted(run) == lines
    assert [error.where for error in run.state.errors] == errors


def test_an_operation_whose_server_does_not_answer_stays_open() -> None:
    """The others are resolved meanwhile."""
    run = FakeRun()
    run.provider.objects = {"id-of-b": {"size": 2}}
    unanswered = {urn("a")}

    def read(request: Any) -> Any:
        if request.urn in unanswered:
            raise ServerUnavailableError("no connection")
        return type(run.provider).read(run.provider, request)

    run.provider.read = read  # type: ignore[method-assign]
    first, second = entry("a", {"size": 1}), entry("b", {"size": 1})
    operations = [PendingOperation(first, "deleting"), PendingOperation(second, "updating")]
    snapshot = Snapshot([OWN, first, second], operations)
    resolved, unreachable = resolve_pending(snapshot, operations, run.pool, run.sink)
    assert [open_operation.operation for open_operation in unreachable] == operations[:1]
    assert resolved.pending_operations == operations[:1]
    assert {left.urn: left.outputs for left in resolved.resources if left.custom} == {
        OWN.urn: {},
        urn("a"): {"size": 1},
        urn("b"): {"size": 2},
    }
    unanswered.clear()
    resolved, unreachable = resolve_pending(resolved, operations[:1], run.pool, run.sink)
    assert (resolved.pending_operations, unreachable) == ([], ())
    assert [left.urn for left in resolved.resources] == [OWN.urn, urn("b")]


def test_a_create_whose_result_nobody_knows_stays_open() -> None:
    """As in the official engine: through every run, until a refresh clears it."""
    operation = PendingOperation(entry("a"), "creating")
    run = FakeRun(pending=[operation])
    assert run.state.snapshot().pending_operations == [operation]
