"""The journal: whatever line a crash cuts it at, nothing finished is lost."""

from __future__ import annotations

import errno
import os
import resource
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from prefect_pulumi.core.errors import StateError
from prefect_pulumi.core.values import Secret
from prefect_pulumi.state import integrity
from prefect_pulumi.state.backend import StateBackend
from prefect_pulumi.state.entries import ResourceEntry, Snapshot, make_urn
from prefect_pulumi.state.file_store import FileStore
from prefect_pulumi.state.journal import Journal
from prefect_pulumi.state.journal_replay import fold
from prefect_pulumi.state.secrets import PassphraseManager


def entry(name: str, **fields: object) -> ResourceEntry:
    urn = make_urn("dev", "p", "x:index:T", name)
    return replace(ResourceEntry(urn, "x:index:T", True, id=name), **fields)  # type: ignore[arg-type]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(cut=st.integers(0, 2000))
def test_every_cut_keeps_what_was_synced(tmp_path: Path, cut: int) -> None:
    journal = Journal(FileStore(tmp_path), "p", "dev", None)
    journal.clear()
    for name in ("a", "b", "c"):
        token = journal.intent("create", entry(name, id=""))
        journal.result(token, entry(name), "done")
    token = journal.intent("delete", entry("a"))
    journal.result(token, None, "done")
    journal.close()
    data = Path(journal.where).read_bytes()[:cut]
    Path(journal.where).write_bytes(data)
    synced = data.count(b"\n")
    folded = fold(Snapshot(), Journal(FileStore(tmp_path), "p", "dev", None).replay())
    finished = [name for index, name in enumerate("abc") if synced >= 2 * (index + 1)]
    if synced >= 8:
        finished.remove("a")
    assert sorted(each.id for each in folded.resources) == finished
    assert len(folded.pending_operations) == synced % 2


def test_a_break_in_the_middle_is_said(tmp_path: Path) -> None:
    journal = Journal(FileStore(tmp_path), "p", "dev", None)
    journal.result(journal.intent("create", entry("a")), entry("a"), "done")
    journal.close()
    Path(journal.where).write_text("broken\n" + Path(journal.where).read_text())
    with pytest.raises(StateError, match="journal is broken"):
        journal.replay()


def test_secrets_are_encrypted_on_disk(tmp_path: Path) -> None:
    manager = PassphraseManager.create("p")
    journal = Journal(FileStore(tmp_path), "p", "dev", manager)
    journal.intent("create", entry("a", inputs={"value": Secret("very-private")}))
    journal.close()
    assert "very-private" not in Path(journal.where).read_text()
    assert Path(journal.where).stat().st_mode & 0o777 == 0o600
    found = journal.replay()[0].entry
    assert found is not None
    assert found.inputs == {"value": Secret("very-private")}


def test_state_round_trip_and_refusal_of_a_broken_one(tmp_path: Path) -> None:
    backend, manager = StateBackend(FileStore(tmp_path), "p"), PassphraseManager.create("p")
    parent = entry("parent", outputs={"n": 3, "s": Secret([1, "ü"])})
    child = entry("child", parent=parent.urn, property_dependencies={"x": [parent.urn], "y": []})
    backend.writer("dev").save(Snapshot([parent, child]), manager)
    loaded = backend.reader("dev").load(manager)
    assert loaded.resources == [parent, child]
    assert loaded.salt == manager.salt_text
    assert backend.list_stacks() == ["dev"]
    with pytest.raises(StateError, match="does not stand before it"):
        backend.writer("dev").save(Snapshot([child, parent]), manager)
    assert integrity.sort([child, parent]) == [parent, child]
    Path(backend.where("dev")).write_text("{")
    with pytest.raises(StateError, match="not JSON"):
        backend.reader("dev").load(manager)


def test_a_full_disk_leaves_whole_lines_and_nothing_after_them(tmp_path: Path) -> None:
    """The limit on the size of a file stands in for the disk; the kernel cuts the write off in its middle."""
    journal = Journal(FileStore(tmp_path), "p", "dev", None)
    journal.result(journal.intent("create", entry("a", id="")), entry("a"), "done")
    size = Path(journal.where).stat().st_size
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 30, before[1]))
    try:
        with pytest.raises(StateError, match="cannot be written"):
            journal.intent("create", entry("b", id=""))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert Path(journal.where).stat().st_size == size
    with pytest.raises(StateError, match="cannot be written"):
        journal.intent("create", entry("c", id=""))
    journal.close()
    folded = fold(Snapshot(), Journal(FileStore(tmp_path), "p", "dev", None).replay())
    assert [each.id for each in folded.resources] == ["a"]
    assert folded.pending_operations == []


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / ".pulumi").write_text("a file where a folder belongs")
    with pytest.raises(StateError, match=os.strerror(errno.ENOTDIR)):
        Journal(FileStore(tmp_path), "p", "dev", None).intent("create", entry("a", id=""))


def test_it_knows_the_checkpoint_that_it_goes_with(tmp_path: Path) -> None:
    journal = Journal(FileStore(tmp_path), "p", "dev", None, base="abc")
    journal.intent("create", entry("a", id=""))
    journal.close()
    again = Journal(FileStore(tmp_path), "p", "dev", None)
    assert len(again.replay()) == 1
    assert again.base == "abc"
