"""Deletes of a run: what the program no longer declares, and what a replacement takes away first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from prefect_pulumi.core.errors import CheckError, PrefectPulumiError
from prefect_pulumi.core.provider_protocol import Changes, DeleteRequest, DiffRequest
from prefect_pulumi.engine.plan import planner
from prefect_pulumi.engine.plan.goals import Goal
from prefect_pulumi.engine.plan.scope import matches, used_by, users_of
from prefect_pulumi.engine.plan.steps import PROVIDER_PREFIX, Op, Step
from prefect_pulumi.engine.run.dependency_executor import run_ordered
from prefect_pulumi.engine.run.run_state import RunState, located
from prefect_pulumi.state.entries import ResourceEntry, urn_name


class Deleting(RunState):
    """The part of a run that deletes."""

    def check_targets(self) -> bool:
        """False, and an error noted for each, when a target is no resource of the program or the state."""
        with self._lock:
            known = {*self._goals, *self._olds}
        missing = self._scope.unknown_targets(known)
        for target in missing:
            self.errors.append(CheckError("there is no such resource", where=target, remedy="see infra preview"))
        return not missing

    @property
    def goes_on(self) -> bool:
        """`--continue-on-error`, and nothing but single resources have failed."""
        return self.options.continue_on_error and not self._aborted and len(self.errors) <= len(self._failed)

    def finish(self) -> None:
        """Deletes what the program no longer asks for. Call only after the program ended; what a failed resource
        of this run still uses stays."""
        with self._lock:
            moved = set(self._matching.renamed)
            doomed = [e for u, e in self._olds.items() if u not in self._goals and u not in moved]
            doomed = [*self._leftovers, *doomed]
        if not self.options.selection.everything:
            doomed = self._selected(doomed)
        if self._failed:
            kept = used_by(self._failed, self._state_order())
            doomed = [entry for entry in doomed if entry.urn not in kept]
        self.delete(doomed)

    def _state_order(self) -> list[ResourceEntry]:
        return [entry for entry in self._before.resources if not entry.delete]

    def _selected(self, doomed: list[ResourceEntry]) -> list[ResourceEntry]:
        """Those that `--target` or `--exclude` lets go. Raises `CheckError` when a target has users that stay."""
        chosen, entries = self.options.selection, self._state_order()
        if chosen.excludes:
            roots = {entry.urn for entry in entries if matches(entry.urn, chosen.excludes)}
            if chosen.exclude_dependents:
                roots = users_of(roots, entries)
            kept = used_by(roots, entries)
            return [entry for entry in doomed if entry.urn not in kept]
        roots = {entry.urn for entry in doomed if matches(entry.urn, chosen.targets)}
        wanted = users_of(roots, entries)
        if not chosen.target_dependents:
            for entry in doomed:
                if entry.urn in wanted and entry.urn not in roots:
                    error = CheckError(
                        "it uses what is to be deleted, but is no target itself",
                        where=entry.urn,
                        remedy="choose it too, or give --target-dependents",
                    )
                    self.errors.append(error)
            if self.errors:
                return []
        return [entry for entry in doomed if entry.urn in wanted]

    def delete(self, entries: Iterable[ResourceEntry]) -> None:
        """Deletes entries, users before what they use; a failure stops only what waits for it."""
        by_key = {(entry.urn, entry.delete, entry.id): entry for entry in entries}
        by_urn: dict[str, list[tuple[str, bool, str]]] = {}
        for key in by_key:
            by_urn.setdefault(key[0], []).append(key)
        self._deleting = {urn for urn, delete, _ in by_key if not delete}
        users: dict[tuple[str, bool, str], set[tuple[str, bool, str]]] = {key: set() for key in by_key}
        for user, entry in by_key.items():
            for urn in planner.references(entry):
                for used in by_urn.get(urn, ()):
                    if used != user:
                        users[used].add(user)
        run_ordered(by_key, users, lambda key: self._delete_one(by_key[key]), parallel=self.options.parallel)

    def _delete_one(self, entry: ResourceEntry) -> bool:
        if entry.protect and not entry.delete:
            self.errors.append(
                CheckError(
                    "it is protected and cannot be deleted",
                    where=entry.urn,
                    remedy=f"unprotect it first: infra state unprotect '{entry.urn}'",
                )
            )
            return False
        step = Step(Op.DELETE_REPLACED if entry.delete else Op.DELETE, entry.urn, entry.type, entry)
        if entry.pending_replacement:
            step = replace(step, op=Op.REMOVE_PENDING)
        elif entry.external:
            step = replace(step, op=Op.DISCARD)
        if self.dry_run or self._goes_without_a_call(entry) or step.is_provider:
            self._finish(step)
            self._forget(entry)
            return True
        if self._aborted:
            return False
        try:
            self._delete_call(step, entry)
        except PrefectPulumiError as error:
            self.errors.append(located(error, entry.urn))
            return False
        self._forget(entry)
        return True

    def _goes_without_a_call(self, entry: ResourceEntry) -> bool:
        return (
            not entry.custom
            or entry.external
            or entry.retain_on_delete
            or entry.pending_replacement
            or entry.deleted_with in self._deleting
        )

    def _forget(self, entry: ResourceEntry) -> None:
        with self._lock:
            if entry.delete:
                self._leftovers = [left for left in self._leftovers if left is not entry]
            else:
                self._gone.add(entry.urn)

    def _delete_call(self, step: Step, entry: ResourceEntry) -> None:
        provider = self.providers.for_entry(entry, self._all_entries())
        timeout = entry.custom_timeouts.get("delete", 0.0)

        def call() -> None:
            provider.delete(DeleteRequest(entry.urn, entry.id, entry.inputs, entry.outputs, timeout=timeout))

        self._timed(step, entry, call, lambda _: None)

    def _all_entries(self) -> Iterator[ResourceEntry]:
        with self._lock:
            news = list(self._news.values())
        yield from news
        yield from self._before.resources

    def _delete_first(self, goal: Goal, old: ResourceEntry) -> None:
        """Deletes `old`, and before it what cannot be without it; each is made again when it is registered."""
        with self._lock:
            others = [
                self._olds[entry.urn]
                for entry in self._before.resources
                if not entry.delete and entry.urn not in self._goals and entry.urn not in self._matching.renamed
            ]
        doomed = planner.condemned(old, others, self._replaces_if_unknown)
        for entry in doomed:
            if entry.protect:
                raise CheckError(
                    f"it is protected, but replacing {urn_name(goal.urn)} deletes it",
                    where=entry.urn,
                    remedy=f"unprotect it first: infra state unprotect '{entry.urn}'",
                )
        for entry in [*doomed, old]:
            self._delete_for_replacement(entry)

    def _delete_for_replacement(self, entry: ResourceEntry) -> None:
        step = Step(Op.DELETE_REPLACED, entry.urn, entry.type, entry)
        if self.dry_run:
            with self._lock:
                self.steps.append(step)
                self._olds[entry.urn] = replace(entry, pending_replacement=True)
            return
        dropped = entry.external or entry.retain_on_delete or entry.pending_replacement
        if entry.custom and not dropped and not step.is_provider:
            self._delete_call(step, entry)
        with self._lock:
            self._olds[entry.urn] = replace(entry, pending_replacement=True)

    def _replaces_if_unknown(self, entry: ResourceEntry, inputs: dict[str, Any]) -> bool:
        if entry.type.startswith(PROVIDER_PREFIX):
            provider = self.providers.load(entry.urn, entry.inputs)
            try:
                diff = provider.diff_config(
                    DiffRequest(entry.urn, old_inputs=entry.inputs, old_outputs=entry.outputs, new_inputs=inputs)
                )
            finally:
                provider.close()
            return planner.replaces(diff, ())
        provider = self.providers.for_entry(entry, self._before.resources)
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
