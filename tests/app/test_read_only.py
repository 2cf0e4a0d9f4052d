"""What a report is given cannot write, by construction."""

from __future__ import annotations

from pathlib import Path

import pytest

from prefect_pulumi.app.events import WarningCollector
from prefect_pulumi.app.session.read_only import ReadOnlyProvider, read_only_context
from prefect_pulumi.core.errors import OperationError
from prefect_pulumi.core.provider_protocol import CreateRequest, DeleteRequest, RecoverRequest, UpdateRequest
from prefect_pulumi.engine.run.events import Message
from prefect_pulumi.project.stack import Stack
from prefect_pulumi.provider.provider import PrefectProvider

URN = "urn:pulumi:dev::p::prefect:index:Variable::a"


def test_the_parts_of_a_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "x")
    (tmp_path / "Pulumi.yaml").write_text("name: p\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {}\n")
    before = sorted(path.name for path in tmp_path.rglob("*"))
    context = read_only_context(Stack(tmp_path, "dev"), WarningCollector(), None)
    with pytest.raises(OperationError, match="only reads"):
        context.backend.writer("dev")
    provider = context.loader("prefect", "", "", {})
    assert isinstance(provider, ReadOnlyProvider)
    assert isinstance(provider.inner, PrefectProvider)
    values = {"name": "a", "value": 1}
    assert provider.create(CreateRequest(URN, values, preview=True)).id == ""
    for write in (
        lambda: provider.create(CreateRequest(URN, values)),
        lambda: provider.update(UpdateRequest(URN, "1", old_inputs=values, old_outputs=values, new_inputs=values)),
        lambda: provider.delete(DeleteRequest(URN, "1", values, values)),
    ):
        with pytest.raises(OperationError, match="only reads"):
            write()
    assert sorted(path.name for path in tmp_path.rglob("*")) == before
    # Behind that face the client refuses as well: no server stands at this address, and none is asked.
    provider.configure({"apiUrl": "http://127.0.0.1:9/api"})
    with pytest.raises(OperationError, match="would write"):
        provider.inner.create(CreateRequest(URN, values))
    provider.close()
    assert provider.recover(RecoverRequest(URN, values, 0.0)) is None


def test_notes_keep_what_matters() -> None:
    notes = WarningCollector()
    for severity in ("info", "warning", "error"):
        notes.emit(Message(severity, severity))
    assert [each.text for each in notes.messages] == ["warning", "error"]


def test_notes_are_lines_that_name_their_resource() -> None:
    warnings = WarningCollector()
    for message in (
        Message("warning", "one\nand two"),
        Message("info", "of no interest"),
        Message("error", "could not check", URN),
        Message("warning", "one\nand two"),
    ):
        warnings.emit(message)
    assert warnings.notes == ["one and two", "a: could not check"]
