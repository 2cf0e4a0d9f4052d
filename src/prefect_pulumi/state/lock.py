"""The stack's lock, in the official CLI's place and form: each refuses while the other holds it."""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import socket
import uuid
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import psutil

from prefect_pulumi.core.errors import StateError, StateLockedError

CLOCK_SLACK = 5.0
"""Seconds by which the start of a process, counted from the boot, may be off the clock."""


def _folder(root: Path, project: str, stack: str) -> Path:
    return root / ".pulumi" / "locks" / "organization" / project / stack


class StackLock:
    """Context manager. Raises `StateLockedError` that names the holder; nobody waits.

    A lock whose process died on this very host is removed; `note` then says so.
    """

    def __init__(self, root: Path, project: str, stack: str) -> None:
        self._folder = _folder(root, project, stack)
        self._stack = stack
        self._own = self._folder / f"{uuid.uuid4()}.json"
        self.note = ""

    def __enter__(self) -> StackLock:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._refuse_foreign()
            content = {
                "pid": os.getpid(),
                "username": getpass.getuser(),
                "hostname": socket.gethostname(),
                "timestamp": datetime.now(UTC).isoformat(),
            }
            self._own.write_text(json.dumps(content))
        except OSError as error:
            with contextlib.suppress(OSError):
                self._release()  # a full disk may have cut it off
            raise StateError(f"the lock cannot be written: {error.strerror}", where=str(self._folder)) from error
        try:
            self._refuse_foreign()
        except BaseException:
            self._release()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._release()

    def release(self) -> None:
        """For those who end the process at once."""
        self._release()

    def _release(self) -> None:
        self._own.unlink(missing_ok=True)

    def _refuse_foreign(self) -> None:
        for path in _files(self._folder):
            if path == self._own:
                continue
            holder = _holder(path)
            if holder is None:
                continue  # released meanwhile
            if _is_dead(holder):
                path.unlink(missing_ok=True)
                self.note = f"removed the lock of process {holder['pid']}, which died on this machine"
                continue
            who = f"{holder.get('username', 'an unknown user')}@{holder.get('hostname', 'an unknown host')}"
            raise StateLockedError(
                f"stack {self._stack} is locked by {who} (pid {holder.get('pid', '?')})"
                f" since {holder.get('timestamp', 'an unknown time')}",
                where=str(path),
                remedy=f"wait for it to end; if it died on another machine: infra cancel -s {self._stack}",
            )


def _files(folder: Path) -> list[Path]:
    """One for each holder, in the order of their names; without what the official CLI keeps beside them."""
    return sorted(path for path in folder.iterdir() if not path.name.endswith(".attrs")) if folder.is_dir() else []


def _holder(path: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(path.read_text())
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _is_of_this_host(holder: dict[str, Any]) -> bool:
    return isinstance(holder.get("pid"), int) and holder.get("hostname") == socket.gethostname()


def _is_dead(holder: dict[str, Any]) -> bool:
    """Whether the lock's process ran on this host and is gone; another one may have got its number since."""
    if not _is_of_this_host(holder):
        return False
    try:
        process = psutil.Process(holder["pid"])
        if process.status() == psutil.STATUS_ZOMBIE:
            return True
        began = process.create_time()
    except psutil.NoSuchProcess:
        return True
    except psutil.Error:
        return False
    taken = _seconds(holder.get("timestamp"))
    return taken is not None and began > taken + CLOCK_SLACK


def _seconds(text: Any) -> float | None:
    try:
        return datetime.fromisoformat(text).timestamp()
    except (TypeError, ValueError):
        return None


def clear_dead(root: Path, project: str, stack: str) -> None:
    """Removes the locks of processes that died on this host: the official CLI never removes them."""
    for path in _files(_folder(root, project, stack)):
        if _is_dead(_holder(path) or {}):
            path.unlink(missing_ok=True)


def clear_locks(root: Path, project: str, stack: str, *, force: bool = False) -> int:
    """Removes every lock of a stack; returns how many there were.

    Raises `StateLockedError` for one whose process is seen to run on this host, unless `force`.
    """
    files = _files(_folder(root, project, stack))
    for path in () if force else files:
        holder = _holder(path) or {}
        if _is_of_this_host(holder) and not _is_dead(holder):
            pid, since = holder["pid"], holder.get("timestamp", "an unknown time")
            raise StateLockedError(
                f"the update that holds the lock since {since} is still running on this machine (pid {pid})",
                where=str(path),
                remedy=f"let it end, or stop it: kill -INT {pid}; if that is another process: --force",
            )
    for path in files:
        path.unlink(missing_ok=True)
    return len(files)
