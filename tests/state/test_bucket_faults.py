"""Buckets that are slow, refuse, lose their answers or have no conditional writes."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from prefect_pulumi.core.errors import ConfigError, StateError, StateLockedError, UnsupportedError
from prefect_pulumi.project.stack import Stack
from prefect_pulumi.state.backend import StateBackend
from prefect_pulumi.state.entries import ResourceEntry, Snapshot
from prefect_pulumi.state.journal import Journal
from prefect_pulumi.state.lock import StackLock, clear_locks
from prefect_pulumi.state.store import ListedObject, Store
from prefect_pulumi.state.store_urls import bucket_store
from tests.support.buckets import BucketService
from tests.support.fault_proxy import FaultPlan, FaultProxy

STACK = ResourceEntry("urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev", "pulumi:pulumi:Stack", custom=False)


@pytest.fixture
def faulty(s3: BucketService, bucket: str, proxy: FaultProxy) -> Store:
    """A bucket behind the proxy."""
    return bucket_store(s3.url(bucket, proxy.port), "a test")


def of(method: str, part: str = "") -> Any:
    return lambda sent, path: sent == method and part in path


@pytest.mark.parametrize("fault", ["503", "500", "reset", "reset after", "503 after"])
def test_a_lost_answer_is_no_conflict_with_itself(faulty: Store, proxy: FaultProxy, fault: str) -> None:
    assert faulty.has_conditional_writes()
    proxy.plan = FaultPlan(once=[(of("PUT", "/lock"), fault), (of("PUT", "/state"), fault)])
    faulty.create("lock", b"mine")
    with pytest.raises(FileExistsError):
        faulty.create("lock", b"another's")
    version = faulty.replace("state", b"1", "")
    proxy.plan = FaultPlan(once=[(of("PUT", "/state"), fault), (of("GET", "/state"), fault)])
    faulty.replace("state", b"2", version)
    stored = faulty.read("state")
    assert stored is not None
    assert stored.data == b"2"


def test_a_refusal_is_said_once_and_without_the_credentials(faulty: Store, proxy: FaultProxy) -> None:
    proxy.plan = FaultPlan(once=[(of("PUT"), "403")] * 9)
    with pytest.raises(StateError) as caught:
        StackLock(faulty, "p", "dev").__enter__()
    assert str(caught.value).count("403") == 1
    assert "credentials" in caught.value.remedy
    assert "canary" not in str(caught.value)
    assert int(caught.value.exit_code) == 4


def test_a_bucket_that_is_not_there_is_no_empty_backend(s3: BucketService, bucket: str) -> None:
    backend = StateBackend(bucket_store(s3.url(f"{bucket}-none"), "a test"), "p")
    for read in (lambda: backend.reader("dev").load(None), backend.list_stacks):
        with pytest.raises(StateError, match="no such bucket"):
            read()


def test_without_conditional_writes_it_says_so_and_compares(faulty: Store, proxy: FaultProxy) -> None:
    proxy.plan = FaultPlan(once=[(of("PUT", "conditional-writes"), "501")] * 2)
    assert not faulty.has_conditional_writes()
    with StackLock(faulty, "p", "dev") as lock:
        assert "has no conditional writes" in lock.notes[0]
        with pytest.raises(StateLockedError, match="is locked by"):
            StackLock(faulty, "p", "dev").__enter__()
    version = faulty.replace("state", b"1", "")
    faulty.replace("state", b"2", version)
    with pytest.raises(Exception, match="state"):
        faulty.replace("state", b"3", version)


def test_two_runs_and_one_lock(faulty: Store) -> None:
    """The second is refused, also where it does not see the first one's lock in the list."""
    with StackLock(faulty, "p", "dev") as lock:
        assert lock.notes == []
        with pytest.raises(StateLockedError, match="is locked by"):
            StackLock(faulty, "p", "dev").__enter__()
        assert clear_locks(faulty, "p", "dev", force=True) == 1
        with StackLock(faulty, "p", "dev") as other:
            assert other.notes == []
            lock.__exit__(None, None, None)  # it is no longer its own
            assert len(faulty.list(".pulumi/locks")) == 1
    assert faulty.list(".pulumi/locks") == []


def test_a_bucket_that_lists_late_loses_nothing(faulty: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lock, state and journal are read by their keys; a listed lock that is gone holds nobody up."""
    stale = ".pulumi/locks/organization/p/dev/gone.json"
    monkeypatch.setattr(faulty, "list", lambda folder: [ListedObject(stale, 0.0)] if "locks" in folder else [])
    with StackLock(faulty, "p", "dev"):
        with pytest.raises(StateLockedError, match="is locked by"):
            StackLock(faulty, "p", "dev").__enter__()
        dead = Journal(faulty, "p", "dev", None, base="abc")
        for number in range(20):
            dead.intent("create", replace(STACK, outputs={"a": number}))
        assert len(Journal(faulty, "p", "dev", None).replay(seize=True)) == 20
        first, second = StateBackend(faulty, "p").writer("dev"), StateBackend(faulty, "p").writer("dev")
        second.save(Snapshot([STACK]), None)
        with pytest.raises(StateError, match="another run has written the state meanwhile"):
            first.save(Snapshot([STACK]), None)
    with StackLock(faulty, "p", "dev") as lock:
        assert lock.notes == []


def test_the_lock_of_the_official_cli_counts(faulty: Store) -> None:
    content = json.dumps({"pid": 1, "username": "ann", "hostname": "elsewhere", "timestamp": "2026-01-01T00:00:00Z"})
    faulty.write(".pulumi/locks/organization/p/dev/0f.json", content.encode())
    with pytest.raises(StateLockedError, match="ann@elsewhere"):
        StackLock(faulty, "p", "dev").__enter__()
    assert len(faulty.list(".pulumi/locks")) == 1


def test_the_journal_of_a_dead_run_is_ended_by_who_reads_it(faulty: Store) -> None:
    backend = StateBackend(faulty, "p")
    dead = Journal(faulty, "p", "dev", None, base="abc")
    token = dead.intent("create", STACK)
    dead.result(token, STACK, "done")
    dead.intent("create", replace(STACK, outputs={"a": 1}))
    heir = Journal(faulty, "p", "dev", None)
    assert heir.exists()
    assert [record.outcome for record in heir.replay(seize=True)] == ["", "done", ""]
    assert heir.base == "abc"
    heir.clear()
    with pytest.raises(StateError, match="another run has taken over"):
        dead.intent("create", STACK)
    assert not heir.exists()
    assert len(faulty.list(".pulumi/journal")) == 1  # what ended it, for a dead run that is not dead
    first, second = backend.writer("dev"), backend.writer("dev")
    second.save(Snapshot([STACK]), None)
    with pytest.raises(StateError, match="another run has written the state meanwhile"):
        first.save(Snapshot([STACK]), None)
    assert backend.list_stacks() == ["dev"]


def test_intents_that_begin_together_share_an_object(faulty: Store, proxy: FaultProxy) -> None:
    """A call of the bucket takes 50 ms, and 64 intents of 16 threads are written in fewer objects."""
    from concurrent.futures import ThreadPoolExecutor

    assert faulty.has_conditional_writes()
    proxy.plan = FaultPlan(share=1.0, faults=("late",), late=0.05)
    journal = Journal(faulty, "p", "dev", None, base="abc")
    began = time.monotonic()
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: journal.intent("create", STACK), range(64)))
    seconds = time.monotonic() - began
    journal.close()
    assert len(journal.replay()) == 64
    objects = [call for call in proxy.calls if call.method == "PUT" and "/journal/" in call.path]
    assert len(objects) < 40, (len(objects), seconds)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("s3://", "names no bucket"),
        ("s3://b?colour=red", "'colour' is no parameter"),
        ("s3://b?s3ForcePathStyle=perhaps", "neither true nor false"),
        ("s3://b?fips=true", "for the official CLI"),
        ("s3://b?profile=missing", "AWS credentials are missing"),
        ("azblob://c", "the storage account is missing"),
        ("gs://b?universe_domain=x", "for the official CLI"),
    ],
)
def test_a_bad_url_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, message: str) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: p\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text("")
    monkeypatch.setenv("PULUMI_BACKEND_URL", url)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises((ConfigError, UnsupportedError), match=message) as caught:
        _ = Stack(tmp_path, "dev").store
    assert caught.value.where.startswith("PULUMI_BACKEND_URL")
    assert int(caught.value.exit_code) == 2
