"""The rules by which the official CLI accepts a checkpoint; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from prefect_pulumi.core.errors import StateError
from prefect_pulumi.state.entries import ResourceEntry, Snapshot, parse_provider_ref


def edges(entry: ResourceEntry) -> set[str]:
    """URNs that must stand earlier in the file than `entry`."""
    urns = {entry.parent, entry.deleted_with, *entry.dependencies, *entry.replace_with}
    for listed in entry.property_dependencies.values():
        urns.update(listed)
    if entry.provider:
        urns.add(parse_provider_ref(entry.provider)[0])
    urns.discard("")
    return urns


def check(snapshot: Snapshot) -> list[str]:
    """Every fault for which the CLI would refuse the file; empty when it is sound.

    The rules are those of `Snapshot.VerifyIntegrity` (pkg/resource/deploy/snapshot.go) and of the reader before it.
    """
    faults: list[str] = []
    everything = {entry.urn for entry in snapshot.resources}
    seen: set[str] = set()
    living: set[str] = set()
    providers: set[str] = set()
    for index, entry in enumerate(snapshot.resources):
        place = f"resources[{index}] {entry.urn or '(no urn)'}"
        if not entry.urn or not entry.type:
            faults.append(f"{place}: urn or type is missing")
            continue
        if not entry.custom and entry.id:
            faults.append(f"{place}: a component has the id {entry.id!r}")
        if entry.type.startswith("pulumi:providers:"):
            if not entry.id:
                faults.append(f"{place}: a provider without an id")
            providers.add(f"{entry.urn}::{entry.id}")
        faults += [f"{place}: {fault}" for fault in _provider_faults(entry, providers)]
        faults += [f"{place}: {fault}" for fault in _edge_faults(entry, seen, everything)]
        faults += [f"{place}: {fault}" for fault in _time_faults(entry)]
        if not entry.delete and entry.urn in living:
            faults.append(f"{place}: its URN stands twice")
        seen.add(entry.urn)
        if not entry.delete:
            living.add(entry.urn)
    return faults


def _provider_faults(entry: ResourceEntry, providers: set[str]) -> list[str]:
    if not entry.provider:
        return []
    try:
        parse_provider_ref(entry.provider)
    except StateError as error:
        return [error.message]
    if entry.provider in providers or entry.pending_replacement:
        return []
    return [f"its provider {entry.provider} does not stand before it"]


def _edge_faults(entry: ResourceEntry, seen: set[str], everything: set[str]) -> list[str]:
    named = [("parent", entry.parent), ("deletedWith", entry.deleted_with)]
    named += [("dependency", urn) for urn in entry.dependencies] + [("replaceWith", urn) for urn in entry.replace_with]
    for key, urns in entry.property_dependencies.items():
        named += [(f"dependency of property {key}", urn) for urn in urns]
    missing = dict.fromkeys((what, urn) for what, urn in named if urn and urn not in seen)
    return [
        f"its {what} {urn} {'does not stand before it' if urn in everything else 'is missing'}" for what, urn in missing
    ]


def _time_faults(entry: ResourceEntry) -> list[str]:
    faults = []
    for name in ("created", "modified"):
        text = getattr(entry, name)
        if text is None:
            continue
        try:
            sound = datetime.fromisoformat(text).tzinfo is not None and "T" in text
        except (TypeError, ValueError):
            sound = False
        if not sound:
            faults.append(f"its time `{name}` is not of the form 2026-01-31T12:00:00Z: {text!r}")
    return faults


def renamed(entry: ResourceEntry, names: Mapping[str, str]) -> ResourceEntry:
    """The entry with every reference to an old URN (key) leading to the new one (value)."""
    if not names:
        return entry

    def new(urn: str) -> str:
        return names.get(urn, urn)

    provider = entry.provider
    if provider:
        urn, id = parse_provider_ref(provider)
        provider = f"{new(urn)}::{id}"
    return replace(
        entry,
        parent=new(entry.parent),
        provider=provider,
        dependencies=[new(urn) for urn in entry.dependencies],
        property_dependencies={key: [new(urn) for urn in urns] for key, urns in entry.property_dependencies.items()},
        deleted_with=new(entry.deleted_with),
        replace_with=[new(urn) for urn in entry.replace_with],
    )


def without_dead_edges(entries: Iterable[ResourceEntry]) -> list[ResourceEntry]:
    """A failed run can leave an entry whose dependency never came to be; the file may not name it."""
    listed = list(entries)
    alive = {entry.urn for entry in listed}
    return [entry if edges(entry) <= alive else _pruned(entry, alive) for entry in listed]


def _pruned(entry: ResourceEntry, alive: set[str]) -> ResourceEntry:
    return replace(
        entry,
        parent=entry.parent if entry.parent in alive else "",
        dependencies=[urn for urn in entry.dependencies if urn in alive],
        property_dependencies={
            key: [urn for urn in urns if urn in alive] for key, urns in entry.property_dependencies.items()
        },
        deleted_with=entry.deleted_with if entry.deleted_with in alive else "",
        replace_with=[urn for urn in entry.replace_with if urn in alive],
    )


def sort(entries: Iterable[ResourceEntry]) -> list[ResourceEntry]:
    """A stable topological order: what an entry refers to comes before it; otherwise the given order stays.

    Not `graphlib.TopologicalSorter`, which gives all ready nodes at once: a resource that moves in the file for no
    reason is a change to a reader who compares two states.
    """
    listed = list(entries)
    by_urn: dict[str, list[ResourceEntry]] = {}
    for entry in listed:
        by_urn.setdefault(entry.urn, []).append(entry)
    placed: set[int] = set()
    result: list[ResourceEntry] = []
    for root in listed:
        stack: list[tuple[ResourceEntry, bool]] = [(root, False)]
        entered: set[int] = set()
        while stack:
            entry, ready = stack.pop()
            if id(entry) in placed:
                continue
            if ready:
                placed.add(id(entry))
                result.append(entry)
                continue
            if id(entry) in entered:
                continue
            entered.add(id(entry))
            stack.append((entry, True))
            for urn in sorted(edges(entry), reverse=True):
                stack.extend((other, False) for other in by_urn.get(urn, ()) if other is not entry)
    return result
