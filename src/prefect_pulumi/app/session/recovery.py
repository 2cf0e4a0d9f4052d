"""After a crash: what the dead run left is brought into the state before anybody else goes on from it."""

from __future__ import annotations

from prefect_pulumi.app.session.context import engine_context
from prefect_pulumi.core.errors import InputError, PrefectPulumiError, StateLockedError
from prefect_pulumi.engine.run.events import Message, Sink
from prefect_pulumi.engine.update import settle
from prefect_pulumi.project.stack import Stack
from prefect_pulumi.state.journal import Journal
from prefect_pulumi.state.lock import clear_dead


def recover_interrupted(stack: Stack, sink: Sink) -> None:
    """Recovers a crashed run of the stack, if there is one and none is under way. What prevents it is a warning."""
    clear_dead(stack.store, stack.project.name, stack.name)
    if not Journal(stack.store, stack.project.name, stack.name, None).exists():
        return
    try:
        settle(engine_context(stack, sink, write=True))
    except StateLockedError:
        return  # the run is alive
    except PrefectPulumiError as error:
        sink.emit(Message("warning", f"an interrupted update could not be recovered yet: {error}"))
    else:
        sink.emit(Message("warning", "recovered an interrupted update: its completed operations are now in the state"))


def refuse_unrecovered(stack: Stack) -> None:
    """Raises `InputError` while a run's journal is there: what that run did is in no state yet."""
    if Journal(stack.store, stack.project.name, stack.name, None).exists():
        raise InputError(
            "an update was interrupted, and what it did is not recovered yet",
            where=f"stack {stack.name}",
            remedy=f"infra refresh -s {stack.name}",
        )
