"""Decisions of the engine, as pure functions (rules: the official engine's step generator)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from prefect_pulumi.core import property_paths
from prefect_pulumi.core.diffs import differences
from prefect_pulumi.core.errors import CheckError
from prefect_pulumi.core.provider_protocol import Changes, CheckFailure, DiffKind, DiffResult
from prefect_pulumi.core.values import UNKNOWN, Secret, has_secret, identical, same, secret, unwrap
from prefect_pulumi.engine.plan.goals import Goal
from prefect_pulumi.engine.plan.steps import PROVIDER_PREFIX, Op, Step
from prefect_pulumi.state.entries import ResourceEntry, parse_provider_ref

INIT_ERROR = "#initerror"
"""In `replace_on_changes`: an object whose create failed in part."""


def plain_diff(old: Mapping[str, Any], new: Mapping[str, Any]) -> DiffResult:
    """The engine's own comparison of inputs, used where a provider answers DIFF_UNKNOWN."""
    items = differences(old, new, entered=lambda path: not path, lists=False, sort_keys=True)
    detailed = {str(item.path[0]): DiffKind(item.op) for item in items}
    return DiffResult(changes=Changes.SOME if detailed else Changes.NONE, detailed=detailed)


def decide(diff: DiffResult, goal: Goal, old: ResourceEntry) -> Op:
    """SAME, UPDATE or REPLACE for an existing custom resource."""
    if old.init_errors and any(property_paths.covers(pattern, INIT_ERROR) for pattern in goal.replace_on_changes):
        return Op.REPLACE
    if diff.changes is Changes.NONE:
        return Op.UPDATE if old.init_errors else Op.SAME
    return Op.REPLACE if replaces(diff, goal.replace_on_changes) else Op.UPDATE


def imports(goal: Goal, old: ResourceEntry | None) -> bool:
    """Whether the goal takes an object over that the state does not have under its URN."""
    return bool(goal.import_id) and (old is None or old.external or goal.import_id != (old.import_id or old.id))


def is_absent(old: ResourceEntry) -> bool:
    """Whether `old` has no object that a custom resource under its URN could continue."""
    return old.external or old.pending_replacement or not old.custom


def replaces(diff: DiffResult, replace_on_changes: Iterable[str]) -> bool:
    """True when a difference forces a replacement, by the provider's word or by the option."""
    if diff.changes is Changes.NONE:
        return False
    if diff.replaces or any(kind.replaces for kind in diff.detailed.values()):
        return True
    return any(property_paths.covers(pattern, changed) for pattern in replace_on_changes for changed in diff.detailed)


def seal(outputs: Mapping[str, Any], inputs: Mapping[str, Any], additional: Iterable[str]) -> dict[str, Any]:
    """Outputs with the secret mark put on the named ones and on those whose same-named input is secret, or the parts
    of it that are."""
    named = set(additional)
    marked = {key: value for key, value in inputs.items() if key in outputs and has_secret(value)}

    def sealed(key: str, value: Any) -> Any:
        if key in named or isinstance(marked.get(key), Secret):
            return secret(value)
        return marked[key] if key in marked and not has_secret(value) and same(value, marked[key]) else value

    return {key: sealed(key, value) for key, value in outputs.items()} if named or marked else dict(outputs)


def provider_op(old: ResourceEntry | None, diff: DiffResult | None) -> Op:
    """The step of a provider resource. `diff`: None when its inputs are as before."""
    if old is None:
        return Op.CREATE
    if old.pending_replacement:
        return Op.REPLACE
    if diff is None or diff.changes is Changes.NONE:
        return Op.SAME
    return Op.REPLACE if replaces(diff, ()) else Op.UPDATE


def deletes_first(goal: Goal, diff: DiffResult | None) -> bool:
    """Whether a replacement deletes the old object before the new one is created."""
    chosen = goal.delete_before_replace
    return bool(diff and diff.delete_before_replace) if chosen is None else chosen


def refuse_protected(goal: Goal, old: ResourceEntry) -> None:
    """Raises `CheckError` when `old` must not be replaced. Taking the option out of the program is enough."""
    if old.protect and goal.protect:
        raise CheckError(
            "the resource is protected, and this change replaces it", where=goal.urn, remedy="unprotect it first"
        )


def check_failed(urn: str, failures: Iterable[CheckFailure]) -> CheckError:
    """The error for what a provider's Check refuses, one line for each failure."""
    lines = [f"{failure.property}: {failure.reason}" if failure.property else failure.reason for failure in failures]
    return CheckError("\n".join(lines), where=urn)


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

    A dependent goes when it uses a condemned provider, is deleted with a condemned resource, or has a property
    dependency on one and its provider would replace it for an unknown there. `entries` is in state order.
    """
    gone = {root.urn}
    doomed: list[ResourceEntry] = []
    for entry in entries:
        if entry.urn in gone or entry.delete or not entry.custom or entry.external:
            continue
        provider_urn = parse_provider_ref(entry.provider)[0] if entry.provider else ""
        if provider_urn in gone or entry.deleted_with in gone:
            hit = True
        else:
            keys = [key for key, urns in entry.property_dependencies.items() if gone.intersection(urns)]
            probe = {**entry.inputs, **{key: UNKNOWN for key in keys if key in entry.inputs}}
            hit = bool(keys) and replaces_if_unknown(entry, probe)
        if hit:
            gone.add(entry.urn)
            doomed.append(entry)
    return doomed[::-1]


def state_differs(old: ResourceEntry, new: ResourceEntry) -> bool:
    """True when saving `new` would change the state file although the step is SAME."""
    return (
        not identical(old.inputs, new.inputs)
        or (not old.type.startswith(PROVIDER_PREFIX) and not identical(old.outputs, new.outputs))
        or set(old.dependencies) != set(new.dependencies)
        or old.parent != new.parent
        or old.provider != new.provider
        or old.protect != new.protect
        or old.retain_on_delete != new.retain_on_delete
        or old.deleted_with != new.deleted_with
        or set(old.ignore_changes) != set(new.ignore_changes)
        or set(old.additional_secret_outputs) != set(new.additional_secret_outputs)
        or set(old.replace_on_changes) != set(new.replace_on_changes)
        or old.custom_timeouts != new.custom_timeouts
        or old.import_id != new.import_id
        or old.external != new.external
        or old.taint != new.taint
        or old.urn != new.urn
    )


def changes_state(step: Step) -> bool:
    """True when saving the step's result would change the state file."""
    if step.old is None or step.op not in {Op.SAME, Op.READ}:
        return True
    if step.new is None:
        return False
    if step.op is Op.READ and not same(unwrap(step.old.outputs), unwrap(step.new.outputs)):
        return True
    return state_differs(step.old, step.new)
