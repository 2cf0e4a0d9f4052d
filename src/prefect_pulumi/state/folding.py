"""What a run that did not end left in its journal, folded into the checkpoint."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from prefect_pulumi.state import integrity
from prefect_pulumi.state.backend import FileBackend
from prefect_pulumi.state.entries import PendingOperation, ResourceEntry, Snapshot, parse_provider_ref
from prefect_pulumi.state.journal import Journal, Record
from prefect_pulumi.state.secrets import PassphraseManager

_PROVIDER = "pulumi:providers:"
_DELETES = frozenset({"delete", "delete-replaced"})
_BESIDE = "create-replacement"
"""A create whose old one stays to the end of the run."""
_PENDING = {"create": "creating", "replace": "creating", _BESIDE: "creating", "update": "updating"}


def load(backend: FileBackend, stack: str, manager: PassphraseManager | None) -> Snapshot:
    """The stack's state with what a crashed run had finished in it; nothing is written."""
    snapshot = backend.reader(stack).load(manager)
    journal = Journal(backend.root, backend.project, stack, manager)
    records = journal.replay()
    if not records:
        return snapshot
    return fold(snapshot, records, changed=journal.base not in {None, backend.digest(stack)})


def fold(snapshot: Snapshot, records: Iterable[Record], *, changed: bool = False) -> Snapshot:
    """The snapshot with every finished operation in it; intents without a result become pending operations.

    `changed`: somebody else has written the checkpoint since the journal was begun. What it holds now counts, and
    what the journal made beyond that becomes a pending create, which is looked for on the server.
    """
    resources = list(snapshot.resources)
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
            resources = _applied(resources, intent, record)
        elif record.entry is None:
            made.pop(intent.entry.urn, None)
        elif record.entry.custom and not record.entry.delete:
            made[record.entry.urn] = replace(record.entry, created=intent.entry.created or record.entry.created)
    known = {entry.urn for entry in resources if not entry.delete}
    unknown = [entry for urn, entry in made.items() if urn not in known]
    resources += [entry for entry in unknown if entry.type.startswith(_PROVIDER)]  # nothing of it is on a server
    pending = list(snapshot.pending_operations)
    pending += [PendingOperation(entry, "creating") for entry in unknown if not entry.type.startswith(_PROVIDER)]
    for record in intents.values():
        if record.entry is not None:
            kind = "deleting" if record.op in _DELETES else _PENDING.get(record.op, "updating")
            pending.append(PendingOperation(record.entry, kind))
    providers = {entry.urn: entry.id for entry in resources if entry.type.startswith(_PROVIDER) and not entry.delete}
    pending = [replace(each, resource=_with_provider(each.resource, providers)) for each in pending]
    single = {(each.type, each.resource.urn, each.resource.id): each for each in pending}
    return replace(
        snapshot,
        resources=integrity.sort(integrity.without_dead_edges(resources)),
        pending_operations=list(single.values()),
    )


def _applied(resources: list[ResourceEntry], intent: Record, record: Record) -> list[ResourceEntry]:
    subject, entry = intent.entry, record.entry
    assert subject is not None  # noqa: S101 - the caller has looked
    if entry is None and intent.op == "delete-replaced" and not subject.delete:
        # It stays until it is made again: others may refer to it.
        return [replace(e, pending_replacement=True) if _is(e, subject) else e for e in resources]
    if entry is not None and entry.delete:
        # The old half of a replacement, which waits for its deletion.
        return [*(e for e in resources if not _is(e, entry) and not _is(e, replace(entry, delete=False))), entry]
    if entry is None:
        return [e for e in resources if not _is(e, subject)]
    was = intent.was or subject.urn
    kept = [e for e in resources if e.urn not in {was, subject.urn} or (e.delete and not _is(e, subject))]
    if intent.op == _BESIDE:
        kept += [replace(e, urn=subject.urn, delete=True) for e in resources if e.urn == was and not e.delete]
    if was != subject.urn:
        kept = [integrity.renamed(e, {was: subject.urn}) for e in kept]
    return [*kept, entry]


def _with_provider(entry: ResourceEntry, providers: Mapping[str, str]) -> ResourceEntry:
    """The entry under the provider that the state has now: another run may have made that anew."""
    urn = parse_provider_ref(entry.provider)[0] if entry.provider else ""
    return replace(entry, provider=f"{urn}::{providers[urn]}") if urn in providers else entry


def _is(entry: ResourceEntry, other: ResourceEntry) -> bool:
    return entry.urn == other.urn and entry.delete == other.delete and (not other.id or entry.id == other.id)
