"""Deletes of a run: what the program no longer declares, and what a replacement takes away first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from prefect_pulumi.engine import planner
from prefect_pulumi.engine.events import Message
from prefect_pulumi.engine.ordered import run_ordered
from prefect_pulumi.engine.run_state import RunState, located
from prefect_pulumi.engine.steps import Op, Step
from prefect_pulumi.errors import CheckError, PrefectPulumiError
from prefect_pulumi.state.entries import ResourceEntry


class Deleting(RunState):
    """The part of a run that deletes."""

    def finish(self) -> None:
        """Deletes what the program no longer asks for. Call only after the program ended without error."""
        with self._lock:
            moved = set(self._renamed)
            doomed = [e for u, e in self._olds.items() if u not in self._goals and u not in moved]
            if self.options.targets:
                doomed = [e for e in doomed if planner.matches_target(e.urn, self.options.targets)]
        self.delete([*self._leftovers, *doomed])

    def delete(self, entries: Iterable[ResourceEntry]) -> None:
        """Deletes entries, users before what they use; a failure stops only what waits for it."""
        by_key = {(entry.urn, entry.delete): entry for entry in entries}
        for key, entry in list(by_key.items()):
            if entry.protect and not entry.delete:
                self._sink.emit(Message("error", "it is protected and cannot be deleted", entry.urn))
                self.errors.append(
                    CheckError("it is protected and cannot be deleted", where=entry.urn, remedy="unprotect it first")
                )
                del by_key[key]
        users: dict[tuple[str, bool], set[tuple[str, bool]]] = {key: set() for key in by_key}
        for user_key, entry in by_key.items():
            for urn in planner.references(entry):
                for flag in (False, True):
                    if (urn, flag) in users and (urn, flag) != user_key:
                        users[urn, flag].add(user_key)
        run_ordered(by_key, users, lambda key: self._delete_one(by_key[key]), parallel=self.options.parallel)

    def _delete_one(self, entry: ResourceEntry) -> bool:
        step = Step(Op.DELETE, entry.urn, entry.type, entry)
        skip = not entry.custom or entry.external or entry.retain_on_delete or entry.pending_replacement
        if self.dry_run or skip or step.is_provider:
            self._finish(step if entry.custom or not entry.pending_replacement else replace(step, op=Op.DISCARD))
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

    def _forget(self, entry: ResourceEntry) -> None:
        with self._lock:
            if entry.delete:
                self._leftovers = [left for left in self._leftovers if left is not entry]
            else:
                self._gone.add(entry.urn)

    def _delete_call(self, step: Step, entry: ResourceEntry) -> None:
        provider = self.providers.for_entry(entry, {**self._olds, **self._news})
        timeout = entry.custom_timeouts.get("delete", 0.0)

        def call() -> None:
            provider.delete(entry.urn, entry.id, entry.inputs, entry.outputs, timeout)

        self._timed(step, entry, call, lambda _: None)

    def _delete_for_replacement(self, entry: ResourceEntry) -> None:
        step = Step(Op.DELETE_REPLACED, entry.urn, entry.type, entry)
        if self.dry_run:
            with self._lock:
                self.steps.append(step)
                self._olds[entry.urn] = replace(entry, pending_replacement=True)
            return
        if entry.custom and not entry.retain_on_delete and not entry.pending_replacement:
            self._delete_call(step, entry)
        with self._lock:
            self._olds[entry.urn] = replace(entry, pending_replacement=True)

    def _replaces_if_unknown(self, entry: ResourceEntry, inputs: dict[str, Any]) -> bool:
        provider = self.providers.for_entry(entry, self._olds)
        diff = provider.diff(entry.urn, entry.id, entry.inputs, entry.outputs, inputs, entry.ignore_changes)
        return bool(diff.replaces) or any(kind.replaces for kind in diff.detailed.values())
