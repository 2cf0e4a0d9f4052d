"""What `infra` shows while a use case runs."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any, TextIO

from prefect_pulumi.app.events import Event, Message, Notice, Progress, RolloutEnded, StepDone, StepStarted, Waiting
from prefect_pulumi.cli.output.steps import SIGNS, kind_of
from prefect_pulumi.cli.output.text import print_json
from prefect_pulumi.core.display_text import printable
from prefect_pulumi.engine.plan.steps import STACK_TYPE
from prefect_pulumi.promotion.rollout import Rollout
from prefect_pulumi.state.entries import urn_name

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text


class LineSink:
    """Lines of progress on stdout, warnings and errors on stderr. With `document_only`, for `--json`, stdout is left
    to the document."""

    def __init__(self, *, document_only: bool) -> None:
        self._document_only = document_only
        self._stderr = sys.stderr

    def emit(self, event: Event) -> None:
        if isinstance(event, Message) and event.severity in {"warning", "error"}:
            sys.stderr.write(f"{event.severity}: {printable(event.text)}\n")
        elif isinstance(event, Progress):
            stream = sys.stderr if self._document_only else sys.stdout
            stream.write(printable(event.text) + "\n")
            stream.flush()
        elif isinstance(event, Waiting):
            _write_waiting(self._stderr, event)
        elif isinstance(event, Notice):
            sys.stderr.write(event.text + "\n")
        elif isinstance(event, RolloutEnded):
            print_json(event.rollout.document())

    def close(self) -> None:
        """Nothing is left open."""


class TerminalSink:
    """Live lines on stderr; on anything but a terminal only warnings, errors and what providers say."""

    def __init__(self) -> None:
        self.console = stderr_console()
        self._live = self.console.is_terminal
        self._stderr = sys.stderr
        self._lock = threading.Lock()
        self._running: dict[str, str] = {}
        self._status: Any = None

    def emit(self, event: Event) -> None:
        with self._lock:
            if isinstance(event, Message):
                self._message(event)
            elif isinstance(event, Waiting):
                _write_waiting(self._stderr, event)
            elif isinstance(event, Progress):
                sys.stdout.write(printable(event.text) + "\n")
                sys.stdout.flush()
            elif isinstance(event, Notice):
                sys.stderr.write(event.text + "\n")
            elif isinstance(event, RolloutEnded):
                self._rollout(event.rollout)
            elif self._live and not event.preview and not event.step.is_default_provider:
                self._progress(event)

    def _message(self, event: Message) -> None:
        from rich.text import Text

        style = {"warning": "yellow", "error": "red"}.get(event.severity, "dim")
        name = urn_name(event.urn) if event.urn else ""
        prefix = f"{name}: " if name else ""
        if event.severity in {"warning", "error"}:
            prefix = f"{event.severity}: {prefix}"
        self.console.print(Text(printable(prefix + event.text), style=style))

    def _progress(self, event: StepStarted | StepDone) -> None:
        from rich.text import Text

        sign, style, doing, done = SIGNS[event.step.op]
        label = printable(f"{kind_of(event.step)} {urn_name(event.step.urn)}", kept="")
        if isinstance(event, StepStarted):
            self._running[event.step.urn] = f"{doing} {label}"
        else:
            self._running.pop(event.step.urn, None)
            if event.step.type != STACK_TYPE:
                self.console.print(_step_line(event, sign, style, done, label))
        if self._running and self._status is None:
            self._status = self.console.status("")
            self._status.start()
        if self._status is not None:
            if self._running:
                self._status.update(Text(", ".join(list(self._running.values())[:3])))
            else:
                self._status.stop()
                self._status = None

    def close(self) -> None:
        with self._lock:
            if self._status is not None:
                self._status.stop()
                self._status = None

    def _rollout(self, rollout: Rollout) -> None:
        sys.stdout.write(f"\n{rollout.kind} of {rollout.stack}: {rollout.phase}\n")
        for event in rollout.events:
            sys.stdout.write(f"  {event.time}  {event.text.splitlines()[0]}\n")


def _write_waiting(stream: TextIO, event: Waiting) -> None:
    """`stream`: the command's own; while the program runs in a preview, what goes to `sys.stderr` is held back."""
    stream.write(printable(event.text) + "\n")
    stream.flush()


def _step_line(event: StepDone, sign: str, style: str, done: str, label: str) -> Text:
    from rich.text import Text

    line = Text.assemble((f" {sign:2}", style), f" {label} ")
    if event.error:
        line.append("failed", "red").append(f" {printable(event.error)}", "dim")
    else:
        line.append(done, "dim")
    return line.append(f" {event.seconds:.1f}s", "dim")


def stderr_console() -> Console:
    from rich.console import Console

    return Console(stderr=True, highlight=False)


def make_sink(*, as_json: bool, shows_steps: bool) -> LineSink | TerminalSink:
    """`shows_steps`: the command changes resources, so each step is shown on a terminal."""
    return TerminalSink() if shows_steps and not as_json else LineSink(document_only=as_json)
