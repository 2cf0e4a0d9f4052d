"""What `infra` shows while a use case runs and at its end."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

from prefect_pulumi.app.events import Event, Message, Notice, Progress, RolloutEnded, StepDone, StepStarted, Waiting
from prefect_pulumi.app.update_text import SIGNS, Line, kind_of
from prefect_pulumi.cli.output.progress import BarProgress, Clock, LogProgress, StepCounter
from prefect_pulumi.cli.output.text import print_json
from prefect_pulumi.core.display_text import printable
from prefect_pulumi.engine.plan.steps import STACK_TYPE, Op, Step
from prefect_pulumi.promotion.rollout import Rollout
from prefect_pulumi.state.entries import urn_name

if TYPE_CHECKING:
    from rich.console import Console


class LineSink:
    """Lines of progress on stdout, the rest on stderr; with `as_json` stdout is left to the document."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._stderr = sys.stderr  # the command's own; while the program runs in a preview, `sys.stderr` is held back

    def emit(self, event: Event) -> None:
        if isinstance(event, Message):
            self.message(event)
        elif isinstance(event, Progress):
            stream = sys.stderr if self._as_json else sys.stdout
            stream.write(printable(event.text) + "\n")
            stream.flush()
        elif isinstance(event, Waiting):
            self._stderr.write(printable(event.text) + "\n")
            self._stderr.flush()
        elif isinstance(event, Notice):
            sys.stderr.write(event.text + "\n")
        elif isinstance(event, RolloutEnded):
            self.rollout(event.rollout)
        elif isinstance(event, StepStarted | StepDone):
            self.step(event)

    def message(self, event: Message) -> None:
        if event.severity in {"warning", "error"}:
            sys.stderr.write(f"{event.severity}: {printable(event.text)}\n")

    def rollout(self, rollout: Rollout) -> None:
        print_json(rollout.document())

    def step(self, event: StepStarted | StepDone) -> None:
        """Steps are not shown."""

    def close(self) -> None:
        """Nothing is left open."""


class TerminalSink(LineSink):
    """Of a command that changes resources: what providers say, and how far it is. On a terminal that is a line for each
    change and a bar below them, elsewhere a line now and then."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        super().__init__(as_json=False)
        self.console = stderr_console()
        self._live = self.console.is_terminal
        self._lock = threading.Lock()
        self._counter = StepCounter(clock)
        self._bar = BarProgress(self._counter, self.console, lambda lines: print_lines(lines, self.console))
        self._log = LogProgress(self._counter)

    def emit(self, event: Event) -> None:
        if isinstance(event, StepStarted | StepDone) and event.preview:
            if isinstance(event, StepDone) and _is_counted(event.step):
                self._counter.plan(event.step.urn)
            return  # there are thousands from many threads
        with self._lock:
            if not isinstance(event, StepStarted | StepDone):
                self._bar.flush()
            super().emit(event)

    def message(self, event: Message) -> None:
        style = {"warning": "yellow", "error": "red"}.get(event.severity, "")
        words = [event.severity if style else "", urn_name(event.urn) if event.urn else "", event.text]
        print_lines([[(printable(": ".join(word for word in words if word)), style or "dim")]], self.console)

    def rollout(self, rollout: Rollout) -> None:
        sys.stdout.write(f"\n{rollout.kind} of {rollout.stack}: {rollout.phase}\n")
        for event in rollout.events:
            sys.stdout.write(f"  {event.time}  {event.text.splitlines()[0]}\n")

    def step(self, event: StepStarted | StepDone) -> None:
        step = event.step
        if not _is_counted(step):
            return
        sign, style, doing, done = SIGNS[step.op]
        if isinstance(event, StepStarted):
            self._counter.start(step.urn, f"{doing} {kind_of(step)} {urn_name(step.urn)}")
        else:
            self._counter.end(step.urn)
            if self._live and (step.op is not Op.SAME or event.error):
                label = printable(f"{kind_of(step)} {urn_name(step.urn)}", kept="")
                end = [("failed", "red"), (f" {printable(event.error)}", "dim")] if event.error else [(done, "dim")]
                line = [(f" {sign:2}", style), (f" {label} ", ""), *end, (f" {event.seconds:.1f}s", "dim")]
                self._bar.add(line)
        if self._live:
            self._bar.show()
        elif line_of_log := self._log.line():
            print_lines([[(line_of_log, "")]], self.console)

    def close(self) -> None:
        self._bar.close()


def _is_counted(step: Step) -> bool:
    """The stack itself, and what the engine adds for itself, are not shown."""
    return step.type != STACK_TYPE and not step.is_default_provider


@cache
def stderr_console() -> Console:
    """One for all: what is printed while a bar is shown has to go through the console that shows it."""
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def print_lines(lines: Iterable[Line], console: Console | None = None) -> None:
    """To stderr. One text of many lines: a table of rich costs ten times as much, which thousands of lines show."""
    from rich.control import strip_control_codes
    from rich.text import Text

    console = console or stderr_console()
    if not console.is_terminal:
        console.file.write(strip_control_codes("".join(f"{''.join(part for part, _ in line)}\n" for line in lines)))
        return
    text = Text()
    for line in lines:
        for part, style in line:
            text.append(part, style or None)
        text.append("\n")
    console.print(text, soft_wrap=True, end="")


def make_sink(*, as_json: bool, shows_steps: bool) -> LineSink:
    """`shows_steps`: the command changes resources, so each step is shown on a terminal."""
    return TerminalSink() if shows_steps and not as_json else LineSink(as_json=as_json)
