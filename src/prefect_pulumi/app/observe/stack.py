"""A stack observed through the engine that can reach it."""

from __future__ import annotations

from prefect_pulumi.app.observe import embedded
from prefect_pulumi.app.observe.base import Code, Observation
from prefect_pulumi.app.session.view import StackView, load_from_backend
from prefect_pulumi.project.stack import Stack
from prefect_pulumi.state.entries import Snapshot


def observe(view: StackView, *, cli: bool = False) -> Observation:
    """Code, state and server of the stack. `cli`: the official CLI is asked even where the embedded engine can.

    Raises `InputError` for bad input of the project, `CannotCheckError` when the CLI cannot read the stack.
    """
    if cli or view.stack.is_remote:
        from prefect_pulumi.app.observe import automation_api

        return automation_api.observe(view)
    return embedded.observe(view)


def observe_code(view: StackView, *, cli: bool = False) -> Code:
    """What the program asks for, without the server."""
    if cli or view.stack.is_remote:
        from prefect_pulumi.app.observe import automation_api

        return automation_api.observe_code(view)
    return embedded.observe_code(view)


def load_state(stack: Stack) -> Snapshot:
    """The stack's state, wherever it is kept. Nothing is written."""
    if stack.is_remote:
        from prefect_pulumi.app.observe import automation_api

        return automation_api.load_state(stack)
    return load_from_backend(stack)
