"""One run of a program against a state: turns goals into steps and carries them out.

The same code serves preview and update. In a preview the provider is asked with `preview=True`, nothing is
journalled and nothing is deleted; the steps that it records are the ones that an update executes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from prefect_pulumi.core.errors import CheckError, PrefectPulumiError
from prefect_pulumi.core.values import identical
from prefect_pulumi.engine.plan.goals import Goal
from prefect_pulumi.engine.plan.steps import STACK_TYPE, Op, Step
from prefect_pulumi.engine.run.custom_resources import Customs
from prefect_pulumi.engine.run.lookups import Reading
from prefect_pulumi.engine.run.run_state import Outcome, stamped
from prefect_pulumi.state.entries import ResourceEntry, parse_provider_ref, urn_type


class Deployment(Customs, Reading):
    """State machine of one run. Its public methods may be called from several threads at once."""

    def register(self, goal: Goal) -> Outcome:
        """`RegisterResource`. Raises `Aborted` once the run has failed."""
        self.masker.learn(goal.inputs)
        self._check_running()
        with self._lock:
            try:
                goal = self._admitted(goal)
                old = self._matching.find(goal, self._olds, self._goals)
            except CheckError as error:
                raise self._fail(error) from error
            if self._waits_for_a_failure(goal):
                self._failed.add(goal.urn)
                return Outcome(goal.urn, failed=True)
        try:
            if not self._included(goal, old):
                return self._untouched(goal, old)
            self._refuse_what_scope_leaves_out(goal)
            if not goal.custom:
                return self._register_component(goal, old)
            with self._slots:
                self._check_running()  # it may have failed, or been stopped, while this one waited
                if goal.is_provider:
                    return self._register_provider(goal, old)
                return self._register_custom(goal, old)
        except PrefectPulumiError as error:
            self._record_error(goal.urn, error)
            return Outcome(goal.urn, failed=True)

    def _admitted(self, goal: Goal) -> Goal:
        """The goal with what it inherits from its parent; refused when its URN or its parent cannot be."""
        if goal.urn in self._goals:
            raise CheckError("this URN is registered twice", where=goal.urn, remedy="rename one of them")
        if goal.parent and goal.parent not in self._goals:
            raise CheckError(f"its parent {goal.parent} is not registered", where=goal.urn)
        parent = self._goals.get(goal.parent)
        if parent is not None:
            goal = replace(
                goal,
                protect=parent.protect if goal.protect is None else goal.protect,
                retain_on_delete=parent.retain_on_delete if goal.retain_on_delete is None else goal.retain_on_delete,
                deleted_with=goal.deleted_with or parent.deleted_with,
                provider=goal.provider or _provider_from(parent, goal),
            )
        self._goals[goal.urn] = goal
        return goal

    def _waits_for_a_failure(self, goal: Goal) -> bool:
        needs = {*goal.needs, goal.parent}
        if goal.provider:
            needs.add(parse_provider_ref(goal.provider)[0])
        return bool(needs & self._failed)

    def register_outputs(self, urn: str, outputs: dict[str, Any]) -> None:
        """`RegisterResourceOutputs`; the Stack's are applied when the run ends."""
        with self._lock:
            if urn_type(urn) == STACK_TYPE:
                self._stack_outputs = outputs
                return
            entry = self._news.get(urn)
            if entry is None or urn in self._untouched_urns:
                return
            self._news[urn] = replace(entry, outputs=outputs)
            if not identical(entry.outputs, outputs):
                self.state_dirty = True
                if self._journal is not None:
                    self._journal.note("outputs", self._news[urn])

    # What `--target` and `--exclude` leave alone

    def _included(self, goal: Goal, old: ResourceEntry | None) -> bool:
        if self.options.selection.everything or goal.is_provider or goal.type == STACK_TYPE:
            return True
        with self._lock:
            return self._scope.includes(goal.entry(inputs={}, outputs={}, id="", provider=goal.provider))

    def _untouched(self, goal: Goal, old: ResourceEntry | None) -> Outcome:
        """It stays as it is in the state; one that is not there yet is not made."""
        if old is None:
            with self._lock:
                self._skipped.add(goal.urn)
            return Outcome(goal.urn, unknown=True)
        with self._lock:
            self._untouched_urns.add(goal.urn)
        self._finish(Step(Op.SAME, goal.urn, goal.type, old, replace(old, urn=goal.urn)))
        return Outcome(goal.urn, old.id, old.outputs)

    def _refuse_what_scope_leaves_out(self, goal: Goal) -> None:
        with self._lock:
            needs = {*goal.needs, goal.parent, goal.deleted_with}
            if goal.provider:
                needs.add(parse_provider_ref(goal.provider)[0])
            missing = sorted(needs & self._skipped)
        if missing:
            raise CheckError(
                f"it uses {missing[0]}, which does not exist yet and is left out by --target or --exclude",
                where=goal.urn,
                remedy="choose that one too",
            )

    # Components

    def _register_component(self, goal: Goal, old: ResourceEntry | None) -> Outcome:
        outputs = old.outputs if old is not None else {}
        entry = goal.entry(inputs=goal.inputs, outputs=outputs, id="", provider="")
        if old is None:
            op = Op.CREATE
        elif old.custom:
            op = Op.REPLACE
            self._refuse_protected(goal, old)
            self._leave_behind(old)
        else:
            op = Op.SAME if identical(old.inputs, goal.inputs) else Op.UPDATE
        entry = stamped(entry, old, op)
        if op is Op.UPDATE and old is not None:
            entry = replace(entry, modified=old.modified)
        self._finish(Step(op, goal.urn, goal.type, old, entry))
        return Outcome(goal.urn)


def _provider_from(parent: Goal, child: Goal) -> str:
    """A parent's provider serves its children of the same package."""
    if not parent.provider or not child.custom or child.is_provider:
        return ""
    package = urn_type(parse_provider_ref(parent.provider)[0]).rsplit(":", 1)[-1]
    return parent.provider if package == child.package else ""
