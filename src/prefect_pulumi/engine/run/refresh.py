"""Refresh: reads every managed object and updates its entry."""

from __future__ import annotations

from dataclasses import replace

from prefect_pulumi.core.errors import PartialFailureError, PrefectPulumiError
from prefect_pulumi.core.interruption import thread_pool
from prefect_pulumi.core.provider_protocol import Changes, DiffRequest, Provider, ReadRequest, ReadResult
from prefect_pulumi.core.values import same, unwrap
from prefect_pulumi.engine.plan.planner import plain_diff, references, seal
from prefect_pulumi.engine.plan.scope import matches, users_of
from prefect_pulumi.engine.plan.steps import PROVIDER_PREFIX, Op, Step
from prefect_pulumi.engine.run.events import Sink, StepDone
from prefect_pulumi.engine.run.providers import ProviderPool
from prefect_pulumi.engine.run.run_state import RunOptions
from prefect_pulumi.engine.run.timestamps import now
from prefect_pulumi.state import integrity
from prefect_pulumi.state.entries import ResourceEntry, Snapshot


def refresh_entries(
    snapshot: Snapshot, providers: ProviderPool, sink: Sink, options: RunOptions
) -> tuple[Snapshot, tuple[Step, ...]]:
    """The snapshot as the providers report it now, and one step for each entry that changed.

    Each provider gets all its reads at once, so that it can answer them with a few list calls.
    """
    entries = {entry.urn: entry for entry in snapshot.resources if not entry.delete}
    chosen = _chosen(entries, options)
    readable = [entry for entry in snapshot.resources if _readable(entry) and entry.urn in chosen]
    groups: dict[str, list[ResourceEntry]] = {}
    for entry in readable:
        groups.setdefault(entry.provider, []).append(entry)
    with thread_pool(max(1, len(groups))) as pool:
        read = pool.map(lambda group: _read_all(group, snapshot, providers), groups.values())
        steps = [step for group in read for step in group]
    fresh, leftovers = {**entries}, [entry for entry in snapshot.resources if entry.delete]
    for step in steps:
        if step.old is not None and step.old.delete:
            # Its replacement exists already: all that counts is whether it is still to be deleted.
            leftovers = [left for left in leftovers if left is not step.old or step.new is not None]
        elif step.new is None:
            del fresh[step.urn]
        else:
            fresh[step.urn] = step.new
        if step.op is not Op.SAME:
            sink.emit(StepDone(step, True, 0.0))
    kept = [_pruned(entry, fresh) for entry in fresh.values()]
    changed = tuple(replace(step, op=_REPORTED[step.op]) for step in steps if step.op is not Op.SAME)
    return replace(snapshot, resources=integrity.sort([*kept, *leftovers])), changed


_REPORTED = {Op.UPDATE: Op.UPDATE, Op.DELETE: Op.DELETE, Op.REFRESH: Op.REFRESH}


def _readable(entry: ResourceEntry) -> bool:
    return entry.custom and not entry.type.startswith(PROVIDER_PREFIX) and not entry.pending_replacement


def _chosen(entries: dict[str, ResourceEntry], options: RunOptions) -> set[str]:
    selection = options.selection
    if selection.targets:
        roots = {urn for urn in entries if matches(urn, selection.targets)}
        return users_of(roots, entries.values()) if selection.target_dependents else roots
    roots = {urn for urn in entries if matches(urn, selection.excludes)}
    return set(entries) - (users_of(roots, entries.values()) if selection.exclude_dependents else roots)


def _read_all(group: list[ResourceEntry], snapshot: Snapshot, providers: ProviderPool) -> list[Step]:
    provider = providers.for_entry(group[0], snapshot.resources)
    answers = provider.read_many([ReadRequest(e.urn, e.id, e.inputs, e.outputs) for e in group])
    return [_step(entry, provider, answer) for entry, answer in zip(group, answers, strict=True)]


def _step(entry: ResourceEntry, provider: Provider, answer: ReadResult | PrefectPulumiError) -> Step:
    errors: list[str] = []
    if isinstance(answer, ReadResult):
        id, inputs, outputs = answer.id, answer.inputs, answer.outputs
    elif isinstance(answer, PartialFailureError):
        id, inputs, outputs, errors = answer.id, entry.inputs, answer.outputs, list(answer.reasons)
    else:
        raise answer
    if not id:
        return Step(Op.DELETE, entry.urn, entry.type, entry)
    inputs = inputs or entry.inputs
    outputs = seal(outputs, {**entry.inputs, **inputs}, entry.additional_secret_outputs)
    if same(unwrap(outputs), unwrap(entry.outputs)) and same(unwrap(inputs), unwrap(entry.inputs)):
        return Step(Op.SAME, entry.urn, entry.type, entry, replace(entry, init_errors=errors))
    fresh = replace(entry, id=id, inputs=inputs, outputs=outputs, init_errors=errors, modified=now())
    if entry.external:
        # Its inputs are the program's: what a provider makes of them does not count.
        op = Op.SAME if same(outputs, entry.outputs) else Op.UPDATE
        return Step(op, entry.urn, entry.type, entry, replace(fresh, inputs=entry.inputs))
    diff = provider.diff(
        DiffRequest(
            entry.urn,
            id,
            old_inputs=inputs,
            old_outputs=outputs,
            new_inputs=entry.inputs,
            ignore_changes=entry.ignore_changes,
        )
    )
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
