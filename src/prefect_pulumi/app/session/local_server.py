"""The local server of a stack, started again where it stopped with the machine."""

from __future__ import annotations

from prefect_pulumi.core.values import unwrap
from prefect_pulumi.project.stack import Stack
from prefect_pulumi.state.entries import Snapshot


def start_local_server(stack: Stack, snapshot: Snapshot) -> None:
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
