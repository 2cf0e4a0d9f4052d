"""A stack's state moved to another backend."""

from __future__ import annotations

from dataclasses import dataclass

from prefect_pulumi.app.operations import not_created
from prefect_pulumi.app.session.recovery import recover_interrupted, refuse_unrecovered
from prefect_pulumi.app.session.view import StackView
from prefect_pulumi.core.errors import InputError, UnsupportedError
from prefect_pulumi.state import stack_move
from prefect_pulumi.state.backend import StateBackend
from prefect_pulumi.state.lock import StackLock


@dataclass(frozen=True, slots=True)
class MoveStateRequest:
    """`url`: of the new backend, such as `s3://bucket/prefix`."""

    url: str


@dataclass(frozen=True, slots=True)
class MovedState:
    """`url`: where the state is now; `objects`: how many were copied, history and backups included."""

    url: str
    objects: int


def move_state(view: StackView, request: MoveStateRequest) -> MovedState:
    """Copies the state with its history, compares the copy, and leaves a note in the old place.

    Raises `InputError` when the new place has such a stack, `UnsupportedError` for a backend of the official CLI.
    """
    stack = view.stack
    stack.need_name()
    if stack.is_remote:
        raise UnsupportedError(
            f"the state in {stack.backend_url} is for the official CLI",
            where=stack.config_file.name,
            remedy="pulumi stack export, pulumi login, pulumi stack import",
        )
    source = stack.backend
    target = StateBackend(stack.store_at(request.url, "--to"), stack.project.name)
    if target.store.where("") == source.store.where(""):
        raise InputError("the state is there already", where="--to", remedy="name another backend")
    if source.read(stack.name) is None:
        raise not_created(stack.name)
    recover_interrupted(stack, view.sink)
    with StackLock(source.store, source.project, stack.name), StackLock(target.store, target.project, stack.name):
        refuse_unrecovered(stack)
        objects = stack_move.move(source, target, stack.name)
    return MovedState(target.store.url, objects)
