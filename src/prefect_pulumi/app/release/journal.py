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
from prefect_pulumi.state.backend import write_atomic


def load_rollout(stack: Stack) -> Rollout | None:
    """The last promotion or rollback of the stack, ended or not. Raises `StateError` for a broken record."""
    path = stack.promotion_file
    try:
        return Rollout.parse(json.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StateError(f"the record of the promotion cannot be read: {error!r}", where=str(path)) from error


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
    path = stack.promotion_file
    make_folder(path.parent)
    write_atomic(path, json.dumps(rollout.document(), indent=2).encode())


@contextmanager
def exclusive_rollout(stack: Stack) -> Iterator[None]:
    """One rollout at a time on this machine; the stack's own lock holds for every update of it."""
    path = stack.promotion_file.with_suffix(".lock")
    make_folder(path.parent)
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StateLockedError(
                f"another promotion or rollback of {stack.name} is under way on this machine", where=str(path)
            ) from error
        yield
