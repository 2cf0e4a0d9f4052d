"""Which resources a run may touch (`--target`, `--exclude`) and which it must replace (`--replace`)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from prefect_pulumi.engine.plan.planner import references
from prefect_pulumi.state.entries import ResourceEntry


@dataclass(frozen=True, slots=True)
class Selection:
    """URN patterns or bare names; empty `targets` mean everything. Only one of `targets` and `excludes` is given.

    `target_dependents`, `exclude_dependents`: what uses a chosen resource, or is its child, is chosen too.
    """

    targets: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    replace: tuple[str, ...] = ()
    target_dependents: bool = False
    exclude_dependents: bool = False

    @property
    def everything(self) -> bool:
        return not self.targets and not self.excludes


def matches(urn: str, patterns: Iterable[str]) -> bool:
    """Patterns are URNs with the wildcards `*` (anything without a colon) and `**` (anything), or bare names."""
    for pattern in patterns:
        if "::" not in pattern and not pattern.startswith("**"):
            if re.fullmatch(_regex(pattern), urn.split("::", 3)[-1]):
                return True
        elif re.fullmatch(_regex(pattern), urn):
            return True
    return False


def _regex(pattern: str) -> str:
    parts = re.split(r"(\*\*|\*)", pattern)
    return "".join(".*" if part == "**" else "[^:]*" if part == "*" else re.escape(part) for part in parts)


class Scope:
    """The selection as it grows over a run: a dependent is chosen once what it uses is. The run's lock guards it."""

    def __init__(self, selection: Selection) -> None:
        self.selection = selection
        self._chosen: set[str] = set()

    def includes(self, entry: ResourceEntry) -> bool:
        """Asked once for each resource, after all that it uses."""
        chosen = self.selection
        if chosen.targets:
            hit = matches(entry.urn, chosen.targets)
            return self._grown(entry, hit, chosen.target_dependents)
        if chosen.excludes:
            hit = matches(entry.urn, chosen.excludes)
            return not self._grown(entry, hit, chosen.exclude_dependents)
        return True

    def _grown(self, entry: ResourceEntry, hit: bool, dependents: bool) -> bool:
        hit = hit or (dependents and bool(references(entry) & self._chosen))
        if hit:
            self._chosen.add(entry.urn)
        return hit

    def replaces(self, urn: str) -> bool:
        return bool(self.selection.replace) and matches(urn, self.selection.replace)

    def unknown_targets(self, urns: Iterable[str]) -> list[str]:
        """Targets and replacements without a wildcard that are no resource at all."""
        known = list(urns)
        asked = (*self.selection.targets, *self.selection.replace)
        return [target for target in asked if "*" not in target and not any(matches(urn, [target]) for urn in known)]


def users_of(roots: Iterable[str], entries: Iterable[ResourceEntry]) -> set[str]:
    """URNs of `roots` and of all that uses them or is a child of them, in any number of steps.

    `entries` is in state order: what an entry refers to stands before it.
    """
    users = set(roots)
    for entry in entries:
        if references(entry) & users:
            users.add(entry.urn)
    return users


def used_by(roots: Iterable[str], entries: Iterable[ResourceEntry]) -> set[str]:
    """URNs of `roots` and of all that they refer to, in any number of steps. `entries` is in state order."""
    used = set(roots)
    for entry in reversed(list(entries)):
        if entry.urn in used:
            used |= references(entry)
    return used
