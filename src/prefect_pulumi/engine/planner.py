"""Decisions of the engine, as pure functions (rules: the official engine's step generator)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from prefect_pulumi.engine import paths
from prefect_pulumi.engine.goals import Goal
from prefect_pulumi.engine.steps import Op
from prefect_pulumi.lifecycle import Changes, DiffKind, DiffResult
from prefect_pulumi.state.entries import ResourceEntry, parse_provider_ref
from prefect_pulumi.values import UNKNOWN, Secret, same, secret, unwrap


def plain_diff(old: Mapping[str, Any], new: Mapping[str, Any]) -> DiffResult:
    """The engine's own comparison of inputs, used where a provider answers DIFF_UNKNOWN."""
    detailed: dict[str, DiffKind] = {}
    for key in sorted({*old, *new}):
        if key not in old:
            detailed[key] = DiffKind.ADD
        elif key not in new:
            detailed[key] = DiffKind.DELETE
        elif not same(old[key], new[key]):
            detailed[key] = DiffKind.UPDATE
    return DiffResult(changes=Changes.SOME if detailed else Changes.NONE, detailed=detailed)


def decide(diff: DiffResult, goal: Goal, old: ResourceEntry) -> Op:
    """SAME, UPDATE or REPLACE for an existing custom resource."""
    if diff.changes is Changes.NONE:
        return Op.UPDATE if old.init_errors else Op.SAME
    forced = any(
        paths.covers(pattern, changed)
        for pattern in goal.replace_on_changes
        for changed in (*diff.detailed, *diff.replaces)
    )
    if forced or diff.replaces or any(kind.replaces for kind in diff.detailed.values()):
        return Op.REPLACE
    return Op.UPDATE


def seal(outputs: Mapping[str, Any], inputs: Mapping[str, Any], additional: Iterable[str]) -> dict[str, Any]:
    """Outputs with the secret mark put on the named ones and on those whose same-named input is secret."""
    hidden = {key for key, value in inputs.items() if isinstance(value, Secret)} | set(additional)
    return {key: secret(value) if key in hidden else value for key, value in outputs.items()}


def inherit_alias(urn: str, old_parent: str, new_parent: str) -> str:
    """The URN that a child had under its parent's old URN."""
    return urn.replace(new_parent, old_parent, 1)


def references(entry: ResourceEntry) -> set[str]:
    """URNs that must stay while `entry` stays: the reverse of the order of deletes."""
    urns = {entry.parent, entry.deleted_with, *entry.dependencies, *entry.replace_with}
    if entry.provider:
        urns.add(parse_provider_ref(entry.provider)[0])
    for listed in entry.property_dependencies.values():
        urns.update(listed)
    urns.discard("")
    return urns


def condemned(
    root: ResourceEntry,
    entries: Iterable[ResourceEntry],
    replaces_if_unknown: Callable[[ResourceEntry, dict[str, Any]], bool],
) -> list[ResourceEntry]:
    """Old entries that a delete-before-replace of `root` takes along, in the order of their deletion.

    A dependent goes when it is deleted with a condemned one, uses a condemned provider, or has a property
    dependency on one and its provider would replace it for an unknown there. `entries` is in state order.
    """
    gone = {root.urn}
    found: list[ResourceEntry] = []
    for entry in entries:
        if entry.urn in gone or entry.delete:
            continue
        provider_urn = parse_provider_ref(entry.provider)[0] if entry.provider else ""
        if entry.deleted_with in gone or provider_urn in gone:
            hit = True
        else:
            keys = [key for key, urns in entry.property_dependencies.items() if gone.intersection(urns)]
            probe = {**entry.inputs, **dict.fromkeys(keys, UNKNOWN)}
            hit = bool(keys) and entry.custom and replaces_if_unknown(entry, probe)
        if hit:
            gone.add(entry.urn)
            found.append(entry)
    return found[::-1]


def matches_target(urn: str, targets: Iterable[str]) -> bool:
    """Targets are URNs with `*` (one part) and `**` (any) wildcards, or a bare resource name."""
    for target in targets:
        if "::" not in target:
            if urn.rsplit("::", 1)[-1] == target:
                return True
            continue
        pattern = "".join(
            ".*" if part == "**" else "[^:]*" if part == "*" else re.escape(part)
            for part in re.split(r"(\*\*|\*)", target)
        )
        if re.fullmatch(pattern, urn):
            return True
    return False


def state_differs(old: ResourceEntry, new: ResourceEntry) -> bool:
    """True when saving `new` would change the state file although the step is SAME."""
    return (
        not same(unwrap(old.inputs), unwrap(new.inputs))
        or set(old.dependencies) != set(new.dependencies)
        or old.parent != new.parent
        or old.provider != new.provider
        or old.protect != new.protect
        or old.retain_on_delete != new.retain_on_delete
        or old.deleted_with != new.deleted_with
        or set(old.ignore_changes) != set(new.ignore_changes)
        or set(old.additional_secret_outputs) != set(new.additional_secret_outputs)
        or old.urn != new.urn
    )
