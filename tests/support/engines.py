"""Two drivers with one interface, each by its own command; the official CLI's programs run in a process beside it."""

from __future__ import annotations

import atexit
import functools
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.support.projects import REPOSITORY, Project

NO_PULUMI = "no official CLI: `make pulumi` builds it where Go is installed"


@functools.cache
def find_pulumi() -> Path | None:
    """The official CLI: from PATH, or as `make pulumi` builds it."""
    built = REPOSITORY / ".infra" / "bin" / "pulumi"
    found = shutil.which("pulumi") or (str(built) if built.is_file() else None)
    return Path(found) if found else None


class Engine(Protocol):
    """`up` and `destroy` raise on failure; `changes` counts what a preview would do, `same` left out."""

    name: str

    def up(self, *, refresh: bool = False) -> None: ...

    def changes(self, *, refresh: bool = False) -> dict[str, int]: ...

    def refresh(self) -> None: ...

    def destroy(self) -> None: ...


@dataclass
class Embedded:
    project: Project
    name: str = "embedded"

    def up(self, *, refresh: bool = False) -> None:
        self.project.infra("up", "--yes", "--json", *(["--refresh"] if refresh else []))

    def changes(self, *, refresh: bool = False) -> dict[str, int]:
        flags = ["--refresh"] if refresh else []
        shown = json.loads(self.project.infra("preview", "--json", *flags).stdout)
        assert shown["changed"] == any(op != "same" for op in shown["summary"])
        return {op: count for op, count in shown["summary"].items() if op != "same"}

    def refresh(self) -> None:
        self.project.infra("refresh", "--yes", "--json")

    def destroy(self) -> None:
        self.project.infra("destroy", "--yes", "--json")


class Failed(Exception):
    """An operation of the official CLI ended with an error; the text is all that it printed."""


class LanguageHost:
    """The process that runs the programs of the official CLI, for many operations: it starts once and imports once.

    The SDK leaves the event loop of a program that failed open: not in the process of the tests. The process ends with
    this one, however that ends: its standard input is closed then.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._environment: dict[str, str] = {}
        self._flags: list[str] = []

    def flags(self) -> list[str]:
        """What the CLI needs to use it. Programs see the environment as it is now: after a change it starts again."""
        environment = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
        if self._process is None or self._process.poll() is not None or environment != self._environment:
            self.close()
            self._start(environment)
        return self._flags

    def _start(self, environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "tests.support.language_host"],
            cwd=REPOSITORY,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self._process.stdout is not None
        port = int(self._process.stdout.readline())
        self._environment = environment
        self._flags = [f"--client=127.0.0.1:{port}", "--exec-kind=auto.inline"]

    def close(self) -> None:
        if self._process is not None:
            with self._process:
                assert self._process.stdin is not None
                self._process.stdin.close()
            self._process = None


LANGUAGE_HOST = LanguageHost()
atexit.register(LANGUAGE_HOST.close)


def event_summary(log: Path) -> dict[str, int]:
    """Operation -> count of what the CLI says in its event log at the end; `same` left out."""
    for line in log.read_text().splitlines() if log.exists() else ():
        event = json.loads(line)
        if "summaryEvent" in event:
            counts = event["summaryEvent"].get("resourceChanges") or {}
            return {op: count for op, count in counts.items() if op != "same" and count}
    return {}


@dataclass
class Official:
    project: Project
    cli: Path
    name: str = "pulumi"
    created: bool = False

    def command(self, *arguments: str) -> str:
        """Runs the CLI on the stack `dev`, created the first time; returns what it printed. Raises `Failed`."""
        exports = json.loads(self.project.infra("env", "--json").stdout)
        path = os.pathsep.join([str(self.cli.parent), str(Path(sys.executable).parent), os.environ["PATH"]])
        own = {
            "PATH": path,
            "PULUMI_HOME": str(self.project.root / ".infra" / "pulumi-home"),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DEBUG_COMMANDS": "true",
        }

        def run(*words: str) -> str:
            done = subprocess.run(
                [str(self.cli), *words, "--stack", "dev", "--non-interactive"],
                cwd=self.project.root,
                env={**os.environ, **exports, **own},
                capture_output=True,
                text=True,
                check=False,
                timeout=280,
                stdin=subprocess.DEVNULL,
            )
            said = f"{done.stdout}\n{done.stderr}"
            if done.returncode != 0:
                raise Failed(said)
            return said

        if not self.created:
            run("stack", "select", "--create")
            self.created = True
        return run(*arguments)

    def _operate(self, verb: str, *flags: str) -> dict[str, int]:
        log = self.project.root / ".infra" / "events.log"
        log.unlink(missing_ok=True)
        self.command(verb, *LANGUAGE_HOST.flags(), "--event-log", str(log), *flags)
        return event_summary(log)

    def up(self, *, refresh: bool = False) -> None:
        self._operate("up", "--yes", "--skip-preview", *(["--refresh"] if refresh else []))

    def changes(self, *, refresh: bool = False) -> dict[str, int]:
        return self._operate("preview", *(["--refresh"] if refresh else []))

    def refresh(self) -> None:
        self._operate("refresh", "--yes", "--skip-preview")

    def destroy(self) -> None:
        self._operate("destroy", "--yes", "--skip-preview")
