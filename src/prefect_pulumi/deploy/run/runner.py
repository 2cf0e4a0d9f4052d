"""Runs Prefect's own `prefect deploy` (`child.py`), its output handed on line by line with secrets masked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from prefect_pulumi.core.errors import DeployError

LAST_LINES = 15
PARALLEL = 1
"""Deployments under way at one time. On SQLite four took twice as long as one: its writers wait for one another."""

FRAME = " │╭╮╰╯─┌┐└┘━"
"""What Prefect draws around its lines."""
CHATTER = ("To schedule a run for this deployment", "To execute flow runs from these", "$ prefect ", "View Deployment")
"""Lines of advice that Prefect prints after each deployment."""


@dataclass(frozen=True)
class DeployEntry:
    """One deployment to deploy. `key`: its name and entrypoint as the document has them; `ui`: what the UI owns;
    `automations`: those that its triggers made, name -> UUID, None when the state does not know; `steps`: digest of
    what its build and push read;
    `anchored`: slugs of schedules with an anchor of their own."""

    name: str
    key: tuple[str, str]
    ui: Sequence[str] = ()
    adopt: bool = False
    automations: Mapping[str, str] | None = None
    steps: str = ""
    anchored: Sequence[str] = ()

    def as_json(self) -> dict[str, Any]:
        found = {"name": self.name, "key": list(self.key), "ui": list(self.ui), "adopt": self.adopt}
        automations = None if self.automations is None else dict(self.automations)
        return {**found, "automations": automations, "steps": self.steps, "anchored": list(self.anchored)}


@dataclass(frozen=True)
class DeployJob:
    """`document`: the plain data of the file with the stack's values in it and only `entries` as its deployments.

    `everything`: run with `--all`, else by `--name`. `step_outputs`: what build and push steps gave before, by digest.
    """

    document: Mapping[str, Any]
    entries: Sequence[DeployEntry]
    everything: bool
    labels: Mapping[str, str]
    go_on: bool = False
    step_outputs: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        names = list(dict.fromkeys(entry.key[0] for entry in self.entries))
        by_name = not self.everything and not any("*" in name or "{{" in name for name in names)
        return {
            "document": yaml.safe_dump(dict(self.document), sort_keys=False, allow_unicode=True),
            "names": names if by_name else None,
            "entries": [entry.as_json() for entry in self.entries],
            "labels": dict(self.labels),
            "continue": self.go_on,
            "parallel": PARALLEL,
            "steps": dict(self.step_outputs),
        }


@dataclass(frozen=True)
class Deployed:
    """How one deployment ended. `error` "": well. `id` "": it was not written."""

    name: str
    id: str
    error: str
    seconds: float
    automations: Mapping[str, str]


@dataclass
class DeployRun:
    """Results by full name, in the order in which they ended, and the outputs of steps that ran."""

    results: dict[str, Deployed] = field(default_factory=dict)
    step_outputs: dict[str, Any] = field(default_factory=dict)
    code: int = 0
    last_lines: Sequence[str] = ()

    @property
    def failures(self) -> list[Deployed]:
        return [result for result in self.results.values() if result.error]


def run_deploy(
    root: Path,
    job: DeployJob,
    *,
    env: Mapping[str, str],
    on_line: Callable[[str, str], None],
    on_result: Callable[[Deployed], None],
    secrets: Collection[str] = (),
) -> DeployRun:
    """`root`: the folder that entrypoints are relative to; `env`: the whole environment of the child. `on_line` gets a
    deployment's full name ("" for the whole) and a line. A deployment that fails is a result; `DeployError`: it could
    not even begin."""
    reader, writer = os.pipe()
    run, last = DeployRun(), deque[str](maxlen=LAST_LINES)
    lock = threading.Lock()

    def hand_on(name: str, raw: str) -> None:
        line = masked(raw.rstrip(), secrets).strip(FRAME)
        if line and not line.startswith(CHATTER):
            with lock:
                last.append(line)
            on_line(name, line)

    def hear(event: dict[str, Any]) -> None:
        if event["event"] == "line":
            hand_on(event["name"], event["text"])
        elif event["event"] == "steps":
            run.step_outputs[event["digest"]] = event["outputs"]
        elif event["event"] == "end":
            error = masked(event["error"], secrets)
            result = Deployed(event["name"], event["id"], error, event["seconds"], event["automations"])
            run.results[result.name] = result
            on_result(result)

    def listen() -> None:
        with os.fdopen(reader, encoding="utf-8") as events:
            for line in events:
                hear(json.loads(line))

    process = subprocess.Popen(
        [sys.executable, "-m", "prefect_pulumi.deploy.run.child", str(writer)],
        cwd=root,
        env=dict(env),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        pass_fds=(writer,),
    )
    os.close(writer)
    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    feeder = threading.Thread(target=_feed, args=(process, json.dumps(job.as_json(), default=str)), daemon=True)
    feeder.start()
    with process:
        try:
            for raw in process.stdout or ():
                hand_on("", raw)
            run.code = process.wait()
        except BaseException:
            process.terminate()
            raise
        finally:
            listener.join()
            feeder.join()
    run.last_lines = tuple(last)
    if run.code != 0 and not run.results:
        raise DeployError(
            f"`prefect deploy` ended with exit code {run.code}; its last lines:\n" + "\n".join(last),
            where="prefect.yaml",
            remedy="mend it and run again: nothing was deployed",
        )
    return run


def _feed(process: subprocess.Popen[str], text: str) -> None:
    if process.stdin is not None:
        try:
            process.stdin.write(text)
            process.stdin.close()
        except BrokenPipeError:
            return  # it ended before it read its job; its exit code tells


def masked(line: str, secrets: Collection[str]) -> str:
    for secret in secrets:
        if secret:
            line = line.replace(secret, "[secret]")
    return line
