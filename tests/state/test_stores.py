"""The contract of stores, over files and over real services of buckets."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from prefect_pulumi.state.store import ChangedObjectError, Store, TakenLogError


def test_an_object_is_written_read_listed_and_deleted(store: Store) -> None:
    assert store.read("a/b.json") is None
    assert store.list("a") == []
    store.write("a/b.json", b"1")
    store.write("a/c/d.json", b"2", private=True)
    store.write("ab/e.json", b"3")
    stored = store.read("a/b.json")
    assert stored is not None
    assert stored.data == b"1"
    assert [item.key for item in store.list("a")] == ["a/b.json", "a/c/d.json"]
    assert [item.key for item in store.list("")] == ["a/b.json", "a/c/d.json", "ab/e.json"]
    assert abs(store.list("a")[0].modified - stored.modified) < 1
    assert store.where("a/b.json").endswith("/a/b.json")
    below = store.below("a")
    assert [item.key for item in below.list("")] == ["b.json", "c/d.json"]
    store.delete(["a/b.json", "a/none.json"])
    store.delete(["a/none.json"])
    assert [item.key for item in below.list("")] == ["c/d.json"]


def test_only_one_creates(store: Store) -> None:
    def create(number: int) -> bool:
        try:
            store.create("lock", b"%d" % number)
        except FileExistsError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(create, range(8))) == 1


def test_only_the_version_that_was_read_is_replaced(store: Store) -> None:
    first = store.replace("state", b"1", "")
    with pytest.raises(ChangedObjectError):
        store.replace("state", b"other", "")
    second = store.replace("state", b"2", first)
    with pytest.raises(ChangedObjectError):
        store.replace("state", b"other", first)
    stored = store.read("state")
    assert stored is not None
    assert (stored.data, stored.version) == (b"2", second)
    store.delete(["state"])
    with pytest.raises(ChangedObjectError):
        store.replace("state", b"other", second)
    assert store.read("state") is None


def test_a_log_has_its_lines_in_order(store: Store) -> None:
    log = store.log("notes/a.jsonl")
    assert not log.exists()
    assert log.lines() == []
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: log.append(b"%d" % number, wait=number % 3 == 0), range(60)))
    log.append(b"last")
    log.close()
    read = store.log("notes/a.jsonl")
    assert read.exists()
    assert sorted(read.lines()) == sorted([b"%d" % number for number in range(60)] + [b"last"])
    assert read.lines()[-1] == b"last"
    log.clear()
    assert not read.exists()
    assert [item for item in store.list("notes") if item.key != "notes/a.jsonl"] == []
    log.append(b"again")
    log.close()
    assert read.lines() == [b"again"]


def test_who_lost_its_log_appends_nothing_more(store: Store) -> None:
    log = store.log("journal.jsonl")
    log.append(b"one")
    log.append(b"two")
    other = store.log("journal.jsonl")
    assert other.seize() == other.seize() == [b"one", b"two"]
    other.clear()
    for _ in range(2):
        with pytest.raises(TakenLogError):
            log.append(b"three")
    log.close()
    assert not other.exists()
