"""The rules by which the official CLI accepts a checkpoint; pure."""

from __future__ import annotations

from collections.abc import Iterable

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
    """Every fault for which the CLI would refuse the file; empty when it is sound."""
    faults: list[str] = []
    seen: set[str] = set()
    providers: set[str] = set()
    for index, entry in enumerate(snapshot.resources):
        place = f"resources[{index}] {entry.urn or '(no urn)'}"
        if not entry.urn or not entry.type:
            faults.append(f"{place}: urn or type is missing")
            continue
        if not entry.custom and entry.id:
            faults.append(f"{place}: a component has the id {entry.id!r}")
        if entry.provider and entry.provider not in providers and not entry.pending_replacement:
            faults.append(f"{place}: its provider {entry.provider} does not stand before it")
        provider_urn = parse_provider_ref(entry.provider)[0] if entry.provider else ""
        faults.extend(
            f"{place}: {urn} does not stand before it" for urn in sorted(edges(entry) - {provider_urn} - seen)
        )
        if (
            not entry.delete
            and entry.urn in seen
            and any(other.urn == entry.urn and not other.delete for other in snapshot.resources[:index])
        ):
            faults.append(f"{place}: its URN stands twice")
        seen.add(entry.urn)
        if entry.type.startswith("pulumi:providers:"):
            providers.add(f"{entry.urn}::{entry.id}")
    return faults


def sort(entries: Iterable[ResourceEntry]) -> list[ResourceEntry]:
    """A stable topological order: what an entry refers to stands before it; else the given order stays."""
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
