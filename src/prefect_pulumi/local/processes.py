"""Detached child processes that outlive the command which started them, known by a pid file."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil

from prefect_pulumi.core.deadline import clamp
from prefect_pulumi.core.errors import LocalProcessError
from prefect_pulumi.core.folders import make_folder
from prefect_pulumi.interpreter.interpreters import Child, Command, Interpreter

SAME_START_SECONDS = 1.5
"""A pid is reused by another program unless its start time is the noted one, to the clock's granularity."""


@dataclass(frozen=True)
class ProcessFile:
    """The pid file of one process: `{pid, create_time, ...facts}`, readable by the owner alone."""

    path: Path

    def read(self) -> dict[str, Any]:
        try:
            content = json.loads(self.path.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return content if isinstance(content, dict) else {}

    def process(self) -> psutil.Process | None:
        """The noted process, if it still runs and is the same one."""
        noted = self.read()
        try:
            process = psutil.Process(int(noted["pid"]))
            same = abs(process.create_time() - float(noted["create_time"])) < SAME_START_SECONDS
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except (KeyError, ValueError, psutil.Error):
            return None

    def write(self, pid: int, facts: Mapping[str, Any]) -> None:
        content = {"pid": pid, "create_time": psutil.Process(pid).create_time(), **facts}
        temporary = self.path.with_name(self.path.name + ".new")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file)
        temporary.replace(self.path)

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)


NOTE_SECONDS = 180.0
"""The child notes its pid within a fraction of a second, unless the machine is very busy."""


def start_detached(
    module: str,
    arguments: Sequence[str],
    *,
    file: ProcessFile,
    log: Path,
    env: Mapping[str, str],
    cwd: Path,
    facts: Mapping[str, Any],
    interpreter: Interpreter | None = None,
) -> None:
    """Starts `python -m MODULE ARGUMENTS` in a session of its own, output appended to `log`, and notes it in `file`.

    With an `interpreter` this process notes it; else the child does, which is there even if this process is killed.
    """
    make_folder(log.parent)
    make_folder(file.path.parent)
    launched = [str(os.getpid()), str(file.path.resolve()), json.dumps(dict(facts)), sys.executable, "-m", module]
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    command = Command(module, arguments, cwd, env, (nothing, output, output), session=True)
    try:
        if interpreter is not None:
            process = interpreter.start(command)
        else:
            launcher = replace(command, module="prefect_pulumi.local.launch", arguments=[*launched, *arguments])
            process = Interpreter().start(launcher)
    except OSError as error:
        raise LocalProcessError(f"{module} cannot be started: {error.strerror}") from error
    finally:
        os.close(output)
        os.close(nothing)
    _started[process.pid] = process
    if interpreter is not None:
        with contextlib.suppress(psutil.NoSuchProcess):  # without a note it has ended
            file.write(process.pid, facts)
    elif not wait_until(
        lambda: file.read().get("pid") == process.pid or process.poll() is not None, seconds=NOTE_SECONDS
    ):
        raise LocalProcessError(f"{module} did not start; its log ends with:\n{tail(log)}", where=str(log))


_started: dict[int, Child] = {}
"""Children of this very process, kept so that their exit status can be taken."""


def stop_tree(process: psutil.Process, *, grace: float = 10.0) -> None:
    """Ends a process and its descendants: a polite signal first, a kill after `grace` seconds."""
    with contextlib.suppress(psutil.NoSuchProcess):
        tree = [process, *process.children(recursive=True)]
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGTERM)
        _, left = psutil.wait_procs(tree, timeout=grace)
        for member in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                member.kill()
        psutil.wait_procs(left, timeout=grace)
    reap(process.pid)


def reap(pid: int) -> None:
    """Takes the exit status of our own child, so that it does not stay as a zombie."""
    child = _started.pop(pid, None)
    if child is not None:
        child.wait()


def tail(log: Path, lines: int = 12) -> str:
    """Last lines of a log, for error messages."""
    try:
        text = log.read_text("utf-8", errors="replace")
    except OSError:
        return "(no log)"
    return "\n".join(text.splitlines()[-lines:])


INHERITED = frozenset(
    {
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TEMP", "TMP"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "LD_LIBRARY_PATH"),
        *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    }
)
"""What a process needs to run on this machine. Whatever else was in the environment of the one who ran the command,
such as the value of a Secret block, is not the business of a process that outlives it."""


def own_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """What a process that outlives the command inherits (`INHERITED`, the locale), plus `extra`."""
    kept = {key: value for key, value in os.environ.items() if key.upper() in INHERITED or key.startswith("LC_")}
    return {**kept, **extra}


def wait_until(condition: Any, *, seconds: float, pause: float = 0.1) -> bool:
    """True as soon as `condition()` is, False after `seconds`."""
    end = time.monotonic() + clamp(seconds)
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(pause)
    return bool(condition())
