"""Runs `infra` in forked children of a warm, single-threaded process, and kills them at a chosen boundary.

`ForkServer` starts this module as a process: one JSON request a line on stdin, one JSON answer a line on stdout. A
request has the project's `root`, the `arguments` of `infra`, and `kill`: the number of the boundary at which the child
gets SIGKILL (0: none).
Boundaries are the system calls by which a run changes the world, each before and after: a write and a sync, a rename,
a removal, and an HTTP request. `seed` draws where a line that was not synced is torn when the power goes too.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import obstore

import prefect_pulumi.api.blocking
import prefect_pulumi.app.operations
import prefect_pulumi.app.project
import prefect_pulumi.app.project_stack
import prefect_pulumi.cli.main
import prefect_pulumi.engine.sdk.program
import prefect_pulumi.provider.handlers.blocks
import prefect_pulumi.provider.provider
from tests.support.mixed_project import ProjectState
from tests.support.projects import REPOSITORY


class Boundaries:
    """Counts them, and kills this process at the chosen one."""

    def __init__(self, kill: int, seed: int) -> None:
        self.count = 0
        self.kill = kill
        self.random = random.Random(seed)
        self.synced: dict[int, int] = {}
        self.lock = threading.Lock()

    def passed(self, file: int | None = None) -> None:
        with self.lock:
            self.count += 1
            if self.count != self.kill:
                return
            if file is not None and self._is_journal(file):
                size = os.fstat(file).st_size
                os.ftruncate(file, self.random.randint(min(self.synced.get(file, 0), size), size))
            os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(60)

    @staticmethod
    def _is_journal(file: int) -> bool:
        """The file itself, not its folder, which is synced too."""
        path = Path(f"/proc/self/fd/{file}").readlink()
        return "journal" in path.parts and path.suffix == ".jsonl"

    def wrap(self, name: str, module: Any = os) -> None:
        real = getattr(module, name)

        def wrapped(*args: Any, **options: Any) -> Any:
            file = args[0] if isinstance(args[0], int) else None
            if name != "write" or (file is not None and file > 2):
                self.passed(file)
            result = real(*args, **options)
            if name == "fsync" and file is not None:
                self.synced[file] = os.fstat(file).st_size
            if name != "write" or (file is not None and file > 2):
                self.passed(file)
            return result

        setattr(module, name, wrapped)

    def wrap_http(self) -> None:
        real = httpx.AsyncHTTPTransport.handle_async_request

        async def wrapped(transport: Any, request: Any) -> Any:
            self.passed()
            answer = await real(transport, request)
            self.passed()
            return answer

        httpx.AsyncHTTPTransport.handle_async_request = wrapped  # type: ignore[method-assign]


def wrap_buckets(boundaries: Boundaries) -> None:
    """Each object that is written or deleted is a boundary too."""
    for name in ("put", "delete"):
        boundaries.wrap(name, obstore)


def child(request: dict[str, Any], log: Path) -> None:
    os.chdir(request["root"])
    os.environ.update(request.get("env") or {})
    for number, name in ((1, log), (2, Path(f"{log}.errors"))):
        output = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(output, number)
        os.close(output)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    boundaries = Boundaries(request.get("kill", 0), request.get("seed", 0))
    for name in ("write", "fsync", "replace", "unlink"):
        boundaries.wrap(name)
    wrap_buckets(boundaries)
    boundaries.wrap_http()
    code = 70
    try:
        code = prefect_pulumi.cli.main.main(request["arguments"])
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        Path(f"{log}.count").write_text(str(boundaries.count))
        os._exit(code)


def main() -> None:
    folder = Path(sys.argv[1])
    for number, line in enumerate(sys.stdin):
        request = json.loads(line)
        log = folder / f"{number}.log"
        began = time.monotonic()
        pid = os.fork()
        if pid == 0:
            child(request, log)
        _, status = os.waitpid(pid, 0)
        count = Path(f"{log}.count")
        answer = {
            "code": os.waitstatus_to_exitcode(status),
            "boundaries": int(count.read_text()) if count.exists() else None,
            "stdout": log.read_text(errors="replace"),
            "output": log.read_text(errors="replace") + Path(f"{log}.errors").read_text(errors="replace"),
            "seconds": round(time.monotonic() - began, 3),
        }
        sys.__stdout__.write(json.dumps(answer) + "\n")  # type: ignore[union-attr]
        sys.__stdout__.flush()  # type: ignore[union-attr]


class ForkServer:
    """The tests' end of the process."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", __spec__.name, str(folder)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
        )

    def infra(
        self, project: ProjectState, *arguments: str, kill: int = 0, seed: int = 0, env: dict[str, str] | None = None
    ) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        request = {
            "root": str(project.project.root),
            "arguments": arguments,
            "kill": kill,
            "seed": seed,
            "env": {**project.environment, **(env or {})},
        }
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer


@contextmanager
def fork_server(folder: Path) -> Iterator[ForkServer]:
    process = ForkServer(folder)
    try:
        yield process
    finally:
        assert process.process.stdin is not None
        process.process.stdin.close()
        process.process.wait(timeout=60)
        assert process.process.stdout is not None
        process.process.stdout.close()


if __name__ == "__main__":
    main()
