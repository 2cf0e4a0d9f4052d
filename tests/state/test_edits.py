"""Entries deleted, renamed, unprotected: what names them follows, and the state stays sound."""

from __future__ import annotations

from typing import Any

import pytest

from prefect_pulumi.core.errors import InputError
from prefect_pulumi.state import integrity, state_edits
from prefect_pulumi.state.entries import ResourceEntry, Snapshot, make_urn


def urn(name: str, type: str = "x:index:T") -> str:
    return make_urn("dev", "p", type, name)


def snapshot() -> Snapshot:
    def entry(name: str, type: str = "x:index:T", **fields: Any) -> ResourceEntry:
        return ResourceEntry(urn(name, type), type, True, id=name, **fields)

    provider = "pulumi:providers:x"
    reference = f"{urn('own', provider)}::own"
    return Snapshot(
        [
            entry("own", provider),
            entry("a", provider=reference),
            entry("b", provider=reference, dependencies=[urn("a")], property_dependencies={"k": [urn("a")]}),
            entry("c", provider=reference, deleted_with=urn("b"), protect=True),
            entry("d", provider=reference, parent=urn("a")),
        ]
    )


def test_rename_changes_every_mention() -> None:
    edited, new = state_edits.rename(snapshot(), urn("a"), "first")
    assert new == urn("first")
    assert urn("a") not in repr(edited.resources)
    edited, new = state_edits.rename(edited, urn("own", "pulumi:providers:x"), "other")
    assert edited.resources[1].provider == f"{new}::own"
    assert integrity.check(edited) == []


def test_delete_only_what_nobody_uses() -> None:
    with pytest.raises(InputError, match="is used by"):
        state_edits.delete(snapshot(), urn("a"))
    with pytest.raises(InputError, match="is protected"):
        state_edits.delete(snapshot(), urn("b"), dependents=True)
    edited, gone = state_edits.delete(snapshot(), urn("b"), dependents=True, force=True)
    assert gone == [urn("b"), urn("c")]
    assert [each.id for each in edited.resources] == ["own", "a", "d"]
    assert integrity.check(edited) == []


def test_unprotect() -> None:
    for urns in ([urn("c")], None):
        edited, freed = state_edits.unprotect(snapshot(), urns)
        assert freed == [urn("c")]
        assert not any(each.protect for each in edited.resources)


def test_a_wrong_name_is_helped() -> None:
    with pytest.raises(InputError) as raised:
        state_edits.unprotect(snapshot(), [urn("c", "x:index:Other")])
    assert raised.value.remedy == f"did you mean {urn('c')}?"
