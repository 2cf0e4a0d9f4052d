"""Decides what is done for a goal: its old entry and its provider's answers become steps."""

from __future__ import annotations

from dataclasses import replace

from prefect_pulumi.core.errors import CheckError
from prefect_pulumi.core.values import identical
from prefect_pulumi.engine.plan import planner
from prefect_pulumi.engine.plan.goals import Goal
from prefect_pulumi.engine.plan.steps import STACK_TYPE, Op, PlannedStep, Step, Steps
from prefect_pulumi.engine.run.custom_resources import CustomResources
from prefect_pulumi.engine.run.provider_resources import ProviderResources
from prefect_pulumi.engine.run.run_state import RunState
from prefect_pulumi.engine.run.timestamps import stamped
from prefect_pulumi.state.entries import ResourceEntry


class StepGenerator:
    """Gives the steps of a registration one by one; nothing is written before the consumer carries them out."""

    def __init__(self, state: RunState, providers: ProviderResources, custom: CustomResources) -> None:
        self.state = state
        self.providers = providers
        self.custom = custom

    def includes(self, goal: Goal) -> bool:
        """False for what `--target` or `--exclude` leaves alone. Asked once for each goal, in the program's order."""
        if self.state.options.selection.everything or goal.is_provider or goal.type == STACK_TYPE:
            return True
        with self.state.lock:
            return self.state.scope.includes(goal.entry(inputs={}, outputs={}, id="", provider=goal.provider))

    def steps(self, goal: Goal, old: ResourceEntry | None) -> Steps:
        """The steps of a goal that the run includes.

        Raises `CheckError` when it uses what the run leaves out and what does not exist, when its provider refuses
        its inputs, or when it may not be replaced; `ProviderError` and others as the provider does.
        """
        self._refuse_excluded(goal)
        if not goal.custom:
            yield _component(goal, old)
        elif goal.is_provider:
            yield from self.providers.steps(goal, old)
        else:
            yield from self.custom.steps(goal, old)

    def untouched(self, goal: Goal, old: ResourceEntry) -> Steps:
        """The step of a goal that the run leaves out: its entry stays as it is."""
        yield PlannedStep(Step(Op.SAME, goal.urn, goal.type, old, replace(old, urn=goal.urn)))

    def _refuse_excluded(self, goal: Goal) -> None:
        missing = self.state.excluded_among({*goal.used, goal.deleted_with})
        if missing:
            raise CheckError(
                f"the resource uses {missing[0]}, which does not exist yet and is left out by --target or --exclude",
                where=goal.urn,
                remedy="choose that one too",
            )


def _component(goal: Goal, old: ResourceEntry | None) -> PlannedStep:
    """A component has no object of its own. A custom resource under its URN is deleted at the end of the run."""
    replaced: ResourceEntry | None = None
    if old is None:
        op = Op.CREATE
    elif old.custom:
        planner.refuse_protected(goal, old)
        op, replaced = Op.REPLACE, old
    else:
        op = Op.SAME if identical(old.inputs, goal.inputs) else Op.UPDATE
    outputs = old.outputs if old is not None else {}
    entry = stamped(goal.entry(inputs=goal.inputs, outputs=outputs, id="", provider=""), old, op)
    if op is Op.UPDATE and old is not None:
        entry = replace(entry, modified=old.modified)
    return PlannedStep(Step(op, goal.urn, goal.type, old, entry), replaced=replaced)
