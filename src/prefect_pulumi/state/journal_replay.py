"""What a run that did not end left in its journal, folded into the checkpoint."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from prefect_pulumi.state import integrity
from prefect_pulumi.state.backend import StateBackend, StateReader
from prefect_pulumi.state.entries import PendingOperation, ResourceEntry, Snapshot, parse_provider_ref
from prefect_pulumi.state.journal import Journal, Record
from prefect_pulumi.state.secrets import PassphraseManager

_PROVIDER = "pulumi:providers:"
_DELETES = frozenset({"delete", "delete-replaced"})
_BESIDE = "create-replacement"
"""A create whose old one stays to the end of the run."""
_PENDING = {"create": "creating", "replace": "creating", _BESIDE: "creating", "update": "updating"}


def load(
    backend: StateBackend,
    stack: str,
    manager: PassphraseManager | None,
    reader: StateReader | None = None,
    *,
    seize: bool = False,
) -> Snapshot:
    """The stack's state with what a crashed run had finished in it. `reader`: the stack's own.

    Nothing is written, unless `seize` takes the crashed run's journal over.
    """
    snapshot = (reader or backend.reader(stack)).load(manager)
    journal = Journal(backend.store, backend.project, stack, manager)
    records = journal.replay(seize=seize)
    if not records:
        return snapshot
    return fold(snapshot, records, changed=journal.base not in {None, backend.digest(stack)})


def fold(snapshot: Snapshot, records: Iterable[Record], *, changed: bool = False) -> Snapshot:
    """The snapshot with every finished operation in it; intents without a result become pending operations.

    `changed`: another program has written the checkpoint since the journal was begun. What it holds now counts, and
    what the journal made beyond that becomes a pending create, which is looked for on the server.
    """
    entries = _Entries(snapshot.resources)
    intents: dict[int, Record] = {}
    made: dict[str, ResourceEntry] = {}
    for record in records:
        if not record.outcome:
            intents[record.token] = record
            continue
        intent = intents.pop(record.token, record)
        if intent.entry is None or record.outcome == "failed":
            continue
        if not changed:
            entries.apply(intent, record)
        elif record.entry is None:
            made.pop(intent.entry.urn, None)
        elif record.entry.custom and not record.entry.delete:
            made[record.entry.urn] = replace(record.entry, created=intent.entry.created or record.entry.created)
    resources = entries.all()
    unknown = [entry for urn, entry in made.items() if urn not in entries.living]
    resources += [entry for entry in unknown if entry.type.startswith(_PROVIDER)]  # nothing of it is on a server
    pending = list(snapshot.pending_operations)
    pending += [PendingOperation(entry, "creating") for entry in unknown if not entry.type.startswith(_PROVIDER)]
    for record in intents.values():
        if record.entry is not None:
            kind = "deleting" if record.op in _DELETES else _PENDING.get(record.op, "updating")
            pending.append(PendingOperation(record.entry, kind))
    providers = {entry.urn: entry.id for entry in resources if entry.type.startswith(_PROVIDER) and not entry.delete}
    pending = [replace(operation, resource=_with_provider(operation.resource, providers)) for operation in pending]
    single = {(operation.type, operation.resource.urn, operation.resource.id): operation for operation in pending}
    return replace(
        snapshot,
        resources=integrity.sort(integrity.without_dead_edges(resources)),
        pending_operations=list(single.values()),
    )


class _Entries:
    """The entries of a state while a journal is folded in: the living by URN, and those that wait for deletion."""

    def __init__(self, resources: Iterable[ResourceEntry]) -> None:
        self.living: dict[str, ResourceEntry] = {}
        self.doomed: list[ResourceEntry] = []
        for entry in resources:
            if entry.delete:
                self.doomed.append(entry)
            else:
                self.living[entry.urn] = entry

    def all(self) -> list[ResourceEntry]:
        return [*self.living.values(), *self.doomed]

    def apply(self, intent: Record, record: Record) -> None:
        subject, entry = intent.entry, record.entry
        assert subject is not None  # noqa: S101 - the caller has looked
        if entry is None:
            self._deleted(subject, intent.op)
        elif entry.delete:
            # The old half of a replacement, which waits for its deletion.
            self._drop(replace(entry, delete=False))
            self._drop(entry)
            self.doomed.append(entry)
        else:
            self._made(subject, entry, intent)

    def _deleted(self, subject: ResourceEntry, op: str) -> None:
        known = self.living.get(subject.urn)
        if op == "delete-replaced" and not subject.delete:
            if known is not None and _is(known, subject):
                # It stays until it is created again: others may refer to it.
                self.living[subject.urn] = replace(known, pending_replacement=True)
            return
        self._drop(subject)

    def _made(self, subject: ResourceEntry, entry: ResourceEntry, intent: Record) -> None:
        was = intent.was or subject.urn
        former = self.living.pop(was, None)
        self.living.pop(subject.urn, None)
        if intent.op == _BESIDE and former is not None:
            self.doomed.append(replace(former, urn=subject.urn, delete=True))
        if was != subject.urn:
            names = {was: subject.urn}
            self.living = {urn: integrity.renamed(other, names) for urn, other in self.living.items()}
            self.doomed = [integrity.renamed(other, names) for other in self.doomed]
        self.living[entry.urn] = entry

    def _drop(self, gone: ResourceEntry) -> None:
        known = self.living.get(gone.urn)
        if known is not None and _is(known, gone):
            del self.living[gone.urn]
        if gone.delete:
            self.doomed = [entry for entry in self.doomed if not _is(entry, gone)]


def _with_provider(entry: ResourceEntry, providers: Mapping[str, str]) -> ResourceEntry:
    """The entry under the provider that the state has now: another run may have recreated it."""
    urn = parse_provider_ref(entry.provider)[0] if entry.provider else ""
    return replace(entry, provider=f"{urn}::{providers[urn]}") if urn in providers else entry


def _is(entry: ResourceEntry, other: ResourceEntry) -> bool:
    return entry.urn == other.urn and entry.delete == other.delete and (not other.id or entry.id == other.id)
