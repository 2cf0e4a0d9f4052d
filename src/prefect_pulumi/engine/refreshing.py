"""Refresh: reads every managed object and brings its entry up to date."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

from prefect_pulumi.engine.deployment import Options
from prefect_pulumi.engine.events import Sink, StepDone
from prefect_pulumi.engine.planner import matches_target, plain_diff, references, seal
from prefect_pulumi.engine.providers import ProviderPool
from prefect_pulumi.engine.steps import PROVIDER_PREFIX, Op, Step
from prefect_pulumi.errors import PartialFailureError
from prefect_pulumi.lifecycle import Changes
from prefect_pulumi.state import integrity
from prefect_pulumi.state.entries import ResourceEntry, Snapshot
from prefect_pulumi.values import same, unwrap


def refresh_entries(
    snapshot: Snapshot, providers: ProviderPool, sink: Sink, options: Options
) -> tuple[Snapshot, tuple[Step, ...]]:
    """The snapshot as the providers report it now, and one step for each entry that changed.

    Reads run in parallel, so that a provider can answer those in flight with a few list calls.
    """
    entries = {entry.urn: entry for entry in snapshot.resources if not entry.delete}
    readable = [entry for entry in entries.values() if _readable(entry, options)]
    with ThreadPoolExecutor(max_workers=max(1, min(len(readable), 256))) as pool:
        steps = list(pool.map(lambda entry: _read(entry, entries, providers), readable))
    fresh = {**entries}
    for step in steps:
        if step.new is None:
            del fresh[step.urn]
        else:
            fresh[step.urn] = step.new
        if step.op is not Op.SAME:
            sink.emit(StepDone(step, True, 0.0))
    kept = [_pruned(entry, fresh) for entry in fresh.values()]
    leftovers = [entry for entry in snapshot.resources if entry.delete]
    changed = tuple(replace(step, op=_REPORTED[step.op]) for step in steps if step.op is not Op.SAME)
    return replace(snapshot, resources=integrity.sort([*kept, *leftovers])), changed


_REPORTED = {Op.UPDATE: Op.UPDATE, Op.DELETE: Op.DELETE, Op.REFRESH: Op.REFRESH}


def _readable(entry: ResourceEntry, options: Options) -> bool:
    managed = entry.custom and not entry.type.startswith(PROVIDER_PREFIX) and not entry.pending_replacement
    return managed and (not options.targets or matches_target(entry.urn, options.targets))


def _read(entry: ResourceEntry, entries: dict[str, ResourceEntry], providers: ProviderPool) -> Step:
    provider = providers.for_entry(entry, entries)
    errors: list[str] = []
    try:
        read = provider.read(entry.urn, entry.id, entry.inputs, entry.outputs)
        id, inputs, outputs = read.id, read.inputs, read.outputs
    except PartialFailureError as error:
        id, inputs, outputs, errors = error.id, entry.inputs, error.outputs, list(error.reasons)
    if not id:
        return Step(Op.DELETE, entry.urn, entry.type, entry)
    inputs = inputs or entry.inputs
    outputs = seal(outputs, {**entry.inputs, **inputs}, entry.additional_secret_outputs)
    if same(unwrap(outputs), unwrap(entry.outputs)) and same(unwrap(inputs), unwrap(entry.inputs)):
        return Step(Op.SAME, entry.urn, entry.type, entry, replace(entry, init_errors=errors))
    fresh = replace(entry, id=id, inputs=inputs, outputs=outputs, init_errors=errors, modified=_now())
    diff = provider.diff(entry.urn, id, inputs, outputs, entry.inputs, entry.ignore_changes)
    if diff.changes is Changes.UNKNOWN:
        diff = plain_diff(inputs, entry.inputs)
    op = Op.REFRESH if diff.changes is Changes.NONE else Op.UPDATE
    return Step(op, entry.urn, entry.type, entry, fresh, diff)


def _pruned(entry: ResourceEntry, entries: dict[str, ResourceEntry]) -> ResourceEntry:
    """Edges to entries that are gone are dropped, as the official engine does."""
    if all(urn in entries for urn in references(entry)):
        return entry
    return replace(
        entry,
        parent=entry.parent if entry.parent in entries else "",
        dependencies=[urn for urn in entry.dependencies if urn in entries],
        property_dependencies={
            key: kept
            for key, urns in entry.property_dependencies.items()
            if (kept := [urn for urn in urns if urn in entries])
        },
    )


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")
