"""Steps of custom resources: checked and compared by their provider, then created, updated, replaced or left alone."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from typing import Any

from prefect_pulumi.core import property_paths
from prefect_pulumi.core.errors import CheckError, ProviderError, ServerUnavailableError
from prefect_pulumi.core.provider_protocol import (
    Changes,
    CheckRequest,
    DiffRequest,
    DiffResult,
    ObjectLookup,
    Provider,
    ReadRequest,
)
from prefect_pulumi.engine.plan import planner
from prefect_pulumi.engine.plan.goals import Goal
from prefect_pulumi.engine.plan.steps import Execution, Op, PlannedStep, Step, Steps
from prefect_pulumi.engine.run.deletion import Deletion
from prefect_pulumi.engine.run.events import Message, Sink
from prefect_pulumi.engine.run.provider_resources import ProviderResources
from prefect_pulumi.engine.run.run_state import RunState
from prefect_pulumi.engine.run.timestamps import now, stamped
from prefect_pulumi.state.entries import ResourceEntry


@dataclass(frozen=True, slots=True)
class ManagedGoal:
    """A goal with the running provider that serves it, and the reference `urn::id` of that provider to store."""

    goal: Goal
    provider: Provider
    reference: str

    def entry(self, inputs: dict[str, Any], outputs: dict[str, Any], id: str) -> ResourceEntry:
        return self.goal.entry(inputs=inputs, outputs=outputs, id=id, provider=self.reference)

    def imported(self) -> ResourceEntry:
        """The entry of the object that `import_id` names, as the provider reads it. Raises `ProviderError`."""
        goal = self.goal
        read = self.provider.read(ReadRequest(goal.urn, goal.import_id))
        if not read.id:
            raise ProviderError(f"{goal.import_id!r} does not exist, so it cannot be imported", where=goal.urn)
        outputs = planner.seal(read.outputs, read.inputs, goal.additional_secret_outputs)
        return replace(self.entry(read.inputs, outputs, read.id), created=now(), modified=now())


class CustomResources:
    """Decides the steps of a custom resource from its goal, its old entry and its provider's answers."""

    def __init__(self, state: RunState, providers: ProviderResources, deletion: Deletion, sink: Sink) -> None:
        self.state = state
        self.providers = providers
        self.deletion = deletion
        self.sink = sink
        self._seed = os.urandom(32)

    def steps(self, goal: Goal, old: ResourceEntry | None) -> Steps:
        """Raises `CheckError` for inputs that the provider refuses and for a replacement that is not allowed."""
        for path in (*goal.ignore_changes, *goal.replace_on_changes):
            property_paths.parse(path)  # a malformed path is an error even when nothing differs
        managed = ManagedGoal(goal, *self.providers.for_goal(goal))
        if planner.imports(goal, old):
            yield from self._import(managed, old)
        elif old is None:
            inputs = self._checked_as_new(managed)
            existing = self._existing(managed, inputs)
            if existing:
                yield from self._adoption(managed, existing)
            else:
                yield _creation(managed, None, inputs, Op.CREATE)
        elif planner.is_absent(old):
            # Its object was never ours, is deleted already, or is a component's, which goes at the end of the run.
            inputs = self._checked_as_new(managed)
            yield _creation(managed, old, inputs, Op.REPLACE, replaced=None if old.custom else old)
        else:
            inputs, diff = self._compared(managed, old)
            yield from self._change(managed, old, inputs, diff, planner.decide(diff, goal, old))

    def _import(self, managed: ManagedGoal, old: ResourceEntry | None) -> Steps:
        """The object that the program names comes into the state; then it is changed to what the program declares.

        An old object under another id is deleted at the end of the run.
        """
        goal, entry = managed.goal, managed.imported()
        replaced = old if old is not None and not old.external and not old.pending_replacement else None
        if replaced is not None:
            planner.refuse_protected(goal, replaced)
        op = Op.IMPORT if replaced is None else Op.REPLACE
        inputs, diff = self._compared(managed, entry)
        change = planner.decide(diff, goal, entry)
        if change is Op.SAME:
            yield _unchanged(managed, entry, inputs, diff, op, replaced)
        else:
            yield PlannedStep(Step(op, goal.urn, goal.type, None, entry), replaced=replaced)
            yield from self._change(managed, entry, inputs, diff, change)

    def _existing(self, managed: ManagedGoal, inputs: dict[str, Any]) -> str:
        """Id of the object that `--adopt` takes over, "" for none: a preview looks for it, a run takes what it found.

        Raises `CheckError` for an object that another resource manages.
        """
        urn, state = managed.goal.urn, self.state
        if not state.dry_run:
            return state.options.adopted.get(urn, "")
        if not state.options.adopt or not isinstance(managed.provider, ObjectLookup):
            return ""
        try:
            id = managed.provider.existing(urn, inputs)
        except ServerUnavailableError:
            # A server that this very update starts: nothing of it could be shown, so nothing is taken over.
            text = "the server does not answer yet, so nothing on it is taken over; run it again when the server is up"
            self.sink.emit(Message("warning", text))
            return ""
        manager = state.manager_of(managed.goal.type, id) if id else ""
        if manager:
            raise CheckError(
                f"the object that it names is managed already, as {manager}",
                where=urn,
                remedy="give it another name, or move the other one here: infra state rename, or an alias",
            )
        return id

    def _adoption(self, managed: ManagedGoal, id: str) -> Steps:
        """The object `id` comes into the state and is changed to what the program declares; it is never replaced."""
        goal = managed.goal
        imported = replace(managed, goal=replace(goal, import_id=id)).imported()
        entry = replace(imported, import_id="")
        inputs, diff = self._compared(managed, entry)
        change = planner.decide(diff, goal, entry)
        if change is Op.REPLACE:
            fields = ", ".join(sorted(path for path, kind in diff.detailed.items() if kind.replaces)) or "its identity"
            raise CheckError(
                f"the object on the server differs in what cannot be changed in place: {fields}",
                where=goal.urn,
                remedy="declare it as it is, give it another name, or delete the one on the server",
            )
        if change is Op.SAME:
            yield _unchanged(managed, entry, inputs, diff, Op.IMPORT)
        else:
            yield PlannedStep(Step(Op.IMPORT, goal.urn, goal.type, None, entry))
            yield from self._change(managed, entry, inputs, diff, change)

    def _change(
        self, managed: ManagedGoal, old: ResourceEntry, inputs: dict[str, Any], diff: DiffResult, op: Op
    ) -> Steps:
        if op is Op.REPLACE:
            yield from self._replacement(managed, old, inputs, diff)
        elif op is Op.UPDATE:
            planned = managed.entry(inputs, old.outputs, old.id)
            step = Step(op, managed.goal.urn, managed.goal.type, old, planned, diff)
            yield PlannedStep(step, Execution.UPDATE, managed.provider)
        else:
            yield _unchanged(managed, old, inputs, diff, op)

    def _replacement(self, managed: ManagedGoal, old: ResourceEntry, inputs: dict[str, Any], diff: DiffResult) -> Steps:
        goal = managed.goal
        planner.refuse_protected(goal, old)
        if goal.import_id:
            raise CheckError(
                "the resource was imported and `import_` is still given, so it cannot be replaced",
                where=goal.urn,
                remedy="take the option import_ out of the program",
            )
        if not self._is_forced(goal, old):
            inputs = self._checked_as_new(managed)
        replaced: ResourceEntry | None = old
        if planner.deletes_first(goal, diff):
            yield from self.deletion.before_replacement(goal, old)
            replaced = None
        self.state.replaced.add(goal.urn)
        yield _creation(managed, old, inputs, Op.REPLACE, diff, replaced)

    # The provider's answers

    def _compared(self, managed: ManagedGoal, old: ResourceEntry) -> tuple[dict[str, Any], DiffResult]:
        """The checked inputs and how they differ from `old`. A replacement that was asked for is checked as new."""
        goal = managed.goal
        if self._is_forced(goal, old):
            return self._checked_as_new(managed), DiffResult(Changes.SOME, replaces=("id",))
        not_ignored: list[str] = []
        given = property_paths.reset(goal.inputs, old.inputs, goal.ignore_changes, left=not_ignored)
        if not_ignored:
            text = f"not ignored where it was added or removed: {', '.join(not_ignored)}"
            self.sink.emit(Message("info", text, goal.urn))
        inputs = self._checked(managed, old.inputs, given)
        return inputs, self._diff(managed, old, inputs)

    def _is_forced(self, goal: Goal, old: ResourceEntry) -> bool:
        """Tainted, or named by `--replace`."""
        return old.taint or self.state.scope.replaces(goal.urn)

    def _checked_as_new(self, managed: ManagedGoal) -> dict[str, Any]:
        return self._checked(managed, {}, managed.goal.inputs)

    def _checked(self, managed: ManagedGoal, old: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
        urn = managed.goal.urn
        seed = hashlib.sha256(self._seed + urn.encode()).digest()
        checked = managed.provider.check(CheckRequest(urn, old_inputs=old, new_inputs=given, random_seed=seed))
        if checked.failures:
            raise planner.check_failed(urn, checked.failures)
        return checked.inputs

    def _diff(self, managed: ManagedGoal, old: ResourceEntry, inputs: dict[str, Any]) -> DiffResult:
        goal = managed.goal
        if self.providers.replaces(old, managed.provider, managed.reference):
            return DiffResult(Changes.SOME, replaces=("provider",))
        if goal.deleted_with in self.state.replaced:
            return DiffResult(Changes.SOME, replaces=("deletedWith",))
        diff = managed.provider.diff(
            DiffRequest(
                goal.urn,
                old.id,
                old_inputs=old.inputs,
                old_outputs=old.outputs,
                new_inputs=inputs,
                ignore_changes=goal.ignore_changes,
            )
        )
        if diff.changes is not Changes.UNKNOWN:
            return diff
        plain = planner.plain_diff(old.inputs, property_paths.reset(inputs, old.inputs, goal.ignore_changes))
        detailed = plain.detailed if plain.changes is Changes.SOME else diff.detailed
        return replace(diff, changes=plain.changes, detailed=detailed)


def _creation(
    managed: ManagedGoal,
    old: ResourceEntry | None,
    inputs: dict[str, Any],
    op: Op,
    diff: DiffResult | None = None,
    replaced: ResourceEntry | None = None,
) -> PlannedStep:
    step = Step(op, managed.goal.urn, managed.goal.type, old, managed.entry(inputs, {}, ""), diff)
    return PlannedStep(step, Execution.CREATE, managed.provider, replaced)


def _unchanged(
    managed: ManagedGoal,
    old: ResourceEntry,
    inputs: dict[str, Any],
    diff: DiffResult,
    op: Op,
    replaced: ResourceEntry | None = None,
) -> PlannedStep:
    goal = managed.goal
    outputs = planner.seal(old.outputs, inputs, goal.additional_secret_outputs)
    entry = stamped(managed.entry(inputs, outputs, old.id), old, op)
    return PlannedStep(Step(op, goal.urn, goal.type, old, entry, diff), replaced=replaced)
