"""The stack's lock, in the official CLI's place and form: each refuses while the other holds it."""

from __future__ import annotations

import contextlib
import json
import uuid
from pathlib import Path
from types import TracebackType

from prefect_pulumi.core.errors import StateError, StateLockedError
from prefect_pulumi.core.folders import make_folder
from prefect_pulumi.core.interruption import PROCESS
from prefect_pulumi.state.lock_holder import description, holder_of


def _folder(root: Path, project: str, stack: str) -> Path:
    return root / ".pulumi" / "locks" / "organization" / project / stack


class StackLock:
    """Context manager. Raises `StateLockedError` that names the holder; nobody waits.

    A lock is removed where it is certain that its process has ended (`lock_holder`); `note` then says so.
    """

    def __init__(self, root: Path, project: str, stack: str) -> None:
        self._folder = _folder(root, project, stack)
        self._stack = stack
        self._own = self._folder / f"{uuid.uuid4()}.json"
        self.note = ""

    def __enter__(self) -> StackLock:
        try:
            make_folder(self._folder)
            self._refuse_foreign()
            self._own.write_text(json.dumps(description()))
        except OSError as error:
            with contextlib.suppress(OSError):
                self._release()  # a full disk may have cut it off
            raise StateError(f"the lock cannot be written: {error.strerror}", where=str(self._folder)) from error
        try:
            self._refuse_foreign()
        except BaseException:
            self._release()
            raise
        PROCESS.releases.append(self._release)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._release()

    def _release(self) -> None:
        self._own.unlink(missing_ok=True)
        if self._release in PROCESS.releases:
            PROCESS.releases.remove(self._release)

    def _refuse_foreign(self) -> None:
        for path in _files(self._folder):
            if path == self._own:
                continue
            holder = holder_of(path)
            if holder is None:
                continue  # released meanwhile
            if holder.is_dead:
                path.unlink(missing_ok=True)
                self.note = f"removed the lock of process {holder.pid}, which died on this machine"
                continue
            raise StateLockedError(
                f"stack {self._stack} is locked by {holder}",
                where=str(path),
                remedy=f"wait for it to end; if no such process runs any longer: infra cancel -s {self._stack}",
            )


def _files(folder: Path) -> list[Path]:
    """One for each holder, in the order of their names; without what the official CLI keeps beside them."""
    return sorted(path for path in folder.iterdir() if not path.name.endswith(".attrs")) if folder.is_dir() else []


def clear_dead(root: Path, project: str, stack: str) -> None:
    """Removes the locks of processes that are certain to have ended: the official CLI never removes them."""
    for path in _files(_folder(root, project, stack)):
        holder = holder_of(path)
        if holder is not None and holder.is_dead:
            path.unlink(missing_ok=True)


def clear_locks(root: Path, project: str, stack: str, *, force: bool = False) -> int:
    """Removes every lock of a stack; returns how many there were.

    Raises `StateLockedError` for one whose process is seen to run on this host, unless `force`.
    """
    files = _files(_folder(root, project, stack))
    for path in () if force else files:
        holder = holder_of(path)
        if holder is not None and holder.is_running:
            since = holder.content.get("timestamp", "an unknown time")
            raise StateLockedError(
                f"the update that holds the lock since {since} is still running on this machine (pid {holder.pid})",
                where=str(path),
                remedy=f"let it end, or stop it: kill -INT {holder.pid}; if that is another process: --force",
            )
    try:
        for path in files:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise StateError(f"the lock cannot be removed: {error.strerror}", where=str(error.filename)) from error
    return len(files)
