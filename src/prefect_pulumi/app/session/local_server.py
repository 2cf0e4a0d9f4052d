"""The local server of a stack, started again where it stopped with the machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from prefect_pulumi.core.values import unwrap
from prefect_pulumi.project.stack import Stack
from prefect_pulumi.state.entries import ResourceEntry, Snapshot

if TYPE_CHECKING:
    from prefect_pulumi.local.server import StartLimits


def start_local_server(stack: Stack, snapshot: Snapshot, say: Callable[[str], None] | None = None) -> None:
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
                ),
                say,
                _limits(entry),
            )


def _limits(entry: ResourceEntry) -> StartLimits:
    from prefect_pulumi.local.server import LIMITS

    return replace(LIMITS, total=entry.custom_timeouts.get("create") or LIMITS.total)
