"""The command `infra` in forked children of a warm process: each is a process of its own that begins after its imports.

`run` starts this module once in each test process. A request is one JSON line on stdin: `arguments`, `folder`, `env`,
and `stdout` and `stderr`, the files to write. Two JSON lines on stdout answer it: the child's pid, then its exit code.
The warm process has one thread, so that its children may start their own.
"""

from __future__ import annotations

import atexit
import json
import os
import random
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from queue import Empty, Queue
from typing import Any

from prefect_pulumi.interpreter.interpreters import ForkServer, WarmInterpreter
from tests.support.shared_interpreter import fork_server

MODULES = (
    "prefect_pulumi.api.blocking",
    "prefect_pulumi.app.operations",
    "prefect_pulumi.app.project",
    "prefect_pulumi.app.project_stack",
    "prefect_pulumi.cli.main",
    "prefect_pulumi.engine.sdk.program",
    "prefect_pulumi.provider.handlers.blocks",
    "prefect_pulumi.provider.provider",
)
"""All that a run of the command imports in the end."""
FOLDER = Path(__file__).parents[2]
REAP = 0.01
"""Seconds between two looks whether a child has ended."""


def run(
    arguments: Sequence[str], *, folder: Path, env: Mapping[str, str], timeout: float
) -> subprocess.CompletedProcess[str]:
    """As `subprocess.run` with text that is captured. May be called from several threads."""
    return _warm().run(arguments, folder, env, timeout)


@cache
def _warm() -> WarmProcess:
    process = WarmProcess()
    atexit.register(process.close)
    return process


class WarmProcess:
    """The tests' end of the process."""

    def __init__(self) -> None:
        endpoint = fork_server().endpoint.fileno()
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(endpoint)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=FOLDER,
            pass_fds=(endpoint,),
        )
        self._lock = threading.Lock()
        self._answers: dict[int, Queue[int]] = {}
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            answer = json.loads(line)
            self._answers[answer["request"]].put(answer["value"])

    def run(
        self, arguments: Sequence[str], folder: Path, env: Mapping[str, str], timeout: float
    ) -> subprocess.CompletedProcess[str]:
        with tempfile.TemporaryDirectory(prefix="warm-infra-") as outputs:
            files = {name: str(Path(outputs) / name) for name in ("stdout", "stderr")}
            answers = self._send({"arguments": list(arguments), "folder": str(folder), "env": dict(env), **files})
            pid = answers.get()
            try:
                code = answers.get(timeout=timeout)
            except Empty:
                os.kill(pid, signal.SIGKILL)
                raise subprocess.TimeoutExpired(["infra", *arguments], timeout) from None
            texts = {name: Path(file).read_text(errors="replace") for name, file in files.items()}
        return subprocess.CompletedProcess(["infra", *arguments], code, **texts)

    def _send(self, request: dict[str, Any]) -> Queue[int]:
        assert self._process.stdin is not None
        with self._lock:
            number = len(self._answers)
            self._answers[number] = Queue()
            self._process.stdin.write(json.dumps({"request": number, **request}) + "\n")
            self._process.stdin.flush()
        return self._answers[number]

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)
        self._listener.join()
        self._process.stdout.close()


def main() -> None:
    """Forks a child for each request until stdin ends."""
    for name in MODULES:
        import_module(name)
    server = ForkServer(socket.socket(fileno=int(sys.argv[1])), dict(os.environ))
    WarmInterpreter.shared = lambda: server
    children: dict[int, int] = {}
    requests = os.fdopen(os.dup(0), "rb", buffering=0)
    with selectors.DefaultSelector() as selector:
        selector.register(requests, selectors.EVENT_READ)
        while True:
            if selector.select(REAP if children else None):
                line = requests.readline()
                if not line:
                    return
                request = json.loads(line)
                pid = os.fork()
                if pid == 0:
                    _become_infra(request)
                children[pid] = request["request"]
                _answer(request["request"], pid)
            for pid in list(children):
                ended, status = os.waitpid(pid, os.WNOHANG)
                if ended:
                    _answer(children.pop(pid), os.waitstatus_to_exitcode(status))


def _answer(request: int, value: int) -> None:
    print(json.dumps({"request": request, "value": value}), flush=True)


def _become_infra(request: dict[str, Any]) -> None:
    """The child: as if the command had been started from a shell."""
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["env"])
    for number, name in ((0, os.devnull), (1, request["stdout"]), (2, request["stderr"])):
        flags = os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        opened = os.open(name, flags, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.argv = ["infra", *request["arguments"]]
    random.seed()
    code: Any = 70
    try:
        import_module("prefect_pulumi.cli.main").run()
    except SystemExit as end:
        code = end.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else int(code is not None))


if __name__ == "__main__":
    main()
