"""Where a stack's Prefect server is: of its state, else of Prefect's own settings."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prefect_pulumi.api.connection_settings import FROM_STACK, ConnectionSettings, connection_settings
from prefect_pulumi.api.workspaces import resolved
from prefect_pulumi.core.errors import ConfigError
from prefect_pulumi.core.masking import current
from prefect_pulumi.core.values import Secret, unwrap
from prefect_pulumi.models.provider_config import INPUTS, api_address, is_cloud, workspace_address
from prefect_pulumi.project.stack import Stack
from prefect_pulumi.state.entries import ResourceEntry

if TYPE_CHECKING:
    from prefect_pulumi.api.blocking import BlockingClient


@dataclass(frozen=True, slots=True)
class Connection:
    """How a Prefect API is reached."""

    settings: ConnectionSettings

    @property
    def api_url(self) -> str:
        return self.settings.api_url

    @property
    def cloud(self) -> bool:
        return self.settings.cloud

    @property
    def inputs(self) -> dict[str, str]:
        """Inputs of a provider of this API: the address, and how to reach it where that is not left to Prefect."""
        settings = self.settings
        stored = {field for field in ("cert_file", "skip_verify") if settings.origin(field) == FROM_STACK}
        values = {
            "apiUrl": self.api_url,
            "apiKey": settings.api_key,
            "authString": settings.auth_string,
            "customHeaders": json.dumps(settings.custom_headers) if settings.custom_headers else "",
            "certFile": settings.cert_file if "cert_file" in stored else "",
            "skipVerify": str(settings.skip_verify).lower() if "skip_verify" in stored else "",
            "cloud": "" if settings.stated_cloud is None else str(settings.stated_cloud).lower(),
        }
        return {name: value for name, value in values.items() if value}

    @property
    def server_settings(self) -> dict[str, Any]:
        """`environment.server` of a stack on this API."""
        told = self.cloud == is_cloud(self.api_url)
        return {"api_url": self.api_url, **({} if told else {"cloud": self.cloud})}

    def client(self) -> BlockingClient:
        """A new client; the caller closes it."""
        from prefect_pulumi.api.blocking import BlockingClient

        return BlockingClient(self.settings)


def server_inputs(environment: Mapping[str, Any]) -> dict[str, str]:
    """Inputs of the provider of an existing server that a stack's `environment` names, as it stands in the file; {}
    where it names none."""
    server = environment.get("server")
    address, workspace = _existing(server)
    if not isinstance(server, dict) or not (address or workspace):
        return {}
    flags = {name: server.get(key) for name, key in (("skipVerify", "insecure"), ("cloud", "cloud"))}
    values = {
        "apiUrl": workspace_address(workspace, address) if workspace else api_address(address),
        "certFile": server.get("ca_file"),
        **{name: str(value).lower() for name, value in flags.items() if isinstance(value, bool)},
    }
    return {name: value for name, value in values.items() if isinstance(value, str)}


def connect(config: Mapping[str, Any], folder: Path) -> Connection:
    """`config` as for `connection_settings`. What it finds as secret is masked from then on.

    A workspace that is named by handle is looked up (`api.workspaces`)."""
    settings = connection_settings(config, os.environ, folder)
    masker = current()
    for text in settings.secrets:
        masker.learn_text(text)
    return Connection(resolved(settings))


def connection_of(stack: Stack, entries: Iterable[ResourceEntry]) -> Connection:
    """From the stack's provider in its state, else from Prefect's settings. These name another server than that of a
    stack which starts its own.

    The official CLI hands out no secret of a state that it keeps: there Prefect's settings give the credentials. Raises
    `ConfigError` when neither names a server.
    """
    given: dict[str, Any] = {}
    for entry in entries:
        if entry.type == "pulumi:providers:prefect" and entry.inputs.get("apiUrl"):
            readable = {k: v for k, v in entry.inputs.items() if not (stack.is_remote and isinstance(v, Secret))}
            given = {name: value for name, value in unwrap(readable).items() if name in INPUTS}
            break
    connection = connect(given, stack.root) if given or not makes_server(stack) else None
    if connection is None or not connection.api_url:
        raise ConfigError(
            f"stack {stack.name} has no server yet", where=f"stack {stack.name}", remedy=f"infra up -s {stack.name}"
        )
    return connection


def makes_server(stack: Stack) -> bool:
    """Whether the stack starts its server itself, embedded or in a container."""
    server = stack.environment.get("server")
    return isinstance(server, dict) and not any(_existing(server))


def _existing(server: Any) -> tuple[str, str]:
    """Address and workspace of an existing server, as they stand in the file; "" for what does not."""
    texts = [server.get(key) if isinstance(server, dict) else None for key in ("api_url", "workspace")]
    return (texts[0] if isinstance(texts[0], str) else "", texts[1] if isinstance(texts[1], str) else "")
