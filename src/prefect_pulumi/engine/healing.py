"""Heals what a crashed or unanswered run left open: intents without a result."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from prefect_pulumi.engine.events import Message, Sink
from prefect_pulumi.engine.planner import seal
from prefect_pulumi.engine.providers import ProviderPool
from prefect_pulumi.state import integrity
from prefect_pulumi.state.entries import Snapshot, urn_name


def heal(snapshot: Snapshot, providers: ProviderPool, sink: Sink) -> Snapshot:
    """Resolves open creates by asking their provider; other open operations are simply repeated by the run.

    Names are unique in Prefect: an object of the intent's name that was made no earlier than the intent is ours
    and is adopted. One that is older belongs to somebody else and is left alone. What the provider cannot
    tell stays pending, as the official engine keeps it.
    """
    entries = {entry.urn: entry for entry in snapshot.resources if not entry.delete}
    resources = list(snapshot.resources)
    pending = []
    for operation in snapshot.pending_operations:
        entry = operation.resource
        if operation.type != "creating" or not entry.custom or entry.urn in entries:
            continue
        provider = providers.for_entry(entry, entries.values())
        recover = getattr(provider, "recover", None)
        if recover is None:
            pending.append(operation)
            sink.emit(Message("warning", "a create was interrupted; its result is not known", entry.urn))
            continue
        since = datetime.fromisoformat(entry.created).timestamp() if entry.created else 0.0
        found = recover(entry.urn, entry.inputs, since)
        if found is None or not found.id:
            continue
        outputs = seal(found.outputs, entry.inputs, entry.additional_secret_outputs)
        adopted = replace(entry, id=found.id, outputs=outputs)
        entries[entry.urn] = adopted
        resources.append(adopted)
        sink.emit(Message("info", f"{urn_name(entry.urn)} was made by an interrupted run and is adopted", entry.urn))
    return replace(snapshot, resources=integrity.sort(resources), pending_operations=pending)
