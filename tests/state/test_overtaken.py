"""A run that has lost its lock: it never writes over a state that another run has written since it read its own."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from prefect_pulumi.core.errors import StateError
from prefect_pulumi.core.values import Secret
from prefect_pulumi.state.backend import StateBackend
from prefect_pulumi.state.entries import ResourceEntry, Snapshot
from prefect_pulumi.state.file_store import FileStore
from prefect_pulumi.state.journal import Journal
from prefect_pulumi.state.secrets import PassphraseManager
from tests.support.projects import Project

STACK = ResourceEntry("urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev", "pulumi:pulumi:Stack", custom=False)


def files(backend: StateBackend) -> dict[str, bytes]:
    folder = Path(backend.store.where(".pulumi/stacks/p"))
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_state_that_another_has_written_is_not_overwritten(tmp_path: Path) -> None:
    backend, manager = StateBackend(FileStore(tmp_path), "p"), PassphraseManager.create("sesame")
    first, second = backend.writer("dev"), backend.writer("dev")
    assert first.load(manager).resources == second.load(manager).resources == []
    second.save(Snapshot([STACK]), manager)
    second.save(Snapshot([replace(STACK, outputs={"a": 1})]), manager)
    newer = files(backend)
    with pytest.raises(StateError, match="another run has written the state meanwhile") as caught:
        first.save(Snapshot([replace(STACK, outputs={"a": Secret("canary")})]), manager)
    added = set(files(backend)) - set(newer)
    assert {name: files(backend)[name] for name in newer} == newer
    (aside,) = (Path(backend.store.where(".pulumi/stacks/p")) / name for name in added)
    assert str(aside) in caught.value.remedy
    assert aside.stat().st_mode & 0o777 == 0o600
    text = aside.read_text()
    assert "ciphertext" in text
    assert "canary" not in text
    assert backend.list_stacks() == ["dev"]
    third = backend.writer("dev")
    third.load(manager)
    third.save(Snapshot([STACK]), manager)


@pytest.mark.parametrize("variable", ["", "PULUMI_DIY_BACKEND_GZIP"])
def test_what_was_deleted_or_rewritten_counts_as_another_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    if variable:
        monkeypatch.setenv(variable, "1")
    backend = StateBackend(FileStore(tmp_path), "p")
    writer = backend.writer("dev")
    for number in range(3):
        writer.save(Snapshot([replace(STACK, outputs={"a": number})]), None)
    late = backend.writer("dev")
    with pytest.raises(StateError, match="another run"):
        late.save(Snapshot([STACK]), None)
    Path(backend.where("dev")).unlink()
    with pytest.raises(StateError, match="another run"):
        writer.save(Snapshot([STACK]), None)


def test_a_run_whose_journal_was_taken_begins_nothing_more(tmp_path: Path) -> None:
    journal = Journal(FileStore(tmp_path), "p", "dev", None)
    token = journal.intent("create", STACK)
    Journal(FileStore(tmp_path), "p", "dev", None).clear()
    with pytest.raises(StateError, match="another run has taken over"):
        journal.intent("create", STACK)
    with pytest.raises(StateError, match="another run has taken over"):
        journal.result(token, STACK, "done")
    journal.close()


PROGRAM = """
import pathlib, pulumi
pulumi.export("password", pulumi.Output.secret("canary"))
pulumi.export("run", {run})
state = pathlib.Path(r"{state}")
if {meddles} and not pulumi.runtime.is_dry_run():
    state.write_bytes(state.read_bytes() + b" ")
"""


def test_up_keeps_the_newer_state(tmp_path: Path) -> None:
    """The state is written by another while `infra up` runs: exit code 4, and both states are there."""
    project = Project.small(tmp_path / "a small project", "http://127.0.0.1:9/api")
    stacks = project.root / ".infra/state/.pulumi/stacks/prefect-infra"
    state = stacks / "dev.json"

    def up(run: int, meddles: bool) -> Any:
        project.write(PROGRAM.format(run=run, state=state, meddles=meddles))
        return project.infra("up", "--yes", check=False)

    assert up(1, False).returncode == 0
    before = state.read_bytes()
    refused = up(2, True)
    shown = refused.stdout + refused.stderr
    assert refused.returncode == 4, shown
    assert "another run has written the state meanwhile" in shown
    assert state.read_bytes() == before + b" "
    (aside,) = stacks.glob("*.conflict")
    assert json.loads(aside.read_bytes())["checkpoint"]["latest"]["resources"][0]["outputs"]["run"] == 2
    assert b"canary" not in aside.read_bytes()
    done = up(3, False)
    assert done.returncode == 0, done.stdout + done.stderr
