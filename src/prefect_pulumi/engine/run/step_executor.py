"""Carries one step out: the journal's intent, the provider call, its result, the new entry, the events."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

from prefect_pulumi.core.errors import (
    PartialFailureError,
    PrefectPulumiError,
    ProviderError,
    StateError,
)
from prefect_pulumi.core.provider_protocol import CreateRequest, DeleteRequest, Provider, ServerTime, UpdateRequest
from prefect_pulumi.engine.plan import planner
from prefect_pulumi.engine.plan.steps import Execution, Op, PlannedStep, Step, Steps
from prefect_pulumi.engine.run.events import Sink, StepDone, StepStarted
from prefect_pulumi.engine.run.run_state import Aborted, RunState
from prefect_pulumi.engine.run.timestamps import now, stamped
from prefect_pulumi.state.entries import PendingOperation, ResourceEntry

CREATE_BESIDE = "create-replacement"
"""The journal's word for a create whose predecessor is deleted at the end of the run."""

_PENDING_TYPE: Mapping[Op, str] = {
    Op.CREATE: "creating",
    Op.REPLACE: "creating",
    Op.UPDATE: "updating",
    Op.DELETE: "deleting",
    Op.DELETE_REPLACED: "deleting",
}


class Recorder(Protocol):
    """The journal, as the engine sees it."""

    def intent(self, op: str, entry: ResourceEntry, was: str = "") -> int: ...

    def result(self, token: int, entry: ResourceEntry | None, outcome: str) -> None: ...

    def note(self, op: str, entry: ResourceEntry, was: str = "") -> None: ...


class StepExecutor:
    """Carries steps out and records them in `state`. In a preview (`journal` None) providers are asked with
    `preview=True` and nothing is deleted. Its methods may be called from several threads at once.

    `slots` bounds the resources that are worked on concurrently.
    """

    def __init__(self, state: RunState, sink: Sink, journal: Recorder | None) -> None:
        self.state = state
        self.sink = sink
        self.slots = threading.BoundedSemaphore(state.options.parallel)
        self._journal = journal
        self._in_progress: dict[int, PendingOperation] = {}
        self._started = 0
        self._sealed = False

    def run(self, steps: Steps) -> ResourceEntry:
        """Carries each step out before the next is decided on. The entry of the last one."""
        entry: ResourceEntry | None = None
        with closing(steps):
            for planned in steps:
                entry = self.execute(planned)
        assert entry is not None  # noqa: S101 - the last step of a registration leaves an entry
        return entry

    def execute(self, planned: PlannedStep) -> ResourceEntry | None:
        """The entry that the step leaves; None after a delete.

        Raises what the provider raised. A `PartialFailureError` is recorded as the resource's failure instead.
        """
        if planned.execution in {Execution.CREATE, Execution.UPDATE}:
            entry = self._reach(planned)
            if planned.replaced is not None:
                self._leave_behind(planned.replaced)
            return entry
        if planned.execution is Execution.RECORD:
            if planned.replaced is not None:
                self._leave_behind(planned.replaced)
            self.record(planned.step)
            return planned.step.new
        self._delete(planned)
        return None

    def record(self, step: Step) -> None:
        """Takes the result of a step without a provider call into the state and the journal."""
        self._record(step)
        if step.new is not None and planner.changes_state(step):
            # After a crash its users must find it.
            self.note(str(step.op), step.new, _was(step))
        if step.op is not Op.SAME and (step.new is None or not step.new.custom):
            self.sink.emit(StepDone(step, self.state.dry_run, 0.0))

    def busy(self) -> bool:
        """Whether a provider call is in progress."""
        return bool(self._in_progress)

    def in_progress(self) -> list[str]:
        """URNs of the resources whose provider call has not been answered yet, oldest first."""
        with self.state.lock:
            return [operation.resource.urn for operation in self._in_progress.values()]

    def seal(self) -> int:
        """No call begins any more, and no answer counts: calls in progress are left to the next run. Their number."""
        with self.state.lock:
            self._sealed = True
            self.state.abort()
            if not self.state.dry_run:
                for operation in self._in_progress.values():
                    self.state.add_pending(operation)
            return len(self._in_progress)

    @contextmanager
    def _progress(self, operation: PendingOperation) -> Iterator[None]:
        """Raises `Aborted` when the executor was sealed before the call began, or before its answer came."""
        with self.state.lock:
            self._need_open()
            self._started += 1
            token = self._started
            self._in_progress[token] = operation
        try:
            yield
        finally:
            with self.state.lock:
                del self._in_progress[token]
                self._need_open()

    def _need_open(self) -> None:
        if self._sealed:
            raise Aborted

    def note(self, op: str, entry: ResourceEntry, was: str = "") -> None:
        """Journals an entry that needed no call. `was`: the URN that the state still has for it."""
        if self._journal is None or self._sealed:
            return
        try:
            self._journal.note(op, entry, was)
        except StateError as error:
            self.state.abort(error)

    # Kinds of steps

    def _reach(self, planned: PlannedStep) -> ResourceEntry:
        """Creates or updates. After a partial failure the entry has the outputs that there are, and the reasons."""
        step = planned.step
        try:
            entry = self._call(planned)
        except PartialFailureError as error:
            entry = _partial_entry(step, error)
            self._record(replace(step, new=entry))
            self.state.fail(step.urn, error)
            return entry
        assert entry is not None  # noqa: S101 - only deletes leave none
        self._record(replace(step, new=entry))
        return entry

    def _delete(self, planned: PlannedStep) -> None:
        step, entry = planned.step, planned.step.old
        assert entry is not None  # noqa: S101 - a delete is of an old entry
        if planned.provider is not None:
            self._call(planned)
            self.state.record_delete(step)
        elif planned.execution is Execution.DELETE:
            self.record(step)
        elif self.state.dry_run:
            self.state.record_delete(step)
        if planned.execution is Execution.DELETE:
            self.state.forget(entry)
        else:
            self.state.await_recreation(entry)

    def _leave_behind(self, old: ResourceEntry) -> None:
        """`old` was replaced and is deleted at the end of the run."""
        if self.state.dry_run:
            return
        entry = replace(old, delete=True)
        self.state.leave_behind(entry)
        self.note(str(Op.REPLACE), entry)

    def _record(self, step: Step) -> None:
        if step.new is not None:
            self.state.masker.learn((step.new.inputs, step.new.outputs), (step.urn,))
        self.state.record(step, dirty=planner.changes_state(step))

    # Provider calls

    def _call(self, planned: PlannedStep) -> ResourceEntry | None:
        """One provider call between the journal's intent and result, and its events."""
        step, state = planned.step, self.state
        subject = step.new or step.old
        assert subject is not None  # noqa: S101 - a step has an entry before or after
        if planned.execution is Execution.CREATE and not state.dry_run:
            subject = replace(subject, created=_intended(planned))
        beside = planned.execution is Execution.CREATE and planned.replaced is not None
        op = CREATE_BESIDE if beside else str(step.op)
        self._need_open()
        token = None if self._journal is None else self._journal.intent(op, subject, _was(step))
        self.sink.emit(StepStarted(step, state.dry_run))
        began = time.monotonic()
        try:
            with self._progress(PendingOperation(subject, _PENDING_TYPE.get(step.op, "updating"))):
                entry = self._answer(planned)
        except PartialFailureError as error:
            state.masker.error(error)
            partial = replace(subject, id=error.id, outputs=error.outputs, init_errors=list(error.reasons))
            self._result(token, partial, "partial")
            self.sink.emit(StepDone(step, state.dry_run, time.monotonic() - began, error.message))
            raise
        except PrefectPulumiError as error:
            # Without an answer the call may have been carried out: its intent stays open, and the next run resolves it.
            if error.outcome_unknown and not state.dry_run:
                state.add_pending(PendingOperation(subject, _PENDING_TYPE.get(step.op, "updating")))
            else:
                self._result(token, None, "failed")
            self.sink.emit(StepDone(step, state.dry_run, time.monotonic() - began, error.message))
            raise
        self._result(token, entry, "done")
        self.sink.emit(StepDone(step, state.dry_run, time.monotonic() - began))
        return entry

    def _answer(self, planned: PlannedStep) -> ResourceEntry | None:
        """Asks the provider: the entry with what it answered, None after a delete."""
        provider, old, new = planned.provider, planned.step.old, planned.step.new
        assert provider is not None  # noqa: S101 - the caller has looked
        if new is None:
            assert old is not None  # noqa: S101 - a delete is of an old entry
            timeout = old.custom_timeouts.get("delete", 0.0)
            provider.delete(DeleteRequest(old.urn, old.id, old.inputs, old.outputs, timeout=timeout))
            return None
        if planned.execution is Execution.CREATE or old is None:
            return self._create(provider, new)
        return self._update(provider, old, new)

    def _create(self, provider: Provider, new: ResourceEntry) -> ResourceEntry:
        timeout = new.custom_timeouts.get("create", 0.0)
        created = provider.create(CreateRequest(new.urn, new.inputs, timeout=timeout, preview=self.state.dry_run))
        if not created.id and not self.state.dry_run:
            raise ProviderError("the provider created the resource but returned no id", where=new.urn)
        outputs = planner.seal(created.outputs, new.inputs, new.additional_secret_outputs)
        return stamped(replace(new, id=created.id, outputs=outputs), None, Op.CREATE)

    def _update(self, provider: Provider, old: ResourceEntry, new: ResourceEntry) -> ResourceEntry:
        outputs = provider.update(
            UpdateRequest(
                new.urn,
                old.id,
                old_inputs=old.inputs,
                old_outputs=old.outputs,
                new_inputs=new.inputs,
                ignore_changes=tuple(new.ignore_changes),
                timeout=new.custom_timeouts.get("update", 0.0),
                preview=self.state.dry_run,
            )
        )
        sealed = planner.seal(outputs, new.inputs, new.additional_secret_outputs)
        return stamped(replace(new, outputs=sealed), old, Op.UPDATE)

    def _result(self, token: int | None, entry: ResourceEntry | None, outcome: str) -> None:
        """What was done is in memory and goes into the checkpoint even when the journal takes no more of it."""
        if self._journal is None or token is None:
            return
        try:
            self._journal.result(token, entry, outcome)
        except StateError as error:
            self.state.abort(error)


def _intended(planned: PlannedStep) -> str:
    """When the create is about to begin, by the clock that dates its object: an older object is not of this create."""
    provider = planned.provider
    if not isinstance(provider, ServerTime):
        return now()
    return datetime.fromtimestamp(provider.server_time(planned.step.urn), UTC).isoformat()


def _partial_entry(step: Step, error: PartialFailureError) -> ResourceEntry:
    """An object that exists, but not as requested. After an update its inputs count as the old ones."""
    planned, old = step.new, step.old
    assert planned is not None  # noqa: S101 - only creates and updates fail in part
    inputs = planned.inputs if step.op is not Op.UPDATE or old is None else old.inputs
    outputs = planner.seal(error.outputs, planned.inputs, planned.additional_secret_outputs)
    entry = replace(planned, id=error.id, inputs=inputs, outputs=outputs, init_errors=list(error.reasons))
    return stamped(entry, old, step.op)


def _was(step: Step) -> str:
    """The URN that the state still has for a resource that was renamed or moved; else ""."""
    return step.old.urn if step.old is not None and step.old.urn != step.urn else ""
