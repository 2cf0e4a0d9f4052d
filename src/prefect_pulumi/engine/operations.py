"""The operations on one stack: preview, up, refresh, destroy. Each takes a `StackContext` and returns a `Result`."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from prefect_pulumi.core.errors import ChangesFound, InterruptedRun, ManyErrors, PrefectPulumiError
from prefect_pulumi.core.interruption import PROCESS, ending, shielded
from prefect_pulumi.core.masking import MaskedStream
from prefect_pulumi.core.values import Secret
from prefect_pulumi.engine.plan.steps import Op, Step, summarize
from prefect_pulumi.engine.run.deployment import Deployment
from prefect_pulumi.engine.run.events import Waiting
from prefect_pulumi.engine.run.providers import ProviderPool
from prefect_pulumi.engine.run.recovery import Unreachable
from prefect_pulumi.engine.run.refresh import refresh_entries
from prefect_pulumi.engine.run.run_state import Aborted, RunOptions
from prefect_pulumi.engine.run.step_executor import Recorder
from prefect_pulumi.engine.sdk.monitor import InProcessEngine, InProcessMonitor
from prefect_pulumi.engine.sdk.program import run_program
from prefect_pulumi.engine.update import (
    StackContext,
    Update,
    keep,
    load_state,
    open_providers,
    recovered,
    resolved_state,
    save,
    updating,
    wholly_recovered,
    write_state,
)
from prefect_pulumi.state.entries import Snapshot
from prefect_pulumi.state.journal import Journal


@dataclass(frozen=True)
class Result:
    """What was done (or would be): the steps in order, stack outputs, operation counts, wall seconds."""

    steps: tuple[Step, ...]
    outputs: dict[str, Any]
    summary: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def changed(self) -> bool:
        return any(step.changes for step in self.steps)


def preview(
    context: StackContext, options: RunOptions, *, refresh: bool = False, snapshot: Snapshot | None = None
) -> Result:
    """What `up` would do. Takes no lock and writes nothing. `snapshot`: the state, for one who has read it already."""
    began = time.monotonic()
    snapshot = load_state(context) if snapshot is None else snapshot
    with open_providers(context) as providers:
        before: tuple[Step, ...] = ()
        if refresh:
            snapshot, before = refresh_entries(snapshot, providers, context.sink, options)
        deployment = _run(context, snapshot, providers, options, None)
    return _result(deployment, began, before)


def up(
    context: StackContext,
    options: RunOptions,
    *,
    refresh: bool = False,
    confirm: Callable[[Result], bool] | None = None,
    approved: Callable[[Result, str], None] | None = None,
    expect_no_changes: bool = False,
) -> Result:
    """Previews, asks, applies. Bad input is found by the preview, so nothing of it is ever half-applied.

    `approved` raises when the preview, or the digest of the state that it starts from, is not what was approved.

    No server is asked before the resource that starts it: neither for what an interrupted run left open, nor for what
    the program declares to live on it.
    """
    began = time.monotonic()
    with updating(context) as update, open_providers(context) as providers:
        state = update.writer.digest
        if refresh or options.adopt:
            context.servers.start(update.snapshot.resources)
        snapshot, unreachable = recovered(context, update, providers)
        before: tuple[Step, ...] = ()
        if refresh:
            snapshot, before = refresh_entries(snapshot, providers, context.sink, options)
        plan = _run(context, snapshot, providers, options, None)
        planned = _result(plan, began, before)
        if approved is not None:
            approved(planned, state)
        hosted = _hosted(context, plan, unreachable)
        if expect_no_changes and planned.changed:
            raise ChangesFound("changes were found where none were expected")
        unchanged = not planned.changed and not plan.state.dirty and not plan.state.outputs_changed
        if unchanged and not refresh and not unreachable:
            return planned
        if planned.changed and confirm is not None and not confirm(planned):
            return replace(planned, steps=())
        if before:
            keep(context, update, snapshot)
        if hosted:
            context.servers.start(plan.state.new_entries.values())
        if unreachable:
            operations = [open_operation.operation for open_operation in unreachable]
            snapshot, unreachable = resolved_state(context, update, snapshot, operations, providers)
            if unreachable:
                raise unreachable[0].error
        options = replace(options, adopted=_adopted(planned) if options.adopt else {})
        del plan, planned
        gc.collect()  # the resources of the preview's program refer to each other in circles
        with open_providers(context) as running:
            deployment = make_deployment(context, snapshot, running, options, update.journal)
            _apply(context, update, deployment, "update", lambda: _execute(context, deployment))
    return _result(deployment, began, before)


def _hosted(context: StackContext, plan: Deployment, unreachable: Sequence[Unreachable]) -> bool:
    """Whether the program declares a server on which resources live that do not refer to it.

    Raises what the server of an open operation says when the program starts none there.
    """
    state = plan.state
    open_entries = [open_operation.operation.resource for open_operation in unreachable]
    hosts = context.servers.hosts([*state.all_entries(), *open_entries])
    for open_operation in unreachable:
        if hosts.get(open_operation.operation.resource.urn, "") not in state.new_entries:
            raise open_operation.error
    return any(server in state.new_entries for server in hosts.values())


def _adopted(planned: Result) -> dict[str, str]:
    """What the preview has shown as taken over from the server: URN -> id."""
    return {step.urn: step.new.id for step in planned.steps if step.op is Op.IMPORT and step.new is not None}


def refresh(
    context: StackContext,
    options: RunOptions,
    *,
    expect_no_changes: bool = False,
    clear_pending_creates: bool = False,
) -> Result:
    """Updates the state from what the providers report; changes no object.

    `clear_pending_creates` closes creates whose result nobody knows.
    """
    began = time.monotonic()
    with updating(context) as update, open_providers(context) as providers:
        context.servers.start(update.snapshot.resources)
        snapshot = wholly_recovered(context, update, providers)
        if clear_pending_creates:
            snapshot = replace(snapshot, pending_operations=[])
        start = int(time.time())
        fresh, steps = refresh_entries(snapshot, providers, context.sink, options)
        if expect_no_changes and any(step.changes for step in steps):
            raise ChangesFound("the refresh found changes where none were expected")
        write_state(context, fresh, update, "refresh", start, summarize(steps), "succeeded")
    return Result(steps, _outputs(fresh), summarize(steps), time.monotonic() - began)


def destroy(context: StackContext, options: RunOptions, *, confirm: Callable[[Result], bool] | None = None) -> Result:
    """Deletes every resource of the stack, users before what they use."""
    began = time.monotonic()
    with updating(context) as update, open_providers(context) as providers:
        context.servers.start(update.snapshot.resources)
        snapshot = wholly_recovered(context, update, providers)
        plan = make_deployment(context, snapshot, providers, options, None)
        plan.state.check_targets()
        plan.deletion.delete_undeclared()
        _raise_first(plan)
        planned = _result(plan, began, ())
        if not snapshot.resources:
            return planned
        if confirm is not None and not confirm(planned):
            return replace(planned, steps=())
        deployment = make_deployment(context, snapshot, providers, options, update.journal)
        _apply(context, update, deployment, "destroy", deployment.deletion.delete_undeclared)
    return _result(deployment, began, ())


def _apply(context: StackContext, update: Update, deployment: Deployment, kind: str, work: Callable[[], None]) -> None:
    """Carries out `work` and saves, whatever ends it. An interruption lets operations in progress get their answers."""
    context.keep_secrets()
    if context.backend.store.is_bucket and not update.writer.digest:
        # The salt of what the journal will hold is in no file of the machine that would go on after this one.
        keep(context, update, Snapshot.empty(context.manager.salt_text))
    start = int(time.time())
    interrupted, unanswered = False, 0
    with shielded():
        try:
            with ending(deployment.state.abort, deployment.executor.busy):
                work()
        except KeyboardInterrupt:
            interrupted, unanswered = True, deployment.executor.seal()
        finally:
            save(context, deployment, update, kind, start)
        if interrupted or PROCESS.requested:
            done = "operations in progress have ended and are saved"
            left = f"{unanswered} operations in progress had no answer, and all else is saved"
            raise InterruptedRun(f"interrupted: {left if unanswered else done}", remedy="run it again to continue")
    _raise_first(deployment)


def _run(
    context: StackContext, snapshot: Snapshot, providers: ProviderPool, options: RunOptions, journal: Journal | None
) -> Deployment:
    deployment = make_deployment(context, snapshot, providers, options, journal)
    _execute(context, deployment)
    _raise_first(deployment)
    return deployment


def make_deployment(
    context: StackContext, snapshot: Snapshot, providers: ProviderPool, options: RunOptions, journal: Recorder | None
) -> Deployment:
    return Deployment(
        project=context.project,
        stack=context.stack,
        snapshot=snapshot,
        pool=providers,
        package_config=context.package_config,
        sink=context.sink,
        options=options,
        journal=journal,
        masker=context.masker,
        servers=context.servers,
    )


def _execute(context: StackContext, deployment: Deployment) -> None:
    """Runs the program; deletes what it no longer declares only when it ended without error, or goes on after one."""
    state = deployment.state
    # A preview learns secrets that the program made after it may have shown them, so its output waits for the end.
    output = MaskedStream(context.output or sys.stdout, context.masker, held=state.dry_run)
    errors = MaskedStream(sys.stderr, context.masker, held=state.dry_run)
    try:
        run_program(
            context.program,
            project=context.project,
            stack=context.stack,
            config=context.config,
            secret_keys=context.secret_keys,
            monitor=InProcessMonitor(deployment, context.program),
            engine=InProcessEngine(context.sink),
            dry_run=state.dry_run,
            parallel=state.options.parallel,
            output=output,
            errors=errors,
            say=lambda text: context.sink.emit(Waiting(text)),
            in_progress=deployment.executor.in_progress,
            learn=lambda value: context.masker.learn(Secret(value)),
        )
    except Aborted:
        return
    except PrefectPulumiError as error:
        state.errors.append(error)
        return
    finally:
        output.finish()
        errors.finish()
    targets_exist = state.check_targets()
    if targets_exist and not state.aborted and (not state.errors or state.continues_after_failures):
        deployment.deletion.delete_undeclared()


def _raise_first(deployment: Deployment) -> None:
    errors = deployment.state.errors
    if not errors:
        return
    first = errors[0]
    if len(errors) > 1:
        raise ManyErrors(errors)
    raise first


def _outputs(snapshot: Snapshot) -> dict[str, Any]:
    return next((entry.outputs for entry in snapshot.resources if entry.type == "pulumi:pulumi:Stack"), {})


def _result(deployment: Deployment, began: float, before: tuple[Step, ...]) -> Result:
    steps = (*before, *deployment.state.steps)
    return Result(steps, deployment.state.stack_outputs, summarize(steps), time.monotonic() - began)
