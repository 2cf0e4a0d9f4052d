"""What `infra` shows while a use case runs and at its end."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from prefect_pulumi.app.events import Event, Message, Notice, Progress, RolloutEnded, StepDone, StepStarted, Waiting
from prefect_pulumi.app.update_text import SIGNS, Line, kind_of
from prefect_pulumi.cli.output.text import print_json
from prefect_pulumi.core.display_text import printable
from prefect_pulumi.engine.plan.steps import STACK_TYPE
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
    """Of a command that changes resources: live lines on a terminal, and what providers say."""

    def __init__(self) -> None:
        super().__init__(as_json=False)
        self.console = stderr_console()
        self._live = self.console.is_terminal
        self._lock = threading.Lock()
        self._running: dict[str, str] = {}
        self._status: Any = None

    def emit(self, event: Event) -> None:
        if isinstance(event, StepStarted | StepDone) and (event.preview or not self._live):
            return  # not shown, and there are thousands from many threads
        with self._lock:
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
        if event.step.is_default_provider:
            return
        sign, style, doing, done = SIGNS[event.step.op]
        label = printable(f"{kind_of(event.step)} {urn_name(event.step.urn)}", kept="")
        if isinstance(event, StepStarted):
            self._running[event.step.urn] = f"{doing} {label}"
        else:
            self._running.pop(event.step.urn, None)
            if event.step.type != STACK_TYPE:
                end = [("failed", "red"), (f" {printable(event.error)}", "dim")] if event.error else [(done, "dim")]
                line = [(f" {sign:2}", style), (f" {label} ", ""), *end, (f" {event.seconds:.1f}s", "dim")]
                print_lines([line], self.console)
        self._show_running()

    def _show_running(self) -> None:
        from rich.text import Text

        if not self._running:
            self.close()
            return
        if self._status is None:
            self._status = self.console.status("")
            self._status.start()
        self._status.update(Text(", ".join(list(self._running.values())[:3])))

    def close(self) -> None:
        status, self._status = self._status, None
        if status is not None:
            status.stop()


def stderr_console() -> Console:
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
