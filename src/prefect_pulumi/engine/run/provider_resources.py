"""Providers of a run: explicit ones, and the default one of each package, which is registered on its first use."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from prefect_pulumi.core.errors import PrefectPulumiError, ProviderError
from prefect_pulumi.core.provider_protocol import Changes, CheckRequest, DiffRequest, DiffResult, Provider
from prefect_pulumi.core.values import UNKNOWN_TEXT, same, unwrap
from prefect_pulumi.engine.plan import planner
from prefect_pulumi.engine.plan.goals import Goal
from prefect_pulumi.engine.plan.provider_goals import INTERNAL, default_provider, inputs_with_plugin
from prefect_pulumi.engine.plan.steps import Op, PlannedStep, Step, Steps
from prefect_pulumi.engine.run.deletion import Deletion
from prefect_pulumi.engine.run.providers import ProviderPool
from prefect_pulumi.engine.run.run_state import Aborted, RunState
from prefect_pulumi.engine.run.step_executor import StepExecutor
from prefect_pulumi.engine.run.timestamps import stamped
from prefect_pulumi.state.entries import ResourceEntry, parse_provider_ref

UNKNOWN_ID = UNKNOWN_TEXT
"""Id of a provider resource that a preview plans."""


class ProviderResources:
    """Decides the steps of provider resources and finds the running provider that serves a goal.

    `package_config`: package -> the inputs of its default provider. `pool` holds the running instances.
    """

    def __init__(
        self,
        state: RunState,
        pool: ProviderPool,
        executor: StepExecutor,
        deletion: Deletion,
        package_config: Callable[[str], dict[str, Any]],
    ) -> None:
        self.state = state
        self.pool = pool
        self.executor = executor
        self.deletion = deletion
        self.package_config = package_config

    def steps(self, goal: Goal, old: ResourceEntry | None) -> Steps:
        """The provider is started, checked, and configured before the last step is given."""
        given = inputs_with_plugin(goal)
        provider = self.pool.load(goal.urn, given)
        try:
            checked = provider.check_config(
                CheckRequest(goal.urn, old_inputs=old.inputs if old else {}, new_inputs=given)
            )
            if checked.failures:
                raise planner.check_failed(goal.urn, checked.failures)
            inputs = {**checked.inputs, **({INTERNAL: given[INTERNAL]} if INTERNAL in given else {})}
            diff = _config_diff(goal, old, provider, inputs)
            op = planner.provider_op(old, diff)
            replaced = old if op is Op.REPLACE else None
            if replaced is not None:
                planner.refuse_protected(goal, replaced)
                if replaced.pending_replacement or planner.deletes_first(goal, diff):
                    yield from self.deletion.before_replacement(goal, replaced)
                    replaced = None
        except BaseException:
            provider.close()
            raise
        id = old.id if old is not None and op is not Op.REPLACE else self._new_id()
        self.pool.install(goal.urn, id, provider, inputs)
        outputs = {key: value for key, value in inputs.items() if key != INTERNAL}
        entry = stamped(goal.entry(inputs=inputs, outputs=outputs, id=id, provider=""), old, op)
        yield PlannedStep(Step(op, goal.urn, goal.type, old, entry, diff), replaced=replaced)

    def _new_id(self) -> str:
        return UNKNOWN_ID if self.state.dry_run else str(uuid.uuid4())

    def for_goal(self, goal: Goal) -> tuple[Provider, str]:
        """The running provider of a goal and the reference `urn::id` to store. Raises `ProviderError` without one."""
        urn = parse_provider_ref(goal.provider)[0] if goal.provider else self.ensure_default(goal)
        entry, provider = self.state.entry(urn), self.pool.get(urn)
        if provider is None or entry is None:
            raise ProviderError("the provider is not registered", where=urn)
        return provider, f"{urn}::{entry.id}"

    def ensure_default(self, goal: Goal) -> str:
        """URN of the default provider that serves `goal`, registered on its first use.

        Raises what its registration raises, and `Aborted` when that has failed already.
        """
        state = self.state
        provider = default_provider(goal, state.stack, state.project)
        with state.lock:  # others that need it wait until it is configured
            if provider.urn in state.goals:
                if state.has_failed(provider.urn):
                    raise Aborted
                return provider.urn
            provider = replace(provider, inputs=self.package_config(goal.package))
            state.goals[provider.urn] = provider
            try:
                self.executor.run(self.steps(provider, state.old_entries.get(provider.urn)))
            except PrefectPulumiError:
                state.mark_failed(provider.urn)
                raise
        return provider.urn

    def replaces(self, old: ResourceEntry, provider: Provider, reference: str) -> bool:
        """True when `old` has another provider now, and that one says that what the former one created must go."""
        if old.provider == reference or not old.provider:
            return False
        old_urn, _ = parse_provider_ref(old.provider)
        new_urn, _ = parse_provider_ref(reference)
        with self.state.lock:
            if self.state.matching.renamed.get(old_urn) == new_urn:
                return False
            before, entry = self.state.old_entries.get(old_urn), self.state.new_entries[new_urn]
        if before is None or same(unwrap(before.inputs), unwrap(entry.inputs)):
            return False
        diff = provider.diff_config(
            DiffRequest(new_urn, old_inputs=before.inputs, old_outputs=before.outputs, new_inputs=entry.inputs)
        )
        return bool(diff.replaces) or any(kind.replaces for kind in diff.detailed.values())


def _config_diff(
    goal: Goal, old: ResourceEntry | None, provider: Provider, inputs: dict[str, Any]
) -> DiffResult | None:
    """None when there is nothing to compare, or no difference."""
    if old is None or same(unwrap(old.inputs), unwrap(inputs)):
        return None
    diff = provider.diff_config(
        DiffRequest(goal.urn, old_inputs=old.inputs, old_outputs=old.outputs, new_inputs=inputs)
    )
    if diff.changes is Changes.UNKNOWN:
        plain = planner.plain_diff(old.inputs, inputs)
        diff = replace(diff, changes=plain.changes, detailed=diff.detailed or plain.detailed)
    return diff
