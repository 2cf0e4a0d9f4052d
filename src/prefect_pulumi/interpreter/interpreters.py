"""Starts `python -m MODULE ARGUMENTS`: cold, or as a fork of a process that has imported the costly modules once."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

from typing_extensions import override

LOST = -signal.SIGKILL
"""Exit code of a child whose fork server died before it could tell."""
STATUS = struct.Struct("=q")


class Child(Protocol):
    """What both kinds of children share with `subprocess.Popen`."""

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def terminate(self) -> None: ...


@dataclass(frozen=True)
class Command:
    """`python -m MODULE ARGUMENTS` and what it begins with.

    `env`: the whole environment. `streams`: file descriptors of its stdin, stdout and stderr, and `pass_fds` those that
    it finds under the same numbers; the caller closes its own. `session`: it leads a session of its own.
    """

    module: str
    arguments: Sequence[str]
    cwd: Path
    env: Mapping[str, str]
    streams: tuple[int, int, int]
    pass_fds: Sequence[int] = ()
    session: bool = False


class Interpreter:
    """Starts children from nothing, as `python -m MODULE` on the command line does."""

    def start(self, command: Command) -> Child:
        stdin, stdout, stderr = command.streams
        return subprocess.Popen(
            [sys.executable, "-m", command.module, *command.arguments],
            cwd=command.cwd,
            env=dict(command.env),
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            pass_fds=tuple(command.pass_fds),
            start_new_session=command.session,
        )


class WarmInterpreter(Interpreter):
    """Forks children from a process (`fork_server.py`) that has imported `modules`, once the first one is wanted. The
    process ends with this object, and its children go on.

    `env` is the environment of the imports. A child begins as a cold one does: its environment, folder, streams and
    signals are those that it is given. One whose `PYTHON...` variables differ from `env`, or in whose folder a module
    would come before one that is imported already, is started cold. So are all of them where forking is not safe, which
    is everywhere but on Linux. Safe to share between threads.
    """

    shared: ClassVar[Callable[[], ForkServer] | None] = None
    """Where it is set, all of this process fork from this one, which has to have imported what each of them wants."""

    def __init__(self, modules: Sequence[str], env: Mapping[str, str]) -> None:
        self._modules, self._env = tuple(modules), dict(env)
        self._server: ForkServer | None = None
        self._lock = threading.Lock()

    def _forking(self) -> ForkServer | None:
        with self._lock:
            if self._server is None and sys.platform == "linux":
                shared = type(self).shared
                self._server = shared() if shared is not None else ForkServer.started(self._modules, self._env)
                if shared is None:
                    weakref.finalize(self, self._server.close)
            return self._server

    @override
    def start(self, command: Command) -> Child:
        server = self._forking()
        if server is not None and python_variables(command.env) == python_variables(server.env):
            with contextlib.suppress(OSError):  # it has died; a cold child is as good
                child = server.fork(command)
                if child is not None:
                    return child
        return super().start(command)


BYTECODE = "PYTHONDONTWRITEBYTECODE"
"""A fork can take this one."""


def python_variables(env: Mapping[str, str]) -> dict[str, str]:
    """The variables that an interpreter reads when it starts, and never again."""
    return {name: value for name, value in env.items() if name.startswith("PYTHON") and name != BYTECODE}


class ForkServer:
    """This end of a fork server, whose environment is `env`. Several processes may share `endpoint`: each request is
    one packet."""

    def __init__(
        self, endpoint: socket.socket, env: Mapping[str, str], process: subprocess.Popen[bytes] | None = None
    ) -> None:
        self.endpoint, self.env = endpoint, env
        self._process = process

    @classmethod
    def started(cls, modules: Sequence[str], env: Mapping[str, str]) -> ForkServer:
        """Its imports go on while the caller does."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, "-P", "-m", "prefect_pulumi.interpreter.fork_server", str(theirs.fileno()), *modules]
        with theirs:
            process = subprocess.Popen(
                command,
                env=dict(env),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
            )
        return cls(ours, env, process)

    def fork(self, command: Command) -> ForkedChild | None:
        """None where the child has to begin cold. Raises `OSError` when the server is gone."""
        request = {
            "module": command.module,
            "arguments": list(command.arguments),
            "cwd": str(command.cwd),
            "env": dict(command.env),
            "descriptors": [0, 1, 2, *command.pass_fds],
            "session": command.session,
        }
        body = os.memfd_create("request")
        reader, writer = os.pipe()
        try:
            with os.fdopen(os.dup(body), "w", encoding="utf-8", errors="surrogateescape") as stream:
                json.dump(request, stream)
            socket.send_fds(self.endpoint, [b"fork"], [body, writer, *command.streams, *command.pass_fds])
        except OSError:
            os.close(reader)
            raise
        finally:
            os.close(body)
            os.close(writer)
        pid = _number(reader)
        if pid is None:
            os.close(reader)
            raise BrokenPipeError("the fork server ended")
        if pid == 0:
            os.close(reader)
            return None
        return ForkedChild(pid, reader)

    def close(self) -> None:
        """Its children go on."""
        self.endpoint.close()
        if self._process is not None:
            self._process.kill()  # it may still import
            self._process.wait()


class ForkedChild:
    """A child of the fork server, which tells on `status` how it ended."""

    def __init__(self, pid: int, status: int) -> None:
        self.pid = pid
        self._status = status
        self._code: int | None = None

    def poll(self) -> int | None:
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        """Raises `subprocess.TimeoutExpired`."""
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
        return code

    def terminate(self) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGTERM)

    def _ended(self, timeout: float | None) -> int | None:
        if self._code is None and select.select([self._status], [], [], timeout)[0]:
            code = _number(self._status)
            self._code = LOST if code is None else code
            os.close(self._status)
        return self._code


def _number(reader: int) -> int | None:
    """None at the end of the stream."""
    data = os.read(reader, STATUS.size)
    return int(STATUS.unpack(data)[0]) if len(data) == STATUS.size else None
