"""After a crash: what the dead run left is brought into the state before anybody else goes on from it."""

from __future__ import annotations

from prefect_pulumi.core.errors import PrefectPulumiError, StateLockedError
from prefect_pulumi.core.values import unwrap
from prefect_pulumi.engine import operations
from prefect_pulumi.engine.run.events import Message, Sink
from prefect_pulumi.project.stack import Stack
from prefect_pulumi.state.entries import Snapshot
from prefect_pulumi.state.journal import Journal
from prefect_pulumi.state.lock import clear_dead


def settle(stack: Stack, sink: Sink) -> None:
    """Settles a crashed run of the stack, if there is one and none is under way; what hinders it is only told."""
    clear_dead(stack.backend.root, stack.project.name, stack.name)
    if not Journal(stack.backend.root, stack.project.name, stack.name, None).path.exists():
        return
    try:
        operations.settle(stack.context(sink, write=True))
    except StateLockedError:
        return  # it lives
    except PrefectPulumiError as error:
        sink.emit(Message("warning", f"an interrupted run is not settled yet: {error}"))
    else:
        sink.emit(Message("warning", "what an interrupted run had done is in the state now"))


def wake_server(stack: Stack, snapshot: Snapshot) -> None:
    """Objects can be read and deleted only on a server that answers: one that stopped with the machine is started."""
    for entry in snapshot.resources:
        if entry.type == "prefect:index:LocalServer" and entry.id:
            from prefect_pulumi.local import server

            values = unwrap(entry.inputs)
            server.start(
                server.ServerSpec(
                    directory=stack.root / values["directory"],
                    host=values.get("host", "127.0.0.1"),
                    port=int(values.get("port", 4200)),
                )
            )
