"""Resolves what a crashed or unanswered run left open: intents without a result."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from prefect_pulumi.core.errors import ServerUnavailableError
from prefect_pulumi.core.provider_protocol import CreateRecovery, ReadRequest, RecoverRequest
from prefect_pulumi.engine.plan.planner import seal
from prefect_pulumi.engine.run.events import Message, Sink
from prefect_pulumi.engine.run.providers import ProviderPool
from prefect_pulumi.state import integrity
from prefect_pulumi.state.entries import PendingOperation, ResourceEntry, Snapshot, urn_name

UNKNOWN_RESULT = "a create was interrupted, and its result is not known"
UNKNOWN_RESULT_REMEDY = (
    "look for its object: import it if it is there, then close the operation with infra refresh --clear-pending-creates"
)


@dataclass(frozen=True, slots=True)
class Unreachable:
    """An open operation whose server did not answer, and what was said of that."""

    operation: PendingOperation
    error: ServerUnavailableError


def resolve_pending(
    snapshot: Snapshot, operations: Sequence[PendingOperation], providers: ProviderPool, sink: Sink
) -> tuple[Snapshot, tuple[Unreachable, ...]]:
    """Resolves open operations of the snapshot by asking their provider; those whose server does not answer stay open.

    A provider with `CreateRecovery` looks for the object of an open create: one that was created no earlier than the
    intent is ours and is adopted, an older one is left alone. What was being updated or deleted is read again. A create
    that the provider cannot look for stays pending, as in the official engine.
    """
    entries = {entry.urn: entry for entry in snapshot.resources if not entry.delete}
    others = [entry for entry in snapshot.resources if entry.delete]
    pending = [operation for operation in snapshot.pending_operations if operation not in operations]
    unreachable: list[Unreachable] = []
    for operation in operations:
        entry = operation.resource
        if not entry.custom:
            continue
        try:
            if operation.type != "creating":
                _read_again(entry, entries, others, providers)
            elif not _created(operation, entries, others, providers, sink):
                pending.append(operation)
        except ServerUnavailableError as error:
            pending.append(operation)
            unreachable.append(Unreachable(operation, error))
    resources = integrity.sort(integrity.without_dead_edges([*entries.values(), *others]))
    return replace(snapshot, resources=resources, pending_operations=pending), tuple(unreachable)


def _created(
    operation: PendingOperation,
    entries: dict[str, ResourceEntry],
    others: list[ResourceEntry],
    providers: ProviderPool,
    sink: Sink,
) -> bool:
    """Adopts into `entries` what an open create had created. False when its result stays unknown."""
    entry = operation.resource
    known = entries.get(entry.urn)
    provider = providers.for_entry(entry, entries.values())
    if not isinstance(provider, CreateRecovery):
        sink.emit(Message("warning", f"{UNKNOWN_RESULT}; {UNKNOWN_RESULT_REMEDY}", entry.urn))
        return False
    # The official engine notes no time: then nothing says that an object of that name is ours.
    since = datetime.fromisoformat(entry.created).timestamp() if entry.created else math.inf
    held = frozenset(other.id for other in (*entries.values(), *others) if other.urn != entry.urn and other.custom)
    recovered = provider.recover(RecoverRequest(entry.urn, entry.inputs, since, held))
    if recovered is None or not recovered.id or recovered.id in held or (known and known.id == recovered.id):
        return True
    if known is not None and not known.pending_replacement:
        others.append(replace(known, delete=True))  # created before the old one was deleted, which is due now
    outputs = seal(recovered.outputs, entry.inputs, entry.additional_secret_outputs)
    entries[entry.urn] = replace(entry, id=recovered.id, outputs=outputs)
    sink.emit(Message("info", f"{urn_name(entry.urn)} was created by an interrupted run and is adopted", entry.urn))
    return True


def _read_again(
    entry: ResourceEntry, entries: dict[str, ResourceEntry], others: list[ResourceEntry], providers: ProviderPool
) -> None:
    """An open update or delete: the state takes what the provider reports now."""
    if entry.delete:
        return  # an old half of a replacement: the run deletes it, and deleting what is gone succeeds
    known = entries.get(entry.urn)
    if known is None or known.pending_replacement or known.id != entry.id:
        return
    provider = providers.for_entry(known, entries.values())
    read = provider.read(ReadRequest(known.urn, known.id, known.inputs, known.outputs))
    if read.id:
        outputs = seal(read.outputs, {**known.inputs, **read.inputs}, known.additional_secret_outputs)
        entries[known.urn] = replace(known, inputs=read.inputs or known.inputs, outputs=outputs)
    elif any(known.urn in integrity.edges(other) for other in [*entries.values(), *others]):
        # Others refer to it, so it stays until the run creates it again or deletes it.
        entries[known.urn] = replace(known, pending_replacement=True)
    else:
        del entries[known.urn]
