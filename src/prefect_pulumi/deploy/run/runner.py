"""Runs Prefect's own `prefect deploy` (`child.py`), its output handed on line by line with secrets masked."""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prefect_pulumi.core.errors import DeployError
from prefect_pulumi.core.masking import Masker
from prefect_pulumi.deploy.run.job import DeployJob
from prefect_pulumi.deploy.run.prefect_interface import DIFFERS
from prefect_pulumi.interpreter.interpreters import Command, Interpreter

LAST_LINES = 15
FRAME = " │╭╮╰╯─┌┐└┘━"
"""What Prefect draws around its lines."""
CHATTER = ("To schedule a run for this deployment", "To execute flow runs from these", "$ prefect ", "View Deployment")
"""Lines of advice that Prefect prints after each deployment."""


@dataclass(frozen=True)
class DeployResult:
    """How one deployment ended. `error` "": well. `id` "": it was not written."""

    name: str
    id: str
    error: str
    seconds: float
    automations: Mapping[str, str]


@dataclass
class DeployRun:
    """Results by full name, in the order in which they ended, and the outputs of steps that ran."""

    results: dict[str, DeployResult] = field(default_factory=dict)
    step_outputs: dict[str, Any] = field(default_factory=dict)
    code: int = 0
    last_lines: Sequence[str] = ()

    @property
    def failures(self) -> list[DeployResult]:
        return [result for result in self.results.values() if result.error]


class OutputRelay:
    """Hands on what the child reports: secrets masked, without Prefect's frames and advice. Its lines come from one
    thread and its events from another."""

    def __init__(
        self,
        on_line: Callable[[str, str], None],
        on_result: Callable[[DeployResult], None],
        secrets: Collection[str] = (),
    ) -> None:
        self._on_line, self._on_result = on_line, on_result
        self._masker = Masker(secrets)
        self._last_lines = deque[str](maxlen=LAST_LINES)
        self._lock = threading.Lock()
        self.run = DeployRun()

    @property
    def last_lines(self) -> tuple[str, ...]:
        with self._lock:
            return tuple(self._last_lines)

    def line(self, name: str, raw: str) -> None:
        """`name`: full name of the deployment that it speaks of, "" for the whole deploy."""
        line = self._masker.text(raw.rstrip()).strip(FRAME)
        if line and not line.startswith(CHATTER):
            with self._lock:
                self._last_lines.append(line)
            self._on_line(name, line)

    def event(self, event: Mapping[str, Any]) -> None:
        """One JSON object of the child's (`child.py` describes them)."""
        if event["event"] == "line":
            self.line(event["name"], event["text"])
        elif event["event"] == "steps":
            self.run.step_outputs[event["digest"]] = event["outputs"]
        elif event["event"] == "end":
            error = self._masker.text(event["error"])
            result = DeployResult(event["name"], event["id"], error, event["seconds"], event["automations"])
            self.run.results[result.name] = result
            self._on_result(result)


def run_deploy(
    root: Path,
    job: DeployJob,
    *,
    env: Mapping[str, str],
    on_line: Callable[[str, str], None],
    on_result: Callable[[DeployResult], None],
    secrets: Collection[str] = (),
    interpreter: Interpreter | None = None,
) -> DeployRun:
    """`root`: the folder that entrypoints are relative to; `env`: the whole environment of the child, which
    `interpreter` starts. `on_line` gets a deployment's full name ("" for the whole) and a line. A deployment that fails
    is a result; `DeployError`: it could not even begin."""
    relay = OutputRelay(on_line, on_result, secrets)
    reader, writer = os.pipe()

    def listen() -> None:
        with os.fdopen(reader, encoding="utf-8") as events:
            for line in events:
                relay.event(json.loads(line))

    stdin, requests = os.pipe()
    printed, stdout = os.pipe()
    try:
        process = (interpreter or Interpreter()).start(
            Command(
                "prefect_pulumi.deploy.run",
                [str(writer)],
                cwd=root,
                env=env,
                streams=(stdin, stdout, stdout),
                pass_fds=(writer,),
            )
        )
    finally:
        for descriptor in (writer, stdin, stdout):
            os.close(descriptor)
    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    feeder = threading.Thread(target=_feed, args=(requests, json.dumps(job.as_json(), default=str)), daemon=True)
    feeder.start()
    with os.fdopen(printed, encoding="utf-8", errors="replace") as lines:
        try:
            for raw in lines:
                relay.line("", raw)
            relay.run.code = process.wait()
        except BaseException:
            process.terminate()
            process.wait()
            raise
        finally:
            listener.join()
            feeder.join()
    run = relay.run
    run.last_lines = relay.last_lines
    if run.code == DIFFERS and not run.results:
        raise DeployError(
            "\n".join(run.last_lines),
            where="prefect.yaml",
            remedy="nothing was deployed; install a Prefect of 3.6.29 to 3.9 beside the flows",
        )
    if run.code != 0 and not run.results:
        raise DeployError(
            f"`prefect deploy` ended with exit code {run.code}; its last lines:\n" + "\n".join(run.last_lines),
            where="prefect.yaml",
            remedy="nothing was deployed; fix the problem and run it again",
        )
    return run


def _feed(descriptor: int, text: str) -> None:
    # A child that ended before it read its job: its exit code tells.
    with contextlib.suppress(BrokenPipeError), os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
