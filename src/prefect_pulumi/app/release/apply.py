"""Brings a stack to the release that its config pins, step by step, and back again when a step fails.

The course is written to a file beside the state before each step, so that a call after a crash goes on, or undoes.
"""

from __future__ import annotations

import fcntl
import json
import sys
from argparse import Namespace
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from prefect_pulumi.app.release import releases
from prefect_pulumi.app.release.verify import client_of, now, settings_of, verify, workers_online
from prefect_pulumi.cli.commands import QuietSink
from prefect_pulumi.cli.output import render
from prefect_pulumi.core.errors import (
    CannotCheckError,
    ChangesFound,
    ExitCode,
    InputError,
    InterruptedRun,
    PrefectPulumiError,
    PromotionError,
    StateError,
    StateLockedError,
)
from prefect_pulumi.engine import operations
from prefect_pulumi.engine.run.run_state import Options
from prefect_pulumi.project.stack import Stack, as_json
from prefect_pulumi.promotion.plan import make_pin, need_open, need_same
from prefect_pulumi.promotion.release_records import Carried, Record
from prefect_pulumi.promotion.rollout import Course, Stage
from prefect_pulumi.provider.handlers.release import who
from prefect_pulumi.state.backend import write_atomic


def load_course(stack: Stack) -> Course | None:
    """The last promotion or rollback of the stack, ended or not."""
    path = stack.promotion_file
    try:
        return Course.parse(json.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StateError(f"the record of the promotion cannot be read: {error!r}", where=str(path)) from error


def open_course(stack: Stack) -> Course | None:
    course = load_course(stack)
    return course if course is not None and not course.stage.ended else None


def refuse_open_course(stack: Stack) -> None:
    """A stack half-way is brought to an end before anything new begins."""
    course = open_course(stack)
    if course is not None and course.back is not None:
        raise InputError(
            f"a {course.kind} of {stack.name} to {course.pin['id']} stopped at: {course.stage}",
            where=f"infra promote to {stack.name}",
            remedy=f"go on with infra up -s {stack.name}, or undo it with infra rollback -s {stack.name}",
        )


def pending(stack: Stack) -> bool:
    """Whether the config pins a release that the stack does not carry yet, or a course of it is open."""
    pin = releases.pin_of(stack)
    if open_course(stack) is not None:
        return True
    return bool(pin) and not _carries(releases.carried_by(stack).record, pin)


def _carries(record: Record | None, pin: Mapping[str, Any]) -> bool:
    if record is None or record.commit != pin["commit"]:
        return False
    promoted = record.promoted
    names = (("release", "id"), ("stage", "stage"), ("plan", "plan"))
    return all(str(promoted.get(mine) or "") == str(pin.get(other) or "") for mine, other in names)


def apply_pin(arguments: Namespace, stack: Stack, *, approved: bool = False) -> ExitCode:
    """What `infra up` does on a stack that is pinned to a release that it does not carry.

    An open course is gone on with. Else the plan is made again and has to be the approved one; `approved`: it was
    made a moment ago.
    """
    _refuse_parts(arguments, stack)
    with _alone(stack):
        course = open_course(stack)
        if course is None or (course.back is None and releases.pin_of(stack) != dict(course.pin)):
            course = _begun(stack, approved=approved)
        else:
            course = course.noted(now(), f"going on with: {course.stage}")
        _confirm(arguments, course)
        return _Runner(arguments, stack, course).run()


def _refuse_parts(arguments: Namespace, stack: Stack) -> None:
    """A release is brought up whole. Raises `InputError`, or `ChangesFound` where none were expected."""
    if arguments.command != "up":
        return
    if arguments.expect_no_changes:
        raise ChangesFound(f"stack {stack.name} does not carry the release that it pins yet")
    names = ("target", "exclude", "replace", "target_replace", "refresh")
    given = [f"--{name.replace('_', '-')}" for name in names if getattr(arguments, name)]
    if given:
        raise InputError(
            f"a release is brought up as a whole; {', '.join(given)} cannot be given",
            where=f"infra up -s {stack.name}",
            remedy="leave it out; on a stack that carries its release it is allowed",
        )


def _begun(stack: Stack, *, approved: bool) -> Course:
    pin = releases.pin_of(stack)
    here = releases.carried_by(stack)
    if pin.get("stage") == stack.name:
        kept = here.find(str(pin["id"]))
        if kept is None or kept.commit != pin["commit"]:
            raise InputError(
                f"stack {stack.name} does not keep the release {pin['id']} of that commit",
                where=f"Pulumi.{stack.name}.yaml: environment.release",
                remedy=f"infra rollback -s {stack.name} --to ID, of: infra release list -s {stack.name}",
            )
        return _course("rollback", stack, pin, here)
    if not pin.get("plan") or not pin.get("stage"):
        raise InputError(
            "the pin has no approved plan",
            where=f"Pulumi.{stack.name}.yaml: environment.release",
            remedy=f"infra promote SOURCE {stack.name} makes one",
        )
    if not approved:
        from prefect_pulumi.app.release.promote import build_plan

        source = replace(stack, name=str(pin["stage"]))
        plan = build_plan(source, stack, release=str(pin["id"]), reasons=pin.get("forced") or {})
        need_open(plan)
        need_same(plan, str(pin["plan"]))
    return _course("promote", stack, pin, here)


def _course(kind: str, stack: Stack, pin: Mapping[str, Any], here: Carried) -> Course:
    back = make_pin(here.record, stack.name) if here.record else None
    before = f", from {here.record.commit[:12]} ({here.record.id})" if here.record else ""
    course = Course(kind, stack.name, dict(pin), back, who())
    return course.noted(now(), f"{kind} to {str(pin['commit'])[:12]} ({pin['id']}){before}")


def rollback(arguments: Namespace, stack: Stack) -> ExitCode:
    """`infra rollback`: undoes an open course, else brings the stack to a release that it keeps."""
    with _alone(stack):
        course = open_course(stack)
        if course is not None and arguments.to is None:
            if course.back is None:
                raise InputError(
                    f"{stack.name} carried no release before: there is nothing to go back to",
                    where="infra rollback",
                    remedy=f"go on with infra up -s {stack.name}, or infra destroy -s {stack.name}",
                )
            _confirm(arguments, course)
            return _Runner(arguments, stack, course.noted(now(), "undone by hand").failed()).run()
        here = releases.carried_by(stack)
        kept = _kept(stack, here, arguments.to)
        course = _course("rollback", stack, make_pin(kept, stack.name), here)
        _confirm(arguments, course)
        return _Runner(arguments, stack, course).run()


def _kept(stack: Stack, here: Carried, id: str | None) -> Record:
    """The named release, else the newest that is not what the stack carries and did not fail there."""
    found = here.find(id) if id is not None else next(_others(here), None)
    if found is None:
        kept = ", ".join(each.id for each in here.kept) or "none"
        raise InputError(
            f"stack {stack.name} keeps no {'release ' + id if id else 'other release'}",
            where="infra rollback",
            remedy=f"it keeps: {kept}",
        )
    return found


def _others(here: Carried) -> Iterator[Record]:
    for record in here.kept:
        found = here.verification(record.id)
        same = here.record and (record.commit, record.images) == (here.record.commit, here.record.images)
        if not same and (found is None or found.passed):
            yield record


def _confirm(arguments: Namespace, course: Course) -> None:
    if arguments.yes:
        return
    if arguments.json or not sys.stdin.isatty():
        raise InputError("there is no terminal to ask on", where="infra", remedy="give --yes")
    question = f"{course.kind} {course.stack} to {course.pin['id']} ({course.stage})? [y/N] "
    if input(question).strip().lower() not in {"y", "yes"}:
        raise InputError("nothing was touched", where="infra")


@contextmanager
def _alone(stack: Stack) -> Iterator[None]:
    """One course at a time on this machine; the stack's own lock holds for every update of it."""
    path = stack.promotion_file.with_suffix(".lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StateLockedError(
                f"another promotion or rollback of {stack.name} is under way on this machine", where=str(path)
            ) from error
        yield


@dataclass
class _Runner:
    """Takes the course step by step to an end. Every step may be done again after a crash."""

    arguments: Namespace
    stack: Stack
    course: Course
    fault: PrefectPulumiError | None = None

    def run(self) -> ExitCode:
        self._save()
        while not self.course.stage.ended:
            try:
                said = self._step()
            except (CannotCheckError, InterruptedRun) as error:
                # Nothing is known to be wrong with the release: the course stays open.
                self._note(f"stopped at {self.course.stage}: {error.message}")
                error.remedy = f"{error.remedy}; then go on: infra up -s {self.stack.name}".lstrip("; ")
                raise
            except PrefectPulumiError as error:
                self._failed(error)
            else:
                self._next(said)
        self._report()
        if self.course.stage is Stage.DONE:
            releases.prune(self.stack)
            return ExitCode.DONE
        raise self._end()

    def _step(self) -> str:
        course = self.course
        if course.stage is Stage.PIN:
            return self._pin(course.pin)
        if course.stage is Stage.DEPLOY:
            return self._deploy(course.pin)
        if course.stage is Stage.WORKERS:
            return self._workers()
        if course.stage is Stage.SMOKE:
            return self._verify()
        assert course.back is not None  # noqa: S101 - `Course.failed` restores only then
        return self._pin(course.back) if course.stage is Stage.RESTORE_PIN else self._deploy(course.back)

    def _pin(self, pin: Mapping[str, Any]) -> str:
        stack = replace(self.stack)
        if releases.pin_of(stack) != dict(pin):
            stack.config.put(["environment", "release"], dict(pin))
            stack.config.save()
        self.stack = replace(self.stack)  # reads the file anew
        return f"Pulumi.{self.stack.name}.yaml pins {pin['id']}"

    def _deploy(self, pin: Mapping[str, Any]) -> str:
        at = releases.at_release(self.stack, pin)
        summary = self._up(at)
        carries = releases.carried_by(self.stack).record
        if not _carries(carries, pin):
            raise PromotionError(
                f"the update ended well, but the stack does not carry {pin['id']}",
                where=self.stack.name,
                remedy="does the released program end with declare_release(...)?",
            )
        counts = ", ".join(f"{n} {op}" for op, n in summary.items() if op != "same" and n) or "nothing to change"
        return f"brought up as {carries.id if carries else ''}: {counts}"

    def _up(self, at: Stack) -> Mapping[str, int]:
        output = sys.stderr if self.arguments.json else None
        if at.is_remote:
            from prefect_pulumi.app.release import official_updates

            return official_updates.up(at, output)
        sink = QuietSink() if self.arguments.json else render.TerminalSink()
        return operations.up(at.context(sink, write=True, output=output), Options()).summary

    def _workers(self) -> str:
        client = client_of(self.stack)
        try:
            check = workers_online(self.stack, client, settings_of(self.stack).workers_seconds)
        finally:
            client.close()
        if not check.passed:
            raise PromotionError(check.text, where="workers")
        return f"workers: {check.text}"

    def _verify(self) -> str:
        record = releases.need_record(self.stack, releases.carried_by(self.stack))
        found = verify(self.stack, record, self._say)
        if not found.passed:
            failed = "; ".join(f"{check.name}: {check.text}" for check in found.failed)
            raise PromotionError(failed, where=f"verification of {record.id}")
        return f"verified: {', '.join(check.name for check in found.checks) or 'no checks are declared'}"

    def _failed(self, error: PrefectPulumiError) -> None:
        self._note(f"{self.course.stage} failed: {error}")
        if self.course.stage.restoring:
            name = self.course.back["id"] if self.course.back else ""
            raise PromotionError(
                f"{error.message}; the release before, {name}, is not restored yet",
                where=f"{self.stack.name}: {self.course.stage}",
                remedy=f"mend it and go on: infra rollback -s {self.stack.name}",
            ) from error
        self.fault = error
        self.course = self.course.failed()
        self._save()

    def _end(self) -> PrefectPulumiError:
        """What is told at the end of a course that did not reach its release."""
        why = self.fault.message if self.fault else "it was undone by hand"
        if self.course.stage is Stage.ROLLED_BACK:
            back = self.course.back or {}
            text = f"{self.course.pin['id']} is not on {self.stack.name}; {back.get('id')} is restored: {why}"
        else:
            text = f"{self.course.pin['id']} is not well on {self.stack.name}, which had no release before: {why}"
        return PromotionError(text, where=f"{self.course.kind} of {self.stack.name}")

    def _next(self, said: str) -> None:
        self.course = self.course.noted(now(), said).next()
        self._say(said)
        self._save()

    def _note(self, text: str) -> None:
        self.course = self.course.noted(now(), text)
        self._say(text)
        self._save()

    def _say(self, line: str) -> None:
        (sys.stderr if self.arguments.json else sys.stdout).write(line + "\n")

    def _save(self) -> None:
        path = self.stack.promotion_file
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, json.dumps(self.course.document(), indent=2).encode())

    def _report(self) -> None:
        if self.arguments.json:
            sys.stdout.write(as_json(self.course.document()) + "\n")
            return
        sys.stdout.write(f"\n{self.course.kind} of {self.stack.name}: {self.course.stage}\n")
        for event in self.course.events:
            sys.stdout.write(f"  {event.time}  {event.text.splitlines()[0]}\n")
