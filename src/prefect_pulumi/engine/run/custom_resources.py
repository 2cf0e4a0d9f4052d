"""Custom resources: checked, compared, then created, updated, replaced or left as they are."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from prefect_pulumi.core import property_paths
from prefect_pulumi.core.errors import CheckError, ProviderError
from prefect_pulumi.core.provider_protocol import (
    Changes,
    CheckRequest,
    CreateRequest,
    DiffRequest,
    DiffResult,
    Provider,
    ReadRequest,
    UpdateRequest,
)
from prefect_pulumi.engine.plan import planner
from prefect_pulumi.engine.plan.goals import Goal
from prefect_pulumi.engine.plan.steps import STACK_TYPE, Op, Step
from prefect_pulumi.engine.run.events import Message
from prefect_pulumi.engine.run.provider_resources import ProviderSteps
from prefect_pulumi.engine.run.run_state import Outcome, check_error, now, stamped
from prefect_pulumi.state.entries import ResourceEntry, make_urn, urn_name


class Customs(ProviderSteps):
    """The part of a run that works on resources that a provider manages."""

    def _register_custom(self, goal: Goal, old: ResourceEntry | None) -> Outcome:
        for path in (*goal.ignore_changes, *goal.replace_on_changes):
            property_paths.parse(path)  # said even when nothing differs
        provider, reference = self._provider_for(goal)
        importing = bool(goal.import_id) and (
            old is None or old.external or goal.import_id != (old.import_id or old.id)
        )
        displaced = old is not None and not old.external and not old.pending_replacement
        told = Op.REPLACE if displaced else Op.IMPORT
        if importing:
            old = self._imported(goal, old, provider, reference)
        creating = old is None or old.external or old.pending_replacement or not old.custom
        forced = old is not None and (old.taint or self._scope.replaces(goal.urn))
        if old is None or creating or forced:
            base, news = {}, goal.inputs
        else:
            unset: list[str] = []
            base, news = old.inputs, property_paths.reset(goal.inputs, old.inputs, goal.ignore_changes, left=unset)
            if unset:
                self._sink.emit(
                    Message("info", f"not ignored where it was added or removed: {', '.join(unset)}", goal.urn)
                )
        inputs = self._checked(goal, provider, base, news)
        if old is None:
            return self._create(goal, None, provider, reference, inputs, Op.CREATE)
        if creating:
            # What stands there was never ours, is deleted already, or is a component.
            left = old if not old.custom else None
            return self._create(goal, old, provider, reference, inputs, Op.REPLACE, left=left)
        if forced:
            diff = DiffResult(Changes.SOME, replaces=("id",))
        else:
            diff = self._diff(goal, old, provider, reference, inputs)
        op = planner.decide(diff, goal, old)
        if importing and op is not Op.SAME:
            self._finish(Step(told, goal.urn, goal.type, None, old))
        if op is Op.REPLACE:
            return self._replace(goal, old, provider, reference, diff, inputs if forced else None)
        if op is Op.UPDATE:
            return self._update(goal, old, provider, reference, inputs, diff)
        op = told if importing else op
        outputs = planner.seal(old.outputs, inputs, goal.additional_secret_outputs)
        entry = stamped(goal.entry(inputs=inputs, outputs=outputs, id=old.id, provider=reference), old, op)
        self._finish(Step(op, goal.urn, goal.type, old, entry, diff))
        return Outcome(goal.urn, old.id, entry.outputs)

    def _seed_of(self, urn: str) -> bytes:
        """`CheckRequest.randomSeed`, 32 bytes."""
        return hashlib.sha256(self._seed + urn.encode()).digest()

    def _checked(self, goal: Goal, provider: Provider, olds: dict[str, Any], news: dict[str, Any]) -> dict[str, Any]:
        checked = provider.check(
            CheckRequest(goal.urn, old_inputs=olds, new_inputs=news, random_seed=self._seed_of(goal.urn))
        )
        if checked.failures:
            raise check_error(goal.urn, checked.failures)
        return checked.inputs

    def _diff(
        self, goal: Goal, old: ResourceEntry, provider: Provider, reference: str, inputs: dict[str, Any]
    ) -> DiffResult:
        if self._provider_replaces(old, provider, reference):
            return DiffResult(Changes.SOME, replaces=("provider",))
        diff = provider.diff(
            DiffRequest(
                goal.urn,
                old.id,
                old_inputs=old.inputs,
                old_outputs=old.outputs,
                new_inputs=inputs,
                ignore_changes=goal.ignore_changes,
            )
        )
        if diff.changes is Changes.UNKNOWN:
            own = planner.plain_diff(old.inputs, property_paths.reset(inputs, old.inputs, goal.ignore_changes))
            diff = replace(
                diff, changes=own.changes, detailed=own.detailed if own.changes is Changes.SOME else diff.detailed
            )
        return diff

    # Steps

    def _create(
        self,
        goal: Goal,
        old: ResourceEntry | None,
        provider: Provider,
        reference: str,
        inputs: dict[str, Any],
        op: Op,
        *,
        diff: DiffResult | None = None,
        left: ResourceEntry | None = None,
    ) -> Outcome:
        """`left`: the entry that this one takes the place of and that is deleted at the end of the run."""
        planned = goal.entry(inputs=inputs, outputs={}, id="", provider=reference)
        step = Step(op, goal.urn, goal.type, old, planned, diff)

        def call() -> ResourceEntry:
            timeout = goal.custom_timeouts.get("create", 0.0)
            made = provider.create(CreateRequest(goal.urn, inputs, timeout=timeout, preview=self.dry_run))
            if not made.id and not self.dry_run:
                raise ProviderError("the provider made it but gave no id", where=goal.urn)
            outputs = planner.seal(made.outputs, inputs, goal.additional_secret_outputs)
            return stamped(replace(planned, id=made.id, outputs=outputs), None, Op.CREATE)

        entry = self._carry_out(step, planned, call, beside=left is not None)
        if left is not None:
            self._leave_behind(left)
        return Outcome(goal.urn, entry.id, entry.outputs, failed=bool(entry.init_errors))

    def _update(
        self,
        goal: Goal,
        old: ResourceEntry,
        provider: Provider,
        reference: str,
        inputs: dict[str, Any],
        diff: DiffResult,
    ) -> Outcome:
        planned = goal.entry(inputs=inputs, outputs=old.outputs, id=old.id, provider=reference)
        step = Step(Op.UPDATE, goal.urn, goal.type, old, planned, diff)

        def call() -> ResourceEntry:
            outputs = provider.update(
                UpdateRequest(
                    goal.urn,
                    old.id,
                    old_inputs=old.inputs,
                    old_outputs=old.outputs,
                    new_inputs=inputs,
                    ignore_changes=goal.ignore_changes,
                    timeout=goal.custom_timeouts.get("update", 0.0),
                    preview=self.dry_run,
                )
            )
            sealed = planner.seal(outputs, inputs, goal.additional_secret_outputs)
            return stamped(replace(planned, outputs=sealed), old, Op.UPDATE)

        entry = self._carry_out(step, planned, call)
        return Outcome(goal.urn, entry.id, entry.outputs, failed=bool(entry.init_errors))

    def _replace(
        self,
        goal: Goal,
        old: ResourceEntry,
        provider: Provider,
        reference: str,
        diff: DiffResult,
        inputs: dict[str, Any] | None,
    ) -> Outcome:
        """`inputs`: those of a check against nothing, when there was one already."""
        self._refuse_protected(goal, old)
        if goal.import_id:
            raise CheckError(
                "it was imported and `import_` is still given, so it cannot be replaced",
                where=goal.urn,
                remedy="take the option import_ out of the program",
            )
        if inputs is None:
            inputs = self._checked(goal, provider, {}, goal.inputs)
        if not self._goes_first(goal, diff):
            return self._create(goal, old, provider, reference, inputs, Op.REPLACE, diff=diff, left=old)
        self._delete_first(goal, old)
        return self._create(goal, old, provider, reference, inputs, Op.REPLACE, diff=diff)

    # Imports

    def _imported(self, goal: Goal, old: ResourceEntry | None, provider: Provider, reference: str) -> ResourceEntry:
        """The entry of the object that `import_` names, as its provider reads it; an `old` one of another object
        is deleted at the end of the run."""
        found = self._read_for_import(goal, provider, reference)
        if old is not None and not old.external and not old.pending_replacement:
            self._refuse_protected(goal, old)
            self._leave_behind(old)
        return found

    def _read_for_import(self, goal: Goal, provider: Provider, reference: str) -> ResourceEntry:
        read = provider.read(ReadRequest(goal.urn, goal.import_id))
        if not read.id:
            raise ProviderError(f"{goal.import_id!r} does not exist, so it cannot be imported", where=goal.urn)
        outputs = planner.seal(read.outputs, read.inputs, goal.additional_secret_outputs)
        entry = goal.entry(inputs=read.inputs, outputs=outputs, id=read.id, provider=reference)
        return replace(entry, created=now(), modified=now())

    def adopt(self, type: str, name: str, id: str, provider_urn: str) -> Step:
        """Takes an existing object into the state, under the Stack; nothing is written to it.

        `provider_urn`: "" for the default provider. Raises `ProviderError` when there is no such object and
        `CheckError` when the URN, or the object under another URN, is in the state already.
        """
        stack = make_urn(self.stack, self.project, STACK_TYPE, f"{self.project}-{self.stack}")
        urn = make_urn(self.stack, self.project, type, name, stack)
        if urn in self._olds or urn in self._news:
            raise CheckError("the state has a resource of this URN already", where=urn, remedy="choose another name")
        if stack not in self._olds and stack not in self._news:
            root = Goal(urn=stack, type=STACK_TYPE, name=urn_name(stack), custom=False, inputs={})
            entry = stamped(root.entry(inputs={}, outputs={}, id="", provider=""), None, Op.CREATE)
            self._finish(Step(Op.CREATE, stack, STACK_TYPE, None, entry))
        goal = Goal(urn=urn, type=type, name=name, custom=True, inputs={}, parent=stack, import_id=id)
        if provider_urn:
            known = self._olds[provider_urn]
            reference = f"{provider_urn}::{known.id}"
            provider = self.providers.for_entry(_user_of(reference), self._before.resources)
        else:
            provider, reference = self._provider_for(goal)
        entry = replace(self._read_for_import(goal, provider, reference), import_id="")
        for other in (*self._olds.values(), *self._news.values()):
            if other.type == type and other.id == entry.id and other.provider == reference:
                raise CheckError(f"{id!r} is managed already, as {other.urn}", where=urn)
        step = Step(Op.IMPORT, urn, type, None, entry)
        self._finish(step)
        return step


def _user_of(reference: str) -> ResourceEntry:
    """A stand-in for an entry that uses this provider."""
    return ResourceEntry("", "", True, provider=reference)
