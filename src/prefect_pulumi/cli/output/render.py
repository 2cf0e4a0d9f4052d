"""What `infra` shows: progress and tables on a terminal, one document with `--json`. Secrets are always masked."""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from prefect_pulumi.core.errors import DeployError, PartialFailureError, PrefectPulumiError, ProgramError
from prefect_pulumi.core.masking import current
from prefect_pulumi.core.values import mask
from prefect_pulumi.engine.operations import ManyErrors, Result
from prefect_pulumi.engine.plan.steps import STACK_TYPE, Op, Step
from prefect_pulumi.engine.run.events import Event, Message, StepDone, StepStarted
from prefect_pulumi.state.entries import urn_name

if TYPE_CHECKING:
    from rich.text import Text

SIGNS = {
    Op.CREATE: ("+", "green", "create", "created"),
    Op.UPDATE: ("~", "yellow", "update", "updated"),
    Op.REPLACE: ("+-", "magenta", "replace", "replaced"),
    Op.DELETE: ("-", "red", "delete", "deleted"),
    Op.DELETE_REPLACED: ("-", "red", "delete for replacement", "deleted for replacement"),
    Op.READ: (">", "cyan", "read", "read"),
    Op.REFRESH: ("~", "cyan", "refresh", "refreshed"),
    Op.DISCARD: ("-", "red", "forget", "forgotten"),
    Op.REMOVE_PENDING: ("-", "red", "forget", "forgotten"),
    Op.IMPORT: ("=", "cyan", "import", "imported"),
    Op.SAME: (" ", "dim", "unchanged", "unchanged"),
}


def kind_of(step: Step) -> str:
    """`prefect:index:WorkPool` -> `WorkPool`."""
    return step.type.rsplit(":", 1)[-1]


class TerminalSink:
    """Live lines on stderr; on anything but a terminal only warnings, errors and what providers say."""

    def __init__(self) -> None:
        from rich.console import Console

        self.console = Console(stderr=True, highlight=False)
        self._live = self.console.is_terminal
        self._lock = threading.Lock()
        self._running: dict[str, str] = {}
        self._status: Any = None

    def emit(self, event: Event) -> None:
        with self._lock:
            if isinstance(event, Message):
                self._message(event)
            elif self._live and not event.preview and not event.step.is_default_provider:
                self._progress(event)

    def _message(self, event: Message) -> None:
        from rich.text import Text

        style = {"warning": "yellow", "error": "red"}.get(event.severity, "dim")
        name = urn_name(event.urn) if event.urn else ""
        prefix = f"{name}: " if name else ""
        if event.severity in {"warning", "error"}:
            prefix = f"{event.severity}: {prefix}"
        self.console.print(Text(prefix + event.text, style=style))

    def _progress(self, event: StepStarted | StepDone) -> None:
        sign, style, doing, done = SIGNS[event.step.op]
        label = f"{kind_of(event.step)} {urn_name(event.step.urn)}"
        if isinstance(event, StepStarted):
            self._running[event.step.urn] = f"{doing} {label}"
        else:
            self._running.pop(event.step.urn, None)
            if event.step.type != STACK_TYPE:
                word = f"[red]failed[/] {event.error}" if event.error else done
                self.console.print(f" [{style}]{sign:2}[/] {label} [dim]{word} {event.seconds:.1f}s[/]")
        if self._running and self._status is None:
            self._status = self.console.status("")
            self._status.start()
        if self._status is not None:
            if self._running:
                self._status.update(", ".join(list(self._running.values())[:3]))
            else:
                self._status.stop()
                self._status = None

    def close(self) -> None:
        with self._lock:
            if self._status is not None:
                self._status.stop()
                self._status = None


def plan(result: Result, sink: TerminalSink) -> None:
    """The steps of a preview, one line each, with the properties that change."""
    lines = 0
    for step in result.steps:
        if step.op is Op.SAME or step.is_default_provider or step.type == STACK_TYPE:
            continue
        sign, style, word, _ = SIGNS[step.op]
        sink.console.print(f" [{style}]{sign:2}[/] {kind_of(step)} {urn_name(step.urn)} [dim]{word}[/]")
        lines += 1
        for path, kind in sorted((step.diff.detailed if step.diff else {}).items()):
            sink.console.print(f"       [dim]{path} ({kind.value})[/]", markup=True)
    sink.console.print(counts(result.summary))


def counts(summary: dict[str, int]) -> str:
    words = [f"{summary[op]} to {op}" for op in ("create", "update", "replace", "delete") if summary.get(op)]
    if not words:
        return f"No changes: {summary.get('same', 0)} resources are as declared."
    unchanged = summary.get("same", 0)
    return ", ".join(words) + (f", {unchanged} unchanged" if unchanged else "")


def done(result: Result, sink: TerminalSink, *, stack: str, verb: str) -> None:
    """The table at the end of an update, then what to do next."""
    rows = [s for s in result.steps if s.op is not Op.SAME and not s.is_default_provider and (s.new or s.old).custom]  # type: ignore[union-attr]
    if not result.changed:
        sink.console.print(f"{counts(result.summary)} ({result.seconds:.1f}s)")
    else:
        sink.console.print(_listed(rows), soft_wrap=True, end="")
        sink.console.print(f"\n{verb} stack [bold]{stack}[/] in {result.seconds:.1f}s: {_past(result.summary)}")
    deployments = mask(result.outputs.get("deployments")) if result.outputs else None
    if verb != "Updated":
        return
    if isinstance(deployments, dict) and deployments:
        sink.console.print("\nNext:")
        for name in deployments:
            sink.console.print(f"  infra run '{name}' -s {stack}", markup=False)
    ui = mask(result.outputs.get("ui")) if result.outputs else None
    if ui:
        sink.console.print(f"  Prefect: {ui}", markup=False)


def _listed(steps: list[Step]) -> Text:
    """One line a step, in columns. A table of rich costs ten times as much, which thousands of lines show."""
    from rich.text import Text

    kind = max((len(kind_of(step)) for step in steps), default=0)
    name = max((len(urn_name(step.urn)) for step in steps), default=0)
    text = Text()
    for step in steps:
        sign, style, _, word = SIGNS[step.op]
        text.append(f"{sign:2} ", style)
        text.append(f"{kind_of(step):{kind}}  {urn_name(step.urn):{name}}  ")
        text.append(word + "\n", "dim")
    return text


def _past(summary: dict[str, int]) -> str:
    words = {"create": "created", "update": "updated", "replace": "replaced", "delete": "deleted"}
    return ", ".join(f"{summary[op]} {word}" for op, word in words.items() if summary.get(op)) or "nothing to do"


def document(operation: str, stack: str, result: Result) -> dict[str, Any]:
    """The document that `--json` prints; secret values read "[secret]"."""
    shown = {
        "operation": operation,
        "stack": stack,
        "result": "succeeded",
        "changed": result.changed,
        "summary": result.summary,
        "steps": [_step(step) for step in _shown(result.steps)],
        "outputs": mask(result.outputs),
        "seconds": round(result.seconds, 3),
    }
    return {key: current().value(value) if key in {"steps", "outputs"} else value for key, value in shown.items()}


def _shown(steps: Iterable[Step]) -> list[Step]:
    return [step for step in steps if not step.is_default_provider]


def _step(step: Step) -> dict[str, Any]:
    entry = step.new or step.old
    return {
        "op": str(step.op),
        "urn": step.urn,
        "type": step.type,
        "id": entry.id if entry is not None else "",
        "diff": {path: kind.value for path, kind in step.diff.detailed.items()} if step.diff else {},
        **_deployments(step),
    }


def _deployments(step: Step) -> dict[str, Any]:
    """What a deploy step does with each deployment, under `deployments`; a step that changes nothing skips them all."""
    if kind_of(step) != "Deployments" or step.new is None:
        return {}
    if step.op is Op.SAME:
        return {"deployments": {name: {"action": "skip"} for name in mask(step.new.outputs.get("deployments", {}))}}
    results = mask(step.new.outputs.get("results"))
    return {"deployments": results if isinstance(results, dict) else {}}


def failure(error: PrefectPulumiError, *, as_json: bool) -> None:
    """One clear message: on stderr, or as the one document of `--json`."""
    if as_json:
        document: dict[str, Any] = {
            "result": "failed",
            "exitCode": int(error.exit_code),
            "error": {
                "kind": type(error).__name__,
                "message": error.message,
                "where": error.where,
                "remedy": error.remedy,
            },
        }
        deployments: dict[str, Any] = {}
        for each in error.errors if isinstance(error, ManyErrors) else (error,):
            if isinstance(each, DeployError):
                deployments |= each.results
            elif isinstance(each, PartialFailureError):
                deployments |= each.outputs.get("results") or {}
        if deployments:
            document["deployments"] = current().value(mask(deployments))
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
        return
    if isinstance(error, ProgramError) and error.details:
        sys.stderr.write(error.details)
    sys.stderr.write(f"error: {_NAMED.sub(_named, str(error))}\n")


_NAMED = re.compile(r"^urn:pulumi:[^:\n]+::[^:\n]+::([^\n]+?)::([^:\n]+)(?=: )", re.MULTILINE)
"""Whose fault a line of an error's text is: the URN before its first colon and blank."""


def _named(whose: re.Match[str]) -> str:
    """`Deployments flows` for its URN; the whole one is in the document of `--json`."""
    return f"{whose[1].rsplit(':', 1)[-1]} {whose[2]}"
