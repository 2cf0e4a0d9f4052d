"""Deletes of a run: what the program no longer declares, and what a replacement deletes first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from prefect_pulumi.core.errors import CheckError, PrefectPulumiError
from prefect_pulumi.core.provider_protocol import Changes, DiffRequest
from prefect_pulumi.engine.plan import planner
from prefect_pulumi.engine.plan.goals import Goal
from prefect_pulumi.engine.plan.scope import matches, used_by, users_of
from prefect_pulumi.engine.plan.steps import PROVIDER_PREFIX, Execution, Op, PlannedStep, Step, Steps
from prefect_pulumi.engine.run.dependency_executor import run_ordered
from prefect_pulumi.engine.run.providers import ProviderPool
from prefect_pulumi.engine.run.run_state import RunState
from prefect_pulumi.engine.run.servers import LocalServers, NoServers
from prefect_pulumi.engine.run.step_executor import StepExecutor
from prefect_pulumi.state import integrity
from prefect_pulumi.state.entries import ResourceEntry, urn_name

Key = tuple[str, bool, str]
"""URN, `delete` and id of an entry: a URN can have several old halves of replacements."""


class Deletion:
    """Decides what is deleted, and in which order; `executor` carries each delete out."""

    def __init__(
        self, state: RunState, pool: ProviderPool, executor: StepExecutor, servers: LocalServers | None = None
    ) -> None:
        self.state = state
        self.pool = pool
        self.executor = executor
        self.servers = servers or NoServers()

    # At the end of the run

    def delete_undeclared(self) -> None:
        """Deletes what the program no longer declares. Call only after the program ended.

        What a failed resource of this run still uses stays.
        """
        entries = self.state.undeclared()
        if not self.state.options.selection.everything:
            entries = self._selected(entries)
        failed = self.state.failed
        if failed:
            kept = used_by(failed, self._entries_before())
            entries = [entry for entry in entries if entry.urn not in kept]
        self._delete_all(entries)

    def _entries_before(self) -> list[ResourceEntry]:
        """For the order alone: what lives on a server of the stack refers to it here, whoever declared it."""
        entries = [entry for entry in self.state.before.resources if not entry.delete]
        hosts = self.servers.hosts(entries)
        if not hosts:
            return entries
        entries = [
            replace(entry, dependencies=[*entry.dependencies, hosts[entry.urn]]) if entry.urn in hosts else entry
            for entry in entries
        ]
        return integrity.sort(entries)

    def _selected(self, undeclared: list[ResourceEntry]) -> list[ResourceEntry]:
        """Those that `--target` or `--exclude` allows. When users of a target stay, it is an error and nothing goes."""
        selection, entries = self.state.options.selection, self._entries_before()
        if selection.excludes:
            roots = {entry.urn for entry in entries if matches(entry.urn, selection.excludes)}
            if selection.exclude_dependents:
                roots = users_of(roots, entries)
            kept = used_by(roots, entries)
            return [entry for entry in undeclared if entry.urn not in kept]
        roots = {entry.urn for entry in undeclared if matches(entry.urn, selection.targets)}
        users = users_of(roots, entries)
        if not selection.target_dependents:
            for entry in undeclared:
                if entry.urn in users and entry.urn not in roots:
                    error = CheckError(
                        "the resource uses what is to be deleted, but is no target itself",
                        where=entry.urn,
                        remedy="choose it too, or give --target-dependents",
                    )
                    self.state.errors.append(error)
            if self.state.errors:
                return []
        return [entry for entry in undeclared if entry.urn in users]

    def _delete_all(self, entries: Iterable[ResourceEntry]) -> None:
        """Deletes entries, users before what they use; a failure stops only what waits for it."""
        by_key: dict[Key, ResourceEntry] = {(entry.urn, entry.delete, entry.id): entry for entry in entries}
        by_urn: dict[str, list[Key]] = {}
        for key in by_key:
            by_urn.setdefault(key[0], []).append(key)
        users: dict[Key, set[Key]] = {key: set() for key in by_key}
        hosts = self.servers.hosts(self.state.all_entries()) if by_key else {}
        for user, entry in by_key.items():
            for urn in (*planner.references(entry), *([hosts[entry.urn]] if entry.urn in hosts else ())):
                for used in by_urn.get(urn, ()):
                    if used != user:
                        users[used].add(user)
        being_deleted = frozenset(by_urn)
        run_ordered(
            by_key,
            users,
            lambda key: self._delete(by_key[key], being_deleted),
            parallel=self.state.options.parallel,
        )

    def _delete(self, entry: ResourceEntry, being_deleted: frozenset[str]) -> bool:
        """False when the entry stays; then `state.errors` says why, or the run was aborted."""
        if entry.protect and not entry.delete:
            error = CheckError(
                "the resource is protected and cannot be deleted",
                where=entry.urn,
                remedy=f"unprotect it first: infra state unprotect '{entry.urn}'",
            )
            self.state.errors.append(error)
            return False
        step = Step(_delete_op(entry), entry.urn, entry.type, entry)
        without_call = not _needs_call(entry) or entry.deleted_with in being_deleted
        if self.state.dry_run or without_call:
            self.executor.execute(PlannedStep(step, Execution.DELETE))
            return True
        if self.state.aborted:
            return False
        try:
            provider = self.pool.for_entry(entry, self.state.all_entries())
            self.executor.execute(PlannedStep(step, Execution.DELETE, provider))
        except PrefectPulumiError as error:
            self.state.add_error(entry.urn, error)
            return False
        return True

    # Before a replacement

    def before_replacement(self, goal: Goal, old: ResourceEntry) -> Steps:
        """Deletes of `old`, and before it of what cannot exist without it. Each is created again when it is registered.

        Raises `CheckError` when one of them is protected.
        """
        dependents = planner.condemned(old, self.state.not_registered(), self._replaces_if_unknown)
        for entry in dependents:
            if entry.protect:
                raise CheckError(
                    f"the resource is protected, but replacing {urn_name(goal.urn)} deletes it",
                    where=entry.urn,
                    remedy=f"unprotect it first: infra state unprotect '{entry.urn}'",
                )
        going = {entry.urn for entry in (*dependents, old)}
        for entry in [*dependents, old]:
            step = Step(Op.DELETE_REPLACED, entry.urn, entry.type, entry)
            calls = _needs_call(entry) and entry.deleted_with not in going and not self.state.dry_run
            provider = self.pool.for_entry(entry, self.state.all_entries()) if calls else None
            yield PlannedStep(step, Execution.DELETE_FIRST, provider)

    def _replaces_if_unknown(self, entry: ResourceEntry, inputs: dict[str, Any]) -> bool:
        """Whether the entry's provider would replace it for `inputs`, which hold UNKNOWN for what is being deleted."""
        if entry.type.startswith(PROVIDER_PREFIX):
            provider = self.pool.load(entry.urn, entry.inputs)
            try:
                diff = provider.diff_config(
                    DiffRequest(entry.urn, old_inputs=entry.inputs, old_outputs=entry.outputs, new_inputs=inputs)
                )
            finally:
                provider.close()
            return planner.replaces(diff, ())
        provider = self.pool.for_entry(entry, self.state.before.resources)
        diff = provider.diff(
            DiffRequest(
                entry.urn,
                entry.id,
                old_inputs=entry.inputs,
                old_outputs=entry.outputs,
                new_inputs=inputs,
                ignore_changes=entry.ignore_changes,
            )
        )
        if diff.changes is Changes.UNKNOWN:
            diff = planner.plain_diff(entry.inputs, inputs)
        return planner.replaces(diff, entry.replace_on_changes)


def _delete_op(entry: ResourceEntry) -> Op:
    if entry.pending_replacement:
        return Op.REMOVE_PENDING
    if entry.external:
        return Op.DISCARD
    return Op.DELETE_REPLACED if entry.delete else Op.DELETE


def _needs_call(entry: ResourceEntry) -> bool:
    """False for an entry that has no object of its own, or whose object is to stay."""
    return (
        entry.custom
        and not entry.external
        and not entry.retain_on_delete
        and not entry.pending_replacement
        and not entry.type.startswith(PROVIDER_PREFIX)
    )
