"""A stack that moves to another backend, and what it leaves behind."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from prefect_pulumi.app.project import Project
from prefect_pulumi.app.state_move import MoveStateRequest
from prefect_pulumi.core.errors import InputError, StateError, UnsupportedError
from prefect_pulumi.state.backend import StateBackend
from prefect_pulumi.state.entries import ResourceEntry, Snapshot
from prefect_pulumi.state.file_store import FileStore
from prefect_pulumi.state.journal import Journal
from prefect_pulumi.state.stack_move import move
from prefect_pulumi.state.store import Store

STACK = ResourceEntry("urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev", "pulumi:pulumi:Stack", custom=False)


def filled(store: Store) -> StateBackend:
    backend = StateBackend(store, "p")
    writer = backend.writer("dev")
    for _ in range(2):
        writer.save(Snapshot([STACK]), None)
        backend.write_history("dev", kind="update", start=0, end=1, result="succeeded", changes={})
    store.write(".pulumi/promotions/p/dev.json", b"{}")
    store.write(".pulumi/prefect/p/dev.history.json", b"{}")
    return backend


def kept(store: Store) -> dict[str, bytes]:
    objects = {item.key: store.read(item.key) for item in store.list(".pulumi")}
    return {key: stored.data for key, stored in objects.items() if stored and ".bak" not in key}


def test_everything_of_the_stack_moves_there_and_back(store: Store, tmp_path: Path) -> None:
    old, new = filled(FileStore(tmp_path / "old")), StateBackend(store, "p")
    before = kept(old.store)
    assert move(old, new, "dev") == 9
    moved = kept(store)
    probe = {key for key in moved if key.endswith("conditional-writes")}
    assert {key: data for key, data in moved.items() if key not in probe} == before
    assert old.list_stacks() == []
    with pytest.raises(StateError, match="was moved to") as caught:
        old.reader("dev").load(None)
    assert store.url in caught.value.message
    assert old.store.read(".pulumi/stacks/p/dev.json.bak") is not None
    move(new, old, "dev")
    assert old.reader("dev").load(None).resources == [STACK]
    assert not new.list_stacks()


def test_a_stack_of_that_name_stays_as_it_is(store: Store, tmp_path: Path) -> None:
    old, new = filled(FileStore(tmp_path / "old")), filled(store)
    before = kept(old.store), kept(store)
    with pytest.raises(InputError, match="there is a stack dev already"):
        move(old, new, "dev")
    assert (kept(old.store), kept(store)) == before


def test_the_command_refuses_by_name(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: p\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {}\n")
    stack = Project(tmp_path).stack("dev")
    target = f"file://{tmp_path}/elsewhere"
    with pytest.raises(InputError, match="has not been created"):
        stack.move_state(MoveStateRequest(target))
    backend = filled(FileStore(tmp_path / ".infra" / "state"))
    for url, message in (("https://api.pulumi.com", "not in https"), (f"file://{tmp_path}/.infra/state", "already")):
        with pytest.raises((InputError, UnsupportedError), match=message):
            stack.move_state(MoveStateRequest(url))
    assert stack.move_state(MoveStateRequest(target)).objects == 9
    assert backend.list_stacks() == []
    assert json.loads((tmp_path / "elsewhere/.pulumi/stacks/p/dev.json").read_text())["version"] == 3
    assert not Journal(backend.store, "p", "dev", None).exists()
