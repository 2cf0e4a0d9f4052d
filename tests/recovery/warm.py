"""Runs `infra` in forked children of a warm, single-threaded process, and kills them where it is told to.

A script of its own: one JSON request a line on stdin, one JSON answer a line on stdout. A request has the project's
`root`, the `arguments` of `infra`, and `kill`: the number of the boundary at which the child gets SIGKILL (0: none).
Boundaries are the system calls by which a run changes the world, each before and after: a write and a sync, a rename,
a removal, and an HTTP request. `seed` draws where a line that was not synced is torn when the power goes too.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx

import prefect_pulumi.api.blocking
import prefect_pulumi.cli.commands
import prefect_pulumi.cli.main
import prefect_pulumi.engine.sdk.program
import prefect_pulumi.provider.handlers.blocks
import prefect_pulumi.provider.provider


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
            if file is not None and "/journal/" in str(Path(f"/proc/self/fd/{file}").readlink()):
                size = os.fstat(file).st_size
                os.ftruncate(file, self.random.randint(min(self.synced.get(file, 0), size), size))
            os.kill(os.getpid(), signal.SIGKILL)
            time.sleep(60)

    def wrap(self, name: str) -> None:
        real = getattr(os, name)

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

        setattr(os, name, wrapped)

    def wrap_http(self) -> None:
        real = httpx.AsyncHTTPTransport.handle_async_request

        async def wrapped(transport: Any, request: Any) -> Any:
            self.passed()
            answer = await real(transport, request)
            self.passed()
            return answer

        httpx.AsyncHTTPTransport.handle_async_request = wrapped  # type: ignore[method-assign]


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


if __name__ == "__main__":
    main()
