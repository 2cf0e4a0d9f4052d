"""Imports modules once, and forks a child for each request.

    python -P -m prefect_pulumi.interpreter.fork_server FD MODULE ...

FD is a socket of packets (`interpreters.py` has its other end). A request is a packet with file descriptors: a file
with the JSON text, the pipe on which the child's pid and later its exit code are written, and those that the child
gets. It has one thread, so that a fork is safe, and ends when no client is left; children go on.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import importlib
import json
import os
import random
import runpy
import selectors
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from prefect_pulumi.interpreter.interpreters import BYTECODE, STATUS

PACKET = 16
MOST_DESCRIPTORS = 64
ABOVE = 200
"""Descriptors are moved here first, so that none is overwritten before it is in its place."""
SIGNALS = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGCHLD)
"""The terminal sends the first two to the whole group; its children decide for themselves."""

Json = dict[str, Any]


class Server:
    def __init__(self, endpoint: socket.socket, modules: Sequence[str]) -> None:
        self.endpoint = endpoint
        self.pipes: dict[int, int] = {}
        """pid -> where its exit code goes."""
        self.dispositions = {number: signal.getsignal(number) for number in SIGNALS}
        for number in (signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        _import(modules)
        self.names = {name.partition(".")[0] for name in sys.modules} - {"__main__"}
        gc.collect()
        gc.freeze()  # what is there now stays shared with the children, and none of them looks through it
        self.woken, wakes = os.pipe()
        os.set_blocking(self.woken, False)
        os.set_blocking(wakes, False)
        self.wakes = wakes
        signal.signal(signal.SIGCHLD, _noted)
        signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)

    def run(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self.endpoint, selectors.EVENT_READ)
            selector.register(self.woken, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fd == self.woken:
                        os.read(self.woken, 4096)
                    elif not self.answer():
                        return
                self.reap()

    def answer(self) -> bool:
        """False when no client is left."""
        packet, descriptors, _, _ = socket.recv_fds(self.endpoint, PACKET, MOST_DESCRIPTORS)
        if not packet:
            return False
        body, pipe, *given = descriptors
        with os.fdopen(body, encoding="utf-8", errors="surrogateescape") as stream:
            stream.seek(0)
            request: Json = json.load(stream)
        if shadowed(Path(request["cwd"]), self.names):
            _tell(pipe, 0)
            os.close(pipe)
        else:
            # One that comes before the child has its own dispositions waits for them.
            signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
            pid = os.fork()
            if pid == 0:
                self.become(request, pipe, given)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
            _tell(pipe, pid)
            self.pipes[pid] = pipe
        for descriptor in given:
            os.close(descriptor)
        return True

    def reap(self) -> None:
        for pid in list(self.pipes):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                pipe = self.pipes.pop(pid)
                _tell(pipe, os.waitstatus_to_exitcode(status))
                os.close(pipe)

    def become(self, request: Json, pipe: int, given: Sequence[int]) -> NoReturn:
        """The child, which ends as any interpreter does."""
        signal.set_wakeup_fd(-1)
        for number, disposition in self.dispositions.items():
            signal.signal(number, disposition)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        self.endpoint.close()
        for descriptor in (self.woken, self.wakes, pipe, *self.pipes.values()):
            os.close(descriptor)
        _place(given, request["descriptors"])
        if request["session"]:
            os.setsid()
        _enter(Path(request["cwd"]), request["env"])
        sys.argv = [request["module"], *request["arguments"]]
        runpy.run_module(request["module"], run_name="__main__", alter_sys=True)
        sys.exit()


def _tell(pipe: int, number: int) -> None:
    with contextlib.suppress(BrokenPipeError):  # the client has ended
        os.write(pipe, STATUS.pack(number))


def shadowed(folder: Path, names: set[str]) -> bool:
    """Whether `folder`, from which a program's modules come first, has one in the place of one of `names`."""
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return False
    return any(
        entry.name.partition(".")[0] in names
        and (entry.name.endswith((".py", ".so")) or (Path(entry.path) / "__init__.py").is_file())
        for entry in entries
    )


def _import(modules: Sequence[str]) -> None:
    """Where one cannot be imported, the child that needs it says so in its own words."""
    with tempfile.TemporaryDirectory(prefix="prefect-pulumi-") as home:
        os.environ["PREFECT_HOME"] = home
        for module in modules:
            with contextlib.suppress(Exception):  # whatever a module raises
                importlib.import_module(module)


def _noted(_signal: int, _frame: FrameType | None) -> None:
    """That a child has ended is read from the pipe of `set_wakeup_fd`."""


def _place(given: Sequence[int], numbers: Sequence[int]) -> None:
    moved = [fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, ABOVE) for descriptor in given]
    for descriptor in given:
        os.close(descriptor)
    for descriptor, number in zip(moved, numbers, strict=True):
        os.dup2(descriptor, number, inheritable=True)
        os.close(descriptor)


def _enter(folder: Path, env: Mapping[str, str]) -> None:
    """The folder and the environment, with what was made of the server's own at the imports."""
    os.chdir(folder)
    if "PYTHONSAFEPATH" not in env:
        sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = bool(env.get(BYTECODE))
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    random.seed()
    context = sys.modules.get("prefect.context")
    if context is not None:
        context.GLOBAL_SETTINGS_CONTEXT = context.root_settings_context()  # type: ignore[attr-defined]  # any version's


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as client:
        Server(client, sys.argv[2:]).run()
