"""The state of one run: what was there, what there is to be, what went wrong; and one provider call between its two
records in the journal."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Protocol

from prefect_pulumi.core.errors import (
    CannotCheckError,
    CheckError,
    PartialFailureError,
    PrefectPulumiError,
    StateError,
)
from prefect_pulumi.core.masking import Masker
from prefect_pulumi.core.values import has_unknown, identical, same, unwrap
from prefect_pulumi.engine.plan import planner
from prefect_pulumi.engine.plan.goals import Goal
from prefect_pulumi.engine.plan.scope import Scope, Selection
from prefect_pulumi.engine.plan.steps import STACK_TYPE, Op, Step
from prefect_pulumi.engine.plan.urn_matching import Matching
from prefect_pulumi.engine.run.events import Sink, StepDone, StepStarted
from prefect_pulumi.engine.run.providers import ProviderPool
from prefect_pulumi.state import integrity
from prefect_pulumi.state.entries import PendingOperation, ResourceEntry, Snapshot


class Recorder(Protocol):
    """The journal, as the engine sees it."""

    def intent(self, op: str, entry: ResourceEntry, was: str = "") -> int: ...

    def result(self, token: int, entry: ResourceEntry | None, outcome: str) -> None: ...

    def note(self, op: str, entry: ResourceEntry, was: str = "") -> None: ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """Answer to a registration. `id` "" means unknown or none; `unknown`: it was left out and does not exist."""

    urn: str
    id: str = ""
    outputs: dict[str, Any] = field(default_factory=dict)
    failed: bool = False
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class Options:
    """How a run goes about its work, and on what."""

    selection: Selection = field(default_factory=Selection)
    continue_on_error: bool = False
    parallel: int = 16


class Aborted(Exception):
    """The run has failed or was interrupted: no further resource is begun."""


class RunState:
    """What the parts of a run share. Its methods may be called from several threads at once."""

    def __init__(
        self,
        *,
        project: str,
        stack: str,
        snapshot: Snapshot,
        providers: ProviderPool,
        package_config: Callable[[str], dict[str, Any]],
        sink: Sink,
        options: Options,
        journal: Recorder | None = None,
        masker: Masker | None = None,
    ) -> None:
        self.project = project
        self.stack = stack
        self.dry_run = journal is None
        self.masker = masker or Masker()
        self.options = options
        self.providers = providers
        self.steps: list[Step] = []
        self.errors: list[PrefectPulumiError] = []
        self.state_dirty = False
        self._journal = journal
        self._sink = sink
        self._package_config = package_config
        self._before = snapshot
        self._olds = {entry.urn: entry for entry in snapshot.resources if not entry.delete}
        self._leftovers = [entry for entry in snapshot.resources if entry.delete]
        self._news: dict[str, ResourceEntry] = {}
        self._gone: set[str] = set()
        self._goals: dict[str, Goal] = {}
        self._matching = Matching(stack, project)
        self._scope = Scope(options.selection)
        self._failed: set[str] = set()
        self._skipped: set[str] = set()
        self._untouched_urns: set[str] = set()
        self._deleting: set[str] = set()
        self._pending: list[PendingOperation] = []
        self._stack_outputs: dict[str, Any] | None = None
        self._aborted = False
        self._lock = threading.RLock()
        self._seed = os.urandom(32)
        self._slots = threading.BoundedSemaphore(options.parallel)

    # Carrying out

    def _carry_out(
        self, step: Step, planned: ResourceEntry, call: Callable[[], ResourceEntry], *, beside: bool = False
    ) -> ResourceEntry:
        """`beside`: the object is made while the one that it replaces still stands."""
        try:
            entry: ResourceEntry = self._timed(step, planned, call, lambda made: made, beside=beside)
        except PartialFailureError as error:
            inputs = planned.inputs if step.op is not Op.UPDATE or step.old is None else step.old.inputs
            outputs = planner.seal(error.outputs, planned.inputs, planned.additional_secret_outputs)
            entry = replace(planned, id=error.id, inputs=inputs, outputs=outputs, init_errors=list(error.reasons))
            entry = stamped(entry, step.old, step.op)
            self._finish(replace(step, new=entry), journalled=True)
            self._record_error(step.urn, error)
            return entry
        self._finish(replace(step, new=entry), journalled=True)
        return entry

    def _timed(
        self,
        step: Step,
        subject: ResourceEntry,
        call: Callable[[], Any],
        kept: Callable[[Any], Any],
        *,
        beside: bool = False,
    ) -> Any:
        """Runs one provider call between the journal's intent and result, and tells the sink."""
        op = CREATE_BESIDE if beside else str(step.op)
        token = None if self._journal is None else self._journal.intent(op, subject, _was(step))
        self._sink.emit(StepStarted(step, self.dry_run))
        began = time.monotonic()
        try:
            value = call()
        except PartialFailureError as error:
            self.masker.error(error)
            partial = replace(subject, id=error.id, outputs=error.outputs, init_errors=list(error.reasons))
            self._result(token, partial, "partial")
            self._sink.emit(StepDone(step, self.dry_run, time.monotonic() - began, error.message))
            raise
        except PrefectPulumiError as error:
            # Without an answer the call may have been carried out: its intent stays open and is healed later.
            if isinstance(error, CannotCheckError) and not self.dry_run:
                with self._lock:
                    self._pending.append(PendingOperation(subject, _PENDING_TYPE.get(step.op, "updating")))
            else:
                self._result(token, None, "failed")
            self._sink.emit(StepDone(step, self.dry_run, time.monotonic() - began, error.message))
            raise
        self._result(token, kept(value), "done")
        self._sink.emit(StepDone(step, self.dry_run, time.monotonic() - began))
        if step.op in {Op.DELETE, Op.DELETE_REPLACED}:
            with self._lock:
                self.steps.append(step)
        return value

    def _result(self, token: int | None, entry: ResourceEntry | None, outcome: str) -> None:
        """What was done is in memory and goes into the checkpoint even when the journal takes no more of it."""
        if self._journal is None or token is None:
            return
        try:
            self._journal.result(token, entry, outcome)
        except StateError as error:
            self._fail(error)

    def _note(self, op: Op, entry: ResourceEntry, was: str = "") -> None:
        if self._journal is None:
            return
        try:
            self._journal.note(str(op), entry, was)
        except StateError as error:
            self._fail(error)

    def _finish(self, step: Step, *, journalled: bool = False) -> None:
        """Takes the step's result into the state to come. What no provider call made is noted in the journal too:
        after a crash its users must find it."""
        if step.new is not None:
            self.masker.learn((step.new.inputs, step.new.outputs))
        moved = step.new is not None and step.old is not None and planner.state_differs(step.old, step.new)
        dirty = step.op not in {Op.SAME, Op.READ} or moved or step.old is None
        if step.op is Op.READ and step.old is not None and step.new is not None:
            dirty = dirty or not same(unwrap(step.old.outputs), unwrap(step.new.outputs))
        with self._lock:
            self.steps.append(step)
            self.state_dirty = self.state_dirty or dirty
            if step.new is not None:
                self._news[step.urn] = step.new
        if dirty and not journalled and step.new is not None:
            self._note(step.op, step.new, _was(step))
        if step.op is not Op.SAME and (step.new is None or not step.new.custom):
            self._sink.emit(StepDone(step, self.dry_run, 0.0))

    # Failure

    def abort(self) -> None:
        """No further resource is begun; what is in flight ends."""
        self._aborted = True

    @property
    def aborted(self) -> bool:
        return self._aborted

    def _check_running(self) -> None:
        if self._aborted:
            raise Aborted

    def _fail(self, error: PrefectPulumiError) -> Aborted:
        self.errors.append(error)
        self._aborted = True
        return Aborted()

    def _record_error(self, urn: str, error: PrefectPulumiError) -> None:
        with self._lock:
            self.errors.append(located(error, urn))
            self._failed.add(urn)
            # A preview goes on, so that all faults are told at once; unknowns stand in for what failed.
            if not self.dry_run and not self.options.continue_on_error:
                self._aborted = True

    # Results

    @property
    def stack_outputs(self) -> dict[str, Any]:
        """The exports as far as they were sent, over the old ones when the run failed."""
        stack = next((e for e in self._before.resources if e.type == STACK_TYPE), None)
        before = stack.outputs if stack is not None else {}
        if self._stack_outputs is None:
            return before
        return {**before, **self._stack_outputs} if self.errors else self._stack_outputs

    def snapshot(self) -> Snapshot:
        """The state after this run, in the order that the file demands."""
        with self._lock:
            entries = dict(self._news)
            renamed = self._matching.renamed
            for urn, entry in self._olds.items():
                # One that was matched by an alias but failed goes on under its new name.
                now_urn = renamed.get(urn, urn)
                if now_urn not in entries and urn not in self._gone:
                    entries[now_urn] = replace(entry, urn=now_urn)
            listed = [integrity.renamed(entry, renamed) for entry in [*entries.values(), *self._leftovers]]
            listed = [_with_outputs(entry, self.stack_outputs) for entry in listed]
            return replace(
                self._before,
                resources=integrity.sort(integrity.without_dead_edges(listed)),
                pending_operations=list(self._pending),
            )

    @property
    def outputs_changed(self) -> bool:
        stack = next((e for e in self._before.resources if e.type == STACK_TYPE), None)
        before = stack.outputs if stack is not None else {}
        now = self.stack_outputs
        return has_unknown(now) or not identical(before, now)


CREATE_BESIDE = "create-replacement"
"""The journal's word for a create whose predecessor is deleted at the end of the run."""

_PENDING_TYPE: Mapping[Op, str] = {
    Op.CREATE: "creating",
    Op.REPLACE: "creating",
    Op.UPDATE: "updating",
    Op.DELETE: "deleting",
    Op.DELETE_REPLACED: "deleting",
}


def _was(step: Step) -> str:
    """The URN that the state still has for a resource that was renamed or moved; else ""."""
    return step.old.urn if step.old is not None and step.old.urn != step.urn else ""


def now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def stamped(entry: ResourceEntry, old: ResourceEntry | None, op: Op) -> ResourceEntry:
    if old is None or op in {Op.CREATE, Op.REPLACE, Op.IMPORT}:
        return replace(entry, created=now(), modified=now())
    if op is Op.UPDATE:
        return replace(entry, created=old.created, modified=now())
    kept = {key: value for key, value in old.extra.items() if key != "hideDiff"}
    return replace(entry, created=old.created, modified=old.modified, extra={**kept, **entry.extra})


def check_error(urn: str, failures: Iterable[Any]) -> CheckError:
    lines = [f"{failure.property}: {failure.reason}" if failure.property else failure.reason for failure in failures]
    return CheckError("\n".join(lines), where=urn)


def located(error: PrefectPulumiError, urn: str) -> PrefectPulumiError:
    if not error.where:
        error.where = urn
    return error


def _with_outputs(entry: ResourceEntry, outputs: dict[str, Any]) -> ResourceEntry:
    return replace(entry, outputs=outputs) if entry.type == STACK_TYPE else entry
