"""A stack that moves from one backend to another: everything that is kept of it, byte for byte."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from prefect_pulumi.core.errors import InputError, StateError
from prefect_pulumi.state.backend import StateBackend, moved_key
from prefect_pulumi.state.stack_objects import single_keys
from prefect_pulumi.state.store import ChangedObjectError


def move(source: StateBackend, target: StateBackend, stack: str) -> int:
    """Copies the stack, compares what was written, leaves a note in the old place; returns the number of objects.

    The caller holds the stack's lock in both. Secrets stay as they are encrypted; the checkpoint is the last object
    that is written, and the first that goes from the old place, where it stays as `.bak`. Raises `InputError` when the
    target has such a stack, `StateError`.
    """
    stored = source.read(stack)
    if stored is None:
        raise StateError("there is no state to move", where=source.where(stack))
    note = moved_key(target.project, stack)
    try:
        target.store.delete([note])  # it may come back
        if target.read(stack) is not None:
            raise _taken(target, stack)
        copied = [*_kept(source, stack), source.key_of(stack)]
        for key in copied[:-1]:
            _copy(source, target, key)
        target.prepare()
        try:
            target.store.replace(copied[-1], stored.data, "")
        except ChangedObjectError as error:
            raise _taken(target, stack) from error
        for key in copied:
            _compare(source, target, key)
        text = {"movedTo": target.store.url, "time": datetime.now(UTC).isoformat()}
        source.store.write(f"{copied[-1]}.bak", stored.data)
        source.store.write(moved_key(source.project, stack), json.dumps(text).encode())
        source.store.delete([copied[-1]])
    except OSError as error:
        raise StateError(
            f"the stack cannot be moved: {error.strerror or error}",
            where=str(error.filename or target.store.url),
            remedy="the state is still in its old place; correct that, then run it again",
        ) from error
    return len(copied)


def _taken(target: StateBackend, stack: str) -> InputError:
    return InputError(
        f"there is a stack {stack} already",
        where=target.store.url,
        remedy="name another bucket, folder or prefix",
    )


def _kept(source: StateBackend, stack: str) -> list[str]:
    """Keys of all that belongs to the stack, but for its checkpoint, its locks and its journal."""
    project = source.project
    folders = [f".pulumi/{kind}/{project}/{stack}" for kind in ("history", "backups", "prefect")]
    keys = [item.key for folder in folders for item in source.store.list(folder)]
    return [*keys, *(key for key in single_keys(project, stack) if source.store.read(key) is not None)]


def _copy(source: StateBackend, target: StateBackend, key: str) -> None:
    stored = source.store.read(key)
    if stored is not None:
        target.store.write(key, stored.data)


def _compare(source: StateBackend, target: StateBackend, key: str) -> None:
    written, wanted = target.store.read(key), source.store.read(key)
    if wanted is not None and (written is None or written.data != wanted.data):
        raise StateError(
            "what was written is not what was read",
            where=target.store.where(key),
            remedy="the state is still in its old place; delete the copy, then run it again",
        )
