"""What a stack's state says of its releases: the one that it runs, those that it keeps, and their verifications."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from prefect_pulumi.core.values import unwrap
from prefect_pulumi.models.release_record import ReleaseRecord, Verification
from prefect_pulumi.state.entries import ResourceEntry

TYPE = "prefect:index:Release"


@dataclass(frozen=True, slots=True)
class StackReleases:
    """`record` is None when the stack's last update ran from a tree that was not exactly a commit; `known` is False
    when its program declares no release, or the stack has never been created."""

    known: bool = False
    record: ReleaseRecord | None = None
    kept: tuple[ReleaseRecord, ...] = ()
    verifications: Mapping[str, Verification] = field(default_factory=dict)

    def find(self, id: str) -> ReleaseRecord | None:
        return next((record for record in self.kept if record.id == id), None)

    def verification(self, id: str) -> Verification | None:
        return self.verifications.get(id)


def stack_releases(entries: Iterable[ResourceEntry]) -> StackReleases:
    """From the entries of a stack's state."""
    entry = release_entry(entries)
    if entry is None:
        return StackReleases()
    outputs = unwrap(dict(entry.outputs))
    record = outputs.get("record") or {}
    return StackReleases(
        True,
        ReleaseRecord.parse(record) if record else None,
        tuple(ReleaseRecord.parse(kept) for kept in outputs.get("kept") or ()),
        {str(id): Verification.parse(raw) for id, raw in (outputs.get("verifications") or {}).items()},
    )


def release_entry(entries: Iterable[ResourceEntry]) -> ResourceEntry | None:
    return next((entry for entry in entries if entry.type == TYPE and not entry.delete), None)


def with_verification(entry: ResourceEntry, verification: Verification) -> ResourceEntry:
    """The entry of a state, with the evidence added."""
    before = unwrap(entry.outputs.get("verifications") or {})
    after = {**before, verification.release: verification.document()}
    return replace(entry, outputs={**entry.outputs, "verifications": after})
