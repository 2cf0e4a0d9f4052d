"""Edits of a state by hand: entries deleted, renamed, unprotected. Pure; nothing of the real objects is touched."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from prefect_pulumi.core.errors import InputError
from prefect_pulumi.core.suggestions import suggestion
from prefect_pulumi.state import integrity
from prefect_pulumi.state.entries import ResourceEntry, Snapshot, urn_name


def delete(
    snapshot: Snapshot, urn: str, *, force: bool = False, dependents: bool = False
) -> tuple[Snapshot, list[str]]:
    """The snapshot without the entry, and the URNs that left it. Refused while others use it or it is protected."""
    _one(snapshot, urn)
    doomed = {urn}
    for entry in snapshot.resources:
        if integrity.edges(entry) & doomed:
            doomed.add(entry.urn)
    if len(doomed) > 1 and not dependents:
        names = ", ".join(sorted(doomed - {urn}))
        raise InputError(
            f"the resource is used by {names}", where=urn, remedy="delete those first, or give --target-dependents"
        )
    protected = [entry.urn for entry in snapshot.resources if entry.urn in doomed and entry.protect]
    if protected and not force:
        raise InputError(
            "the resource is protected", where=protected[0], remedy="infra state unprotect, or give --force"
        )
    left = [entry for entry in snapshot.resources if entry.urn not in doomed]
    return replace(snapshot, resources=left), sorted(doomed)


def rename(snapshot: Snapshot, urn: str, name: str) -> tuple[Snapshot, str]:
    """The snapshot with the entry and all that names it under the new URN."""
    _one(snapshot, urn)
    new = urn.removesuffix(urn_name(urn)) + name
    if any(entry.urn == new for entry in snapshot.resources):
        raise InputError("a resource of that name is there already", where=new, remedy="choose another name")
    renamed = {urn: new}
    return replace(snapshot, resources=[moved(entry, renamed) for entry in snapshot.resources]), new


def moved(entry: ResourceEntry, renamed: dict[str, str]) -> ResourceEntry:
    """The entry with every URN that it holds, its own included, under its new name."""
    return replace(integrity.renamed(entry, renamed), urn=renamed.get(entry.urn, entry.urn))


def unprotect(snapshot: Snapshot, urns: Iterable[str] | None) -> tuple[Snapshot, list[str]]:
    """The snapshot with these entries (None: all) no longer protected, and the URNs that were."""
    wanted = None if urns is None else set(urns)
    for urn in wanted or ():
        _one(snapshot, urn)
    freed = [e.urn for e in snapshot.resources if e.protect and (wanted is None or e.urn in wanted)]
    listed = [replace(entry, protect=False) if entry.urn in freed else entry for entry in snapshot.resources]
    return replace(snapshot, resources=listed), freed


def _one(snapshot: Snapshot, urn: str) -> ResourceEntry:
    matches = [entry for entry in snapshot.resources if entry.urn == urn]
    if not matches:
        urns = [entry.urn for entry in snapshot.resources]
        same = [f"did you mean {known}?" for known in urns if urn_name(known) == urn.rsplit("::", 1)[-1]]
        raise InputError(
            "the state has no such resource",
            where=urn,
            remedy=next(iter(same), suggestion(urn, urns, "infra stack export")),
        )
    return matches[0]
