"""One run of a program against a state: each request of the program becomes steps, which are carried out.

A goal is entered into the run's state (`RunState`), becomes steps (`StepGenerator`), and each step is carried out and
recorded in the state again (`StepExecutor`). The same code serves preview and update: in a preview the provider is
asked with `preview=True`, nothing is journaled and nothing is deleted; the steps are the ones that an update executes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prefect_pulumi.core.errors import CheckError, PrefectPulumiError
from prefect_pulumi.core.masking import Masker
from prefect_pulumi.core.provider_protocol import InvokeResult
from prefect_pulumi.engine.plan.goals import Goal
from prefect_pulumi.engine.plan.steps import STACK_TYPE
from prefect_pulumi.engine.run.custom_resources import CustomResources
from prefect_pulumi.engine.run.deletion import Deletion
from prefect_pulumi.engine.run.events import Sink
from prefect_pulumi.engine.run.lookups import Lookups
from prefect_pulumi.engine.run.provider_resources import UNKNOWN_ID, ProviderResources
from prefect_pulumi.engine.run.providers import ProviderPool
from prefect_pulumi.engine.run.run_state import Aborted, Outcome, RunOptions, RunState
from prefect_pulumi.engine.run.servers import LocalServers
from prefect_pulumi.engine.run.step_executor import Recorder, StepExecutor
from prefect_pulumi.engine.run.step_generator import StepGenerator
from prefect_pulumi.state.entries import ResourceEntry, Snapshot, urn_type


class Deployment:
    """The parts of one run, and the program's requests to it, which may come from several threads at once.

    `journal` None makes it a preview. Each request raises `Aborted` once the run has failed.
    """

    def __init__(
        self,
        *,
        project: str,
        stack: str,
        snapshot: Snapshot,
        pool: ProviderPool,
        package_config: Callable[[str], dict[str, Any]],
        sink: Sink,
        options: RunOptions,
        journal: Recorder | None = None,
        masker: Masker | None = None,
        servers: LocalServers | None = None,
    ) -> None:
        self.state = RunState(
            project=project,
            stack=stack,
            snapshot=snapshot,
            options=options,
            dry_run=journal is None,
            masker=masker,
        )
        self.pool = pool
        self.executor = StepExecutor(self.state, sink, journal)
        self.deletion = Deletion(self.state, pool, self.executor, servers)
        self.providers = ProviderResources(self.state, pool, self.executor, self.deletion, package_config)
        self.lookups = Lookups(self.state, self.providers)
        custom = CustomResources(self.state, self.providers, self.deletion, sink)
        self.generator = StepGenerator(self.state, self.providers, custom)

    def register(self, goal: Goal) -> Outcome:
        """`RegisterResource`."""
        state = self.state
        state.masker.learn(goal.inputs)
        state.check_running()
        with state.lock:
            try:
                goal, old = state.admit(goal)
            except CheckError as error:
                state.abort(error)
                raise Aborted from error
            if state.failed_among(goal.used):
                state.mark_failed(goal.urn)
                return Outcome(goal.urn, failed=True)
        try:
            return self._reached(goal, old)
        except PrefectPulumiError as error:
            state.fail(goal.urn, error)
            return Outcome(goal.urn, failed=True)

    def _reached(self, goal: Goal, old: ResourceEntry | None) -> Outcome:
        if not self.generator.includes(goal):
            if old is None:
                self.state.exclude(goal.urn)
                return Outcome(goal.urn, excluded=True)
            self.state.keep_untouched(goal.urn)
            return _outcome(self.executor.run(self.generator.untouched(goal, old)))
        steps = self.generator.steps(goal, old)
        if not goal.custom:
            return _outcome(self.executor.run(steps))
        with self.executor.slots:
            self.state.check_running()  # it may have failed, or been stopped, while this one waited
            return _outcome(self.executor.run(steps))

    def register_outputs(self, urn: str, outputs: dict[str, Any]) -> None:
        """`RegisterResourceOutputs`; the Stack's are applied when the run ends."""
        if urn_type(urn) == STACK_TYPE:
            self.state.set_stack_outputs(outputs)
            return
        with self.state.lock:
            entry = self.state.set_outputs(urn, outputs)
            if entry is not None:
                self.executor.note("outputs", entry)

    def read(self, goal: Goal, id: str) -> Outcome:
        """`ReadResource`: the object `id` of an external resource."""
        state = self.state
        state.check_running()
        with state.lock:
            try:
                old = state.admit_lookup(goal)
            except CheckError as error:
                state.abort(error)
                raise Aborted from error
            needed = {*goal.needs, goal.parent}
            if state.failed_among(needed) or state.excluded_among(needed):
                state.mark_failed(goal.urn)
                return Outcome(goal.urn, failed=True)
        try:
            with self.executor.slots:
                return _outcome(self.executor.run(self.lookups.steps(goal, id, old)))
        except PrefectPulumiError as error:
            state.fail(goal.urn, error)
            return Outcome(goal.urn, failed=True)

    def invoke(self, token: str, args: dict[str, Any], goal: Goal) -> InvokeResult:
        """`Invoke`: the function's result, or its failures. `goal` says which provider, version and plugin serve it."""
        self.state.check_running()
        return self.lookups.invoke(token, args, goal)


def _outcome(entry: ResourceEntry) -> Outcome:
    id = "" if entry.id == UNKNOWN_ID else entry.id
    return Outcome(entry.urn, id, entry.outputs, failed=bool(entry.init_errors))
