"""The state of one run: the entries before and after it, the program's goals, its failures, the snapshot to save."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from prefect_pulumi.core.errors import CheckError, PrefectPulumiError
from prefect_pulumi.core.masking import Masker
from prefect_pulumi.core.values import has_unknown, identical
from prefect_pulumi.engine.plan.goals import Goal
from prefect_pulumi.engine.plan.scope import Scope, Selection
from prefect_pulumi.engine.plan.steps import STACK_TYPE, Step
from prefect_pulumi.engine.plan.urn_matching import Matching
from prefect_pulumi.state import integrity
from prefect_pulumi.state.entries import PendingOperation, ResourceEntry, Snapshot


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a run goes about its work, and on what. `parallel`: resources worked on concurrently.

    `adopt`: a preview looks on the server for what the program declares and the state lacks. `adopted`: what it found,
    URN -> id; the run takes over these, and nothing else.
    """

    selection: Selection = field(default_factory=Selection)
    continue_on_error: bool = False
    parallel: int = 16
    adopt: bool = False
    adopted: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Answer to a registration. `id` "" means unknown or none.

    `excluded`: `--target` or `--exclude` leaves the resource out, and it does not exist yet.
    """

    urn: str
    id: str = ""
    outputs: dict[str, Any] = field(default_factory=dict)
    failed: bool = False
    excluded: bool = False


class Aborted(Exception):
    """The run has failed or was interrupted: no further resource is begun."""


class RunState:
    """What is known of a run. Its methods may be called from several threads at once.

    `lock` guards every attribute that changes; whoever reads and then writes several of them holds it meanwhile.
    """

    def __init__(
        self,
        *,
        project: str,
        stack: str,
        snapshot: Snapshot,
        options: RunOptions,
        dry_run: bool,
        masker: Masker | None = None,
    ) -> None:
        self.project = project
        self.stack = stack
        self.options = options
        self.dry_run = dry_run
        self.masker = masker or Masker()
        self.before = snapshot
        self.lock = threading.RLock()
        self.goals: dict[str, Goal] = {}
        self.old_entries = {entry.urn: entry for entry in snapshot.resources if not entry.delete}
        self.new_entries: dict[str, ResourceEntry] = {}
        self.matching = Matching(stack, project)
        self.scope = Scope(options.selection)
        self.steps: list[Step] = []
        self.errors: list[PrefectPulumiError] = []
        self.dirty = False
        """True once saving the state would change its file."""
        self.aborted = False
        self._leftovers = [entry for entry in snapshot.resources if entry.delete]
        self._deleted: set[str] = set()
        self._failed: set[str] = set()
        self._excluded: set[str] = set()
        self._untouched: set[str] = set()
        self._pending: list[PendingOperation] = []
        self._program_outputs: dict[str, Any] | None = None
        self.replaced: set[str] = set()
        """URNs of what this run replaces; what is deleted with one of them is replaced too."""

    # Goals

    def admit(self, goal: Goal) -> tuple[Goal, ResourceEntry | None]:
        """Enters a registration: the goal with what it inherits from its parent, and the old entry that it continues.

        Raises `CheckError` when its URN is registered already, its parent is not, or its old entry is taken.
        """
        with self.lock:
            self._refuse_second(goal)
            parent = self.goals.get(goal.parent)
            if parent is not None:
                goal = goal.inheriting(parent)
            elif goal.parent:
                raise CheckError(f"the parent {goal.parent} is not registered", where=goal.urn)
            self.goals[goal.urn] = goal
            return goal, self.matching.find(goal, self.old_entries, self.goals)

    def admit_lookup(self, goal: Goal) -> ResourceEntry | None:
        """As `admit`, for a resource that is only read: it inherits nothing."""
        with self.lock:
            self._refuse_second(goal)
            self.goals[goal.urn] = goal
            return self.matching.find(goal, self.old_entries, self.goals)

    def _refuse_second(self, goal: Goal) -> None:
        if goal.urn in self.goals:
            raise CheckError("the URN is registered twice", where=goal.urn, remedy="rename one of them")

    def excluded_among(self, urns: Iterable[str]) -> list[str]:
        """Those of `urns` that the run leaves out and that do not exist, sorted."""
        with self.lock:
            return sorted(self._excluded.intersection(urns))

    def exclude(self, urn: str) -> None:
        """The run leaves `urn` out, and it does not exist yet."""
        with self.lock:
            self._excluded.add(urn)

    def keep_untouched(self, urn: str) -> None:
        """The run leaves `urn` out: its entry stays as it is, whatever outputs the program registers."""
        with self.lock:
            self._untouched.add(urn)

    def check_targets(self) -> bool:
        """False, with an error for each, when a target is no resource of the program or the state."""
        with self.lock:
            known = {*self.goals, *self.old_entries}
        missing = self.scope.unknown_targets(known)
        for target in missing:
            self.errors.append(CheckError("there is no such resource", where=target, remedy="see infra preview"))
        return not missing

    # Failures

    def abort(self, error: PrefectPulumiError | None = None) -> None:
        """No further resource is begun; what is in flight ends. `error`: why, when it is no interruption."""
        if error is not None:
            self.errors.append(error)
        self.aborted = True

    def check_running(self) -> None:
        """Raises `Aborted` once the run has failed or was interrupted."""
        if self.aborted:
            raise Aborted

    def fail(self, urn: str, error: PrefectPulumiError) -> None:
        """One resource has failed. The run ends, unless it is a preview or `--continue-on-error` was given."""
        with self.lock:
            self.add_error(urn, error)
            self._failed.add(urn)
            # A preview goes on, so that all faults are reported together; unknowns stand in for what failed.
            if not self.dry_run and not self.options.continue_on_error:
                self.aborted = True

    def add_error(self, urn: str, error: PrefectPulumiError) -> None:
        if not error.where:
            error.where = urn
        self.errors.append(error)

    def mark_failed(self, urn: str) -> None:
        """`urn` counts as failed, without an error of its own."""
        with self.lock:
            self._failed.add(urn)

    def has_failed(self, urn: str) -> bool:
        with self.lock:
            return urn in self._failed

    def failed_among(self, urns: Iterable[str]) -> bool:
        with self.lock:
            return not self._failed.isdisjoint(urns)

    @property
    def failed(self) -> frozenset[str]:
        """URNs of the resources that failed, or wait for one that did."""
        with self.lock:
            return frozenset(self._failed)

    @property
    def continues_after_failures(self) -> bool:
        """`--continue-on-error`, and nothing but single resources have failed."""
        return self.options.continue_on_error and not self.aborted and len(self.errors) <= len(self._failed)

    # Results of steps

    def record(self, step: Step, *, dirty: bool) -> None:
        """`step` is done. `dirty`: it changes the state file."""
        with self.lock:
            self.steps.append(step)
            self.dirty = self.dirty or dirty
            if step.new is not None:
                self.new_entries[step.urn] = step.new

    def record_delete(self, step: Step) -> None:
        with self.lock:
            self.steps.append(step)

    def leave_behind(self, entry: ResourceEntry) -> None:
        """`entry` (with `delete` set) was replaced; the run deletes it at its end."""
        with self.lock:
            self._leftovers.append(entry)

    def forget(self, entry: ResourceEntry) -> None:
        """`entry` was deleted."""
        with self.lock:
            if entry.delete:
                self._leftovers = [left for left in self._leftovers if left is not entry]
            else:
                self._deleted.add(entry.urn)

    def await_recreation(self, entry: ResourceEntry) -> None:
        """`entry` was deleted so that its replacement can be created; others may still refer to it."""
        with self.lock:
            self.old_entries[entry.urn] = replace(entry, pending_replacement=True)

    def add_pending(self, operation: PendingOperation) -> None:
        """The result of `operation` is not known; the next run asks the provider."""
        with self.lock:
            self._pending.append(operation)

    def set_stack_outputs(self, outputs: dict[str, Any]) -> None:
        """The program's exports; they go into the Stack's entry when the run ends."""
        with self.lock:
            self._program_outputs = outputs

    def set_outputs(self, urn: str, outputs: dict[str, Any]) -> ResourceEntry | None:
        """The outputs that the program registers for a component; its entry when they differ from before."""
        with self.lock:
            entry = self.new_entries.get(urn)
            if entry is None or urn in self._untouched:
                return None
            self.new_entries[urn] = replace(entry, outputs=outputs)
            if identical(entry.outputs, outputs):
                return None
            self.dirty = True
            return self.new_entries[urn]

    # Entries

    def entry(self, urn: str) -> ResourceEntry | None:
        """The entry that this run has made for `urn`."""
        with self.lock:
            return self.new_entries.get(urn)

    def all_entries(self) -> list[ResourceEntry]:
        """The new ones, then those of the state before, in its order."""
        with self.lock:
            return [*self.new_entries.values(), *self.before.resources]

    def manager_of(self, type: str, id: str) -> str:
        """URN of the resource that manages the object already, "" for none."""
        with self.lock:
            entries = [*self.new_entries.values(), *self.old_entries.values()]
        return next(
            (entry.urn for entry in entries if entry.type == type and entry.id == id and not entry.external), ""
        )

    def not_registered(self) -> list[ResourceEntry]:
        """Old entries that no registration has continued so far, as they are now, in state order."""
        with self.lock:
            return [
                self.old_entries[entry.urn]
                for entry in self.before.resources
                if not entry.delete and entry.urn not in self.goals and entry.urn not in self.matching.renamed
            ]

    def undeclared(self) -> list[ResourceEntry]:
        """What is deleted when the program has ended: halves of replacements, then what it no longer declares."""
        with self.lock:
            renamed = self.matching.renamed
            entries = [entry for urn, entry in self.old_entries.items() if urn not in self.goals and urn not in renamed]
            return [*self._leftovers, *entries]

    # The whole

    @property
    def stack_outputs(self) -> dict[str, Any]:
        """The exports as far as they were sent, over the old ones when the run failed."""
        before = self._outputs_before()
        if self._program_outputs is None:
            return before
        return {**before, **self._program_outputs} if self.errors else self._program_outputs

    @property
    def outputs_changed(self) -> bool:
        outputs = self.stack_outputs
        return has_unknown(outputs) or not identical(self._outputs_before(), outputs)

    def _outputs_before(self) -> dict[str, Any]:
        return next((entry.outputs for entry in self.before.resources if entry.type == STACK_TYPE), {})

    def snapshot(self) -> Snapshot:
        """The state after this run, in the order that the file demands. What was open before and could not be resolved
        stays open, as in the official engine."""
        with self.lock:
            entries = dict(self.new_entries)
            renamed = self.matching.renamed
            for urn, entry in self.old_entries.items():
                # One that was matched by an alias but failed goes on under its new name.
                new_urn = renamed.get(urn, urn)
                if new_urn not in entries and urn not in self._deleted:
                    entries[new_urn] = replace(entry, urn=new_urn)
            listed = [integrity.renamed(entry, renamed) for entry in [*entries.values(), *self._leftovers]]
            listed = [_with_outputs(entry, self.stack_outputs) for entry in listed]
            return replace(
                self.before,
                resources=integrity.sort(integrity.without_dead_edges(listed)),
                pending_operations=[*self.before.pending_operations, *self._pending],
            )


def _with_outputs(entry: ResourceEntry, outputs: dict[str, Any]) -> ResourceEntry:
    return replace(entry, outputs=outputs) if entry.type == STACK_TYPE else entry
