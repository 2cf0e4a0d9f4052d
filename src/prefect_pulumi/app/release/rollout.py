"""Takes a stack to the release that its config pins, step by step, and back again when a step fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from prefect_pulumi.app.events import Progress, RolloutEnded
from prefect_pulumi.app.release.cloud_versions import promote_versions
from prefect_pulumi.app.release.journal import exclusive_rollout, open_rollout, save_rollout
from prefect_pulumi.app.release.plan import build_plan
from prefect_pulumi.app.release.records import delete_unused_releases, need_record
from prefect_pulumi.app.release.verify import now, verify_release, workers_online
from prefect_pulumi.app.session.context import engine_context
from prefect_pulumi.app.session.view import StackView
from prefect_pulumi.core.errors import (
    CannotCheckError,
    InputError,
    InterruptedRun,
    PrefectPulumiError,
    PromotionError,
)
from prefect_pulumi.engine import operations
from prefect_pulumi.engine.run.run_state import RunOptions
from prefect_pulumi.models.release_record import ReleasePin, ReleaseRecord
from prefect_pulumi.promotion.plan import need_open, need_same
from prefect_pulumi.promotion.rollout import Phase, Rollout
from prefect_pulumi.provider.handlers.release import who

Confirm = Callable[[Rollout], bool]
"""Whether a rollout may begin or go on."""


@dataclass(frozen=True, slots=True)
class RollbackRequest:
    """`to`: the id of a release that the stack keeps; "" for the open rollout's or else the one before."""

    to: str = ""


def is_pending(view: StackView) -> bool:
    """Whether the config pins a release that the stack does not run yet, or a rollout of it is open."""
    if open_rollout(view.stack) is not None:
        return True
    return view.pin is not None and not _runs(view.releases.record, view.pin)


def _runs(record: ReleaseRecord | None, pin: ReleasePin) -> bool:
    return record is not None and record.is_of(pin)


def roll_out_pin(view: StackView, confirm: Confirm | None = None, *, approved: bool = False) -> Rollout:
    """Takes the stack to the release that it pins and does not run.

    An open rollout is continued. Else the plan is made again and has to be the approved one; `approved`: it was made
    a moment ago. Raises `PromotionError` when the release could not be deployed, whatever was restored.
    """
    with exclusive_rollout(view.stack):
        rollout = open_rollout(view.stack)
        if rollout is None or (rollout.back is None and view.pin != rollout.pin):
            rollout = _begin(view, approved=approved)
        else:
            rollout = rollout.noted(now(), f"going on with: {rollout.phase}")
        _ask(confirm, rollout)
        return _Runner(view, rollout).run()


def roll_back(view: StackView, request: RollbackRequest, confirm: Confirm | None = None) -> Rollout:
    """Undoes an open rollout, else takes the stack to a release that it keeps.

    Raises `InputError` when there is nothing to go back to, `PromotionError` when the release could not be deployed.
    """
    if request.to or open_rollout(view.stack) is None:
        _kept_release(view, request.to)  # refused before the lock leaves a file
    with exclusive_rollout(view.stack):
        rollout = open_rollout(view.stack)
        if rollout is not None and not request.to:
            if rollout.back is None:
                raise InputError(
                    f"{view.name} had no release before: there is nothing to roll back to",
                    where="infra rollback",
                    remedy=f"go on with infra up -s {view.name}, or infra destroy -s {view.name}",
                )
            _ask(confirm, rollout)
            return _Runner(view, rollout.noted(now(), "undone by hand").failed()).run()
        record = _kept_release(view, request.to)
        rollout = _new_rollout("rollback", view, record.pin(view.name))
        _ask(confirm, rollout)
        return _Runner(view, rollout).run()


def _ask(confirm: Confirm | None, rollout: Rollout) -> None:
    if confirm is not None and not confirm(rollout):
        raise InputError("nothing was touched", where="infra")


def _begin(view: StackView, *, approved: bool) -> Rollout:
    pin = view.pin
    if pin is not None and pin.stage == view.name:
        kept = view.releases.find(pin.id)
        if kept is None or kept.commit != pin.commit:
            raise InputError(
                f"stack {view.name} does not keep the release {pin.id} of that commit",
                where=f"{view.stack.config_file.name}: environment.release",
                remedy=f"infra rollback -s {view.name} --to ID, of: infra release list -s {view.name}",
            )
        return _new_rollout("rollback", view, pin)
    if pin is None or not pin.plan or not pin.stage:
        raise InputError(
            "the pin has no approved plan",
            where=f"{view.stack.config_file.name}: environment.release",
            remedy=f"infra promote SOURCE {view.name} makes one",
        )
    if approved:
        return _new_rollout("promote", view, pin)
    plan = build_plan(view.of(pin.stage), view, release=pin.id, reasons=pin.forced, deploys=True)
    need_open(plan)
    need_same(plan, pin.plan)
    approval = next((gate.text for gate in plan.gates if gate.name == "approved" and gate.passed), "")
    return replace(_new_rollout("promote", view, pin), approval=approval)


def _new_rollout(kind: str, view: StackView, pin: ReleasePin) -> Rollout:
    running = view.releases.record
    back = running.pin(view.name) if running else None
    before = f", from {running.commit[:12]} ({running.id})" if running else ""
    rollout = Rollout(kind, view.name, pin, back, who())
    return rollout.noted(now(), f"{kind} to {pin.commit[:12]} ({pin.id}){before}")


def _kept_release(view: StackView, id: str) -> ReleaseRecord:
    """The named release, else the newest that is not what the stack runs and did not fail there."""
    record = view.releases.find(id) if id else next(_others(view), None)
    if record is None:
        kept = ", ".join(entry.id for entry in view.releases.kept) or "none"
        raise InputError(
            f"stack {view.name} keeps no {'release ' + id if id else 'other release'}",
            where="infra rollback",
            remedy=f"it keeps: {kept}",
        )
    return record


def _others(view: StackView) -> Iterator[ReleaseRecord]:
    running = view.releases.record
    for record in view.releases.kept:
        verification = view.releases.verification(record.id)
        same = running and (record.commit, record.images) == (running.commit, running.images)
        if not same and (verification is None or verification.passed):
            yield record


@dataclass
class _Runner:
    """Takes the rollout step by step to an end. Every step may be done again after a crash."""

    view: StackView
    rollout: Rollout
    failure: PrefectPulumiError | None = None

    def run(self) -> Rollout:
        save_rollout(self.view.stack, self.rollout)
        while not self.rollout.phase.ended:
            try:
                result = self._step()
            except (CannotCheckError, InterruptedRun) as error:
                # Nothing is known to be wrong with the release: the rollout stays open.
                self._note(f"stopped at {self.rollout.phase}: {error.message}")
                error.remedy = f"{error.remedy}; then go on: infra up -s {self.view.name}".lstrip("; ")
                raise
            except KeyboardInterrupt:
                self._note(f"stopped at {self.rollout.phase}: interrupted")
                raise InterruptedRun(
                    f"interrupted: the rollout stopped at {self.rollout.phase}",
                    where=self.view.name,
                    remedy=f"go on: infra up -s {self.view.name}",
                ) from None
            except PrefectPulumiError as error:
                self._fail(error)
            else:
                self._next(result)
        self.view.sink.emit(RolloutEnded(self.rollout))
        if self.rollout.phase is Phase.DONE:
            delete_unused_releases(self.view)
            return self.rollout
        raise self._final_error()

    def _step(self) -> str:
        rollout = self.rollout
        if rollout.phase is Phase.PIN:
            return self._pin(rollout.pin)
        if rollout.phase is Phase.DEPLOY:
            return self._deploy(rollout.pin)
        if rollout.phase is Phase.WORKERS:
            return self._workers()
        if rollout.phase is Phase.SMOKE:
            return self._verify()
        assert rollout.back is not None  # noqa: S101 - `Rollout.failed` restores only then
        return self._pin(rollout.back) if rollout.phase is Phase.RESTORE_PIN else self._deploy(rollout.back)

    def _pin(self, pin: ReleasePin) -> str:
        view = self.view.fresh()
        if view.pin != pin:
            view.stack.config.put(["environment", "release"], pin.document())
            view.stack.config.save()
        self.view = view.fresh()
        return f"{view.stack.config_file.name} pins {pin.id}"

    def _deploy(self, pin: ReleasePin) -> str:
        back = self.rollout.kind == "rollback" or self.rollout.phase is Phase.RESTORE
        if back and (line := promote_versions(self.view, pin)):
            self._note(line)
        summary = self._up(self.view.at_release(pin))
        self.view = self.view.fresh()
        record = self.view.releases.record
        if not _runs(record, pin):
            raise PromotionError(
                f"the update succeeded, but the stack did not record release {pin.id}",
                where=self.view.name,
                remedy="does the released program end with declare_release(...)?",
            )
        counts = ", ".join(f"{n} {op}" for op, n in summary.items() if op != "same" and n) or "nothing to change"
        return f"deployed as {record.id if record else ''}: {counts}"

    def _up(self, view: StackView) -> Mapping[str, int]:
        if view.stack.is_remote:
            from prefect_pulumi.app.release import official_engine

            return official_engine.up(view)
        context = engine_context(view.stack, view.sink, write=True, output=view.output)
        return operations.up(context, RunOptions()).summary

    def _workers(self) -> str:
        client = self.view.client()
        try:
            check = workers_online(self.view, client)
        finally:
            client.close()
        if not check.passed:
            raise PromotionError(check.text, where="workers")
        return f"workers: {check.text}"

    def _verify(self) -> str:
        record = need_record(self.view)
        verification = verify_release(self.view, record, self.rollout.approval)
        if not verification.passed:
            failed = "; ".join(f"{check.name}: {check.text}" for check in verification.failed)
            raise PromotionError(failed, where=f"verification of {record.id}")
        return f"verified: {', '.join(check.name for check in verification.checks) or 'no checks are declared'}"

    def _fail(self, error: PrefectPulumiError) -> None:
        self._note(f"{self.rollout.phase} failed: {error}")
        if self.rollout.phase.restoring:
            name = self.rollout.back.id if self.rollout.back else ""
            raise PromotionError(
                f"{error.message}; the release before, {name}, is not restored yet",
                where=f"{self.view.name}: {self.rollout.phase}",
                remedy=f"fix the problem, then resume with: infra rollback -s {self.view.name}",
            ) from error
        self.failure = error
        self.rollout = self.rollout.failed()
        save_rollout(self.view.stack, self.rollout)

    def _final_error(self) -> PrefectPulumiError:
        """What a rollout that did not reach its release ends with."""
        why = self.failure.message if self.failure else "it was undone by hand"
        id, name = self.rollout.pin.id, self.view.name
        if self.rollout.phase is Phase.ROLLED_BACK:
            restored = self.rollout.back.id if self.rollout.back else ""
            text = f"release {id} is not on {name}; {restored} is restored: {why}"
        else:
            text = f"release {id} failed on {name}, which has no earlier release to roll back to: {why}"
        return PromotionError(text, where=f"{self.rollout.kind} of {name}")

    def _next(self, result: str) -> None:
        self.rollout = self.rollout.noted(now(), result).next()
        self._report(result)

    def _note(self, text: str) -> None:
        self.rollout = self.rollout.noted(now(), text)
        self._report(text)

    def _report(self, line: str) -> None:
        self.view.sink.emit(Progress(line))
        save_rollout(self.view.stack, self.rollout)
