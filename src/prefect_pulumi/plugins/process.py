"""A plugin as a process of its own group: started, its port read, its last words kept, always ended."""

from __future__ import annotations

import collections
import contextlib
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from prefect_pulumi.core.errors import PluginError
from prefect_pulumi.plugins.guard import GRACE, Guard

START_TIMEOUT = 60.0
"""Seconds that a plugin has to print its port."""
LAST_LINES = 40


class PluginProcess:
    """One running plugin. What it prints after its port is shown only when it dies by itself."""

    def __init__(
        self,
        executable: Path,
        engine_address: str,
        *,
        directory: Path,
        environment: Mapping[str, str],
        guard: Guard,
        arguments: Sequence[str] = (),
    ) -> None:
        self.executable = executable
        self._guard = guard
        self._lines: collections.deque[str] = collections.deque(maxlen=LAST_LINES)
        self._stopped = threading.Event()
        try:
            self._process = subprocess.Popen(
                [str(executable), *arguments, engine_address],
                cwd=directory,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is the engine's to handle, and its group can be killed as a whole
            )
        except OSError as error:
            raise PluginError(f"the plugin cannot be started: {error.strerror}", where=str(executable)) from error
        guard.watch(self._process.pid)
        self._first: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, name=f"plugin {executable.name}", daemon=True)
        self._reader.start()
        self.port = self._port()

    @property
    def pid(self) -> int:
        return self._process.pid

    def _read(self) -> None:
        stream = self._process.stdout
        assert stream is not None  # noqa: S101 - asked for above
        has_port = False
        with stream:
            for raw in stream:
                line = raw.decode("utf-8", "replace").rstrip("\n")
                if not has_port and line.strip():
                    has_port = True
                    self._first.put(line)
                else:
                    self._lines.append(line)
        self._first.put("")

    def _port(self) -> int:
        try:
            first = self._first.get(timeout=START_TIMEOUT)
        except queue.Empty:
            first = ""
        if first.strip().isdigit():
            return int(first)
        if first:
            self._lines.appendleft(first)
        self.stop(lambda: None)
        raise PluginError(f"the plugin did not print its port{self.last_words()}", where=str(self.executable))

    def last_words(self) -> str:
        """The last lines that it printed, for an error message; "" when there are none."""
        self._reader.join(0.2)
        lines = [line for line in self._lines if line.strip()]
        return ":\n  " + "\n  ".join(lines) if lines else ""

    def stop(self, cancel: Callable[[], None]) -> None:
        """Asks over gRPC (`cancel`), then by signal; kills the whole group after 5 s."""
        if self._stopped.is_set():
            return
        self._stopped.set()
        if self._process.poll() is None:
            cancel()
            end = time.monotonic() + GRACE
            self._signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(max(0.0, end - time.monotonic()))
        # Also what it started and left behind.
        self._signal(signal.SIGKILL)
        self._process.wait()
        self._guard.release(self._process.pid)
        self._reader.join(1.0)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)
