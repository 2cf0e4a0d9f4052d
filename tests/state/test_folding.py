"""Folding a journal into a checkpoint: replacements, renames, and a checkpoint that somebody else has written since."""

from __future__ import annotations

from dataclasses import replace

from prefect_pulumi.state import integrity
from prefect_pulumi.state.entries import PendingOperation, ResourceEntry, Snapshot, make_urn
from prefect_pulumi.state.journal import Record
from prefect_pulumi.state.journal_replay import fold


def entry(name: str, **fields: object) -> ResourceEntry:
    urn = make_urn("dev", "p", "x:index:T", name)
    return replace(ResourceEntry(urn, "x:index:T", True, id=name), **fields)  # type: ignore[arg-type]


def ids(snapshot: Snapshot) -> list[tuple[str, bool, bool]]:
    assert integrity.check(snapshot) == []
    return [(each.id, each.delete, each.pending_replacement) for each in snapshot.resources]


OLD = entry("a", id="1")
NEW = entry("a", id="2")
USER = entry("user", dependencies=[OLD.urn])
BEFORE = Snapshot([OLD, USER])


def test_what_is_deleted_first_keeps_its_place_until_it_is_made_again() -> None:
    gone = [Record(1, "delete-replaced", OLD), Record(1, "", None, "done")]
    assert ids(fold(BEFORE, gone)) == [("1", False, True), ("user", False, False)]
    made = [*gone, Record(2, "replace", replace(NEW, id="")), Record(2, "", NEW, "done")]
    assert ids(fold(BEFORE, made)) == [("2", False, False), ("user", False, False)]


def test_an_open_create_after_the_delete_is_looked_for() -> None:
    records = [
        Record(1, "delete-replaced", OLD),
        Record(1, "", None, "done"),
        Record(2, "replace", replace(NEW, id="")),
    ]
    folded = fold(BEFORE, records)
    assert ids(folded) == [("1", False, True), ("user", False, False)]
    assert folded.pending_operations == [PendingOperation(replace(NEW, id=""), "creating")]


def test_what_is_replaced_beside_the_old_one_leaves_that_to_be_deleted() -> None:
    made = [Record(1, "create-replacement", replace(NEW, id="")), Record(1, "", NEW, "done")]
    noted = [*made, Record(2, "replace", replace(OLD, delete=True), "done")]
    for records in (made, noted):
        assert sorted(ids(fold(BEFORE, records))) == [
            ("1", True, False), ("2", False, False), ("user", False, False)
        ]  # fmt: skip
    ended = [*noted, Record(3, "delete-replaced", replace(OLD, delete=True)), Record(3, "", None, "done")]
    assert ids(fold(BEFORE, ended)) == [("2", False, False), ("user", False, False)]


def test_a_rename_leaves_one_entry_and_no_edge_to_the_old_name() -> None:
    moved = entry("b", id="1")
    folded = fold(BEFORE, [Record(1, "same", moved, "done", OLD.urn)])
    assert ids(folded) == [("1", False, False), ("user", False, False)]
    assert folded.resources[1].dependencies == [moved.urn]
    updated = [Record(1, "update", moved, "", OLD.urn), Record(1, "", moved, "done")]
    assert ids(fold(BEFORE, updated)) == [("1", False, False), ("user", False, False)]


def test_somebody_elses_checkpoint_counts_before_the_journal() -> None:
    records = [
        Record(1, "create", entry("new", id="", created="2026-01-01T00:00:00Z")),
        Record(1, "", entry("new"), "done"),
        Record(2, "update", OLD),
        Record(2, "", replace(OLD, id="stale"), "done"),
        Record(3, "delete", USER),
        Record(3, "", None, "done"),
    ]
    folded = fold(BEFORE, records, changed=True)
    assert ids(folded) == [("1", False, False), ("user", False, False)]
    (pending,) = folded.pending_operations
    assert (pending.type, pending.resource.id, pending.resource.created) == ("creating", "new", "2026-01-01T00:00:00Z")


def test_folding_twice_is_folding_once() -> None:
    """A crash between the checkpoint and the clearing of its journal."""
    records = [
        Record(1, "create", entry("new", id="")),
        Record(1, "", entry("new"), "done"),
        Record(2, "delete", USER),
        Record(2, "", None, "done"),
        Record(3, "update", OLD),
    ]
    once = fold(BEFORE, records)
    assert fold(once, records) == once
    assert fold(once, records, changed=True) == once
