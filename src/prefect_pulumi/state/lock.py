"""The stack's lock, in the official CLI's place and form: each refuses while the other holds it."""

from __future__ import annotations

import contextlib
import json
import uuid
from types import TracebackType

from prefect_pulumi.core.errors import StateError, StateLockedError
from prefect_pulumi.core.interruption import PROCESS
from prefect_pulumi.state.lock_holder import Holder, description, holder_of
from prefect_pulumi.state.store import ChangedObjectError, Store


def _folder(project: str, stack: str) -> str:
    return f".pulumi/locks/organization/{project}/{stack}"


SHARED_NAME = "prefect-pulumi.json"
"""The one lock of this engine where creating it keeps others out; the official CLI takes any name for a lock."""


class StackLock:
    """Context manager. Raises `StateLockedError` that names the holder; nobody waits.

    Where the store has conditional writes, the lock is one object that only one run can create; else, as the official
    CLI does it, each run has its own, and looks for others' before and after it writes. A lock is removed where it is
    certain that its process has ended (`lock_holder`). `notes`: what the user should know.
    """

    def __init__(self, store: Store, project: str, stack: str) -> None:
        self._store = store
        self._folder = _folder(project, stack)
        self._stack = stack
        self._own = f"{self._folder}/{uuid.uuid4()}.json"
        self._content = json.dumps({**description(), "run": uuid.uuid4().hex}).encode()
        self.notes: list[str] = []

    def __enter__(self) -> StackLock:
        try:
            if self._store.caution():
                self.notes.append(self._store.caution())
            if self._store.has_conditional_writes():
                self._own = f"{self._folder}/{SHARED_NAME}"
            self._refuse_foreign()
            self._take()
        except OSError as error:
            with contextlib.suppress(OSError):
                self._release()  # its answer may be lost
            where = self._store.where(self._folder)
            raise StateError(
                f"the lock cannot be written: {error.strerror}", where=where, remedy=self._store.remedy
            ) from error
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
        try:
            self._release()
        except OSError as fault:
            if error is None:
                raise StateError(
                    f"the lock cannot be removed: {fault.strerror}",
                    where=self._store.where(self._own),
                    remedy=f"infra cancel -s {self._stack}",
                ) from fault

    def _take(self) -> None:
        """Creates the lock, or writes it over that of a dead process, whichever run is first."""
        try:
            self._store.create(self._own, self._content)
        except FileExistsError:
            holder = holder_of(self._store, self._own)
            if holder is None or not holder.is_dead:
                raise self._locked(holder) from None
            try:
                self._store.replace(self._own, self._content, holder.version)
            except ChangedObjectError:
                raise self._locked(holder_of(self._store, self._own)) from None
            self._note_dead(holder)

    def _release(self) -> None:
        """Only its own: another run may have it after `infra cancel`."""
        present = self._store.read(self._own)
        if present is not None and present.data == self._content:
            self._store.delete([self._own])
        if self._release in PROCESS.releases:
            PROCESS.releases.remove(self._release)

    def _refuse_foreign(self) -> None:
        for key in _keys(self._store, self._folder):
            if key == self._own:
                continue
            holder = holder_of(self._store, key)
            if holder is None:
                continue  # released meanwhile
            if not holder.is_dead:
                raise self._locked(holder)
            self._store.delete([key])
            self._note_dead(holder)

    def _note_dead(self, holder: Holder) -> None:
        self.notes.append(f"removed the lock of process {holder.pid}, which died on this machine")

    def _locked(self, holder: Holder | None) -> StateLockedError:
        return StateLockedError(
            f"stack {self._stack} is locked by {holder or 'a run that has just ended'}",
            where=holder.where if holder is not None else self._store.where(self._folder),
            remedy=f"wait for it to end; if no such process runs any longer: infra cancel -s {self._stack}",
        )


def _keys(store: Store, folder: str) -> list[str]:
    """One for each holder, in the order of their names."""
    return [item.key for item in store.list(folder)]


def holders(store: Store, project: str, stack: str) -> dict[str, Holder]:
    """Key of each lock of a stack -> who holds it."""
    keys = _keys(store, _folder(project, stack))
    return {key: holder for key in keys if (holder := holder_of(store, key)) is not None}


def clear_dead(store: Store, project: str, stack: str) -> None:
    """Removes the locks of processes that are certain to have ended: the official CLI never removes them."""
    held = holders(store, project, stack)
    store.delete([key for key, holder in held.items() if holder.is_dead])


def clear_locks(store: Store, project: str, stack: str, *, force: bool = False) -> int:
    """Removes every lock of a stack; returns how many there were.

    Raises `StateLockedError` for one whose process is seen to run on this host, unless `force`.
    """
    keys = _keys(store, _folder(project, stack))
    for holder in () if force else holders(store, project, stack).values():
        if holder.is_running:
            since = holder.content.get("timestamp", "an unknown time")
            raise StateLockedError(
                f"the update that holds the lock since {since} is still running on this machine (pid {holder.pid})",
                where=holder.where,
                remedy=f"let it end, or stop it: kill -INT {holder.pid}; if that is another process: --force",
            )
    try:
        store.delete(keys)
    except OSError as error:
        raise StateError(f"the lock cannot be removed: {error.strerror}", where=str(error.filename)) from error
    return len(keys)
