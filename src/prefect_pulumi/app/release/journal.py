"""The record of a stack's last rollout, beside its state."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager

from prefect_pulumi.core.errors import InputError, StateError, StateLockedError
from prefect_pulumi.core.folders import make_folder
from prefect_pulumi.project.stack import Stack
from prefect_pulumi.promotion.rollout import Rollout


def load_rollout(stack: Stack) -> Rollout | None:
    """The last promotion or rollback of the stack, ended or not. Raises `StateError` for a broken record."""
    store, key = stack.promotions, stack.promotion_key
    try:
        stored = store.read(key)
        return Rollout.parse(json.loads(stored.data)) if stored is not None else None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StateError(f"the record of the promotion cannot be read: {error!r}", where=store.where(key)) from error


def open_rollout(stack: Stack) -> Rollout | None:
    """The one that has not ended."""
    rollout = load_rollout(stack)
    return rollout if rollout is not None and not rollout.phase.ended else None


def refuse_open_rollout(stack: Stack) -> None:
    """A stack half-way has to reach an end before anything new begins."""
    rollout = open_rollout(stack)
    if rollout is not None and rollout.back is not None:
        raise InputError(
            f"a {rollout.kind} of {stack.name} to {rollout.pin.id} stopped at: {rollout.phase}",
            where=f"infra promote to {stack.name}",
            remedy=f"go on with infra up -s {stack.name}, or undo it with infra rollback -s {stack.name}",
        )


def save_rollout(stack: Stack, rollout: Rollout) -> None:
    store, key = stack.promotions, stack.promotion_key
    try:
        store.write(key, json.dumps(rollout.document(), indent=2).encode())
    except OSError as error:
        raise StateError(
            f"the record of the promotion cannot be written: {error.strerror or error}",
            where=store.where(key),
            remedy=store.remedy,
        ) from error


@contextmanager
def exclusive_rollout(stack: Stack) -> Iterator[None]:
    """One rollout at a time on this machine; the stack's own lock holds for every update of it."""
    path = stack.promotion_lock
    make_folder(path.parent)
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StateLockedError(
                f"another promotion or rollback of {stack.name} is under way on this machine", where=str(path)
            ) from error
        yield
