"""Where a stack's Prefect server is, from its state or from the environment."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prefect_pulumi.core.errors import ConfigError
from prefect_pulumi.core.values import Secret, unwrap
from prefect_pulumi.models.provider_config import ENVIRONMENT
from prefect_pulumi.project.stack import Stack
from prefect_pulumi.state.entries import ResourceEntry

if TYPE_CHECKING:
    from prefect_pulumi.api.blocking import BlockingClient


@dataclass(frozen=True, slots=True)
class Connection:
    """Address of a Prefect API and the credentials for it; None where there are none."""

    api_url: str
    api_key: str | None = None
    auth_string: str | None = None

    def client(self) -> BlockingClient:
        """A new client; the caller closes it."""
        from prefect_pulumi.api.blocking import BlockingClient

        return BlockingClient(self.api_url, api_key=self.api_key, auth_string=self.auth_string)


def connection_of(stack: Stack, entries: Iterable[ResourceEntry]) -> Connection:
    """From the stack's provider in its state, else from the environment.

    The official CLI hands out no secret of a state that it keeps: there the environment's credentials count. Raises
    `ConfigError` when neither names a server.
    """
    given = {key: os.environ[variable] for key, variable in ENVIRONMENT.items() if os.environ.get(variable)}
    for entry in entries:
        if entry.type == "pulumi:providers:prefect" and entry.inputs.get("apiUrl"):
            readable = {k: v for k, v in entry.inputs.items() if not (stack.is_remote and isinstance(v, Secret))}
            given |= unwrap(readable)
            break
    if not given.get("apiUrl"):
        raise ConfigError(
            f"stack {stack.name} has no server yet", where=f"stack {stack.name}", remedy=f"infra up -s {stack.name}"
        )
    return Connection(given["apiUrl"], given.get("apiKey"), given.get("authString"))
