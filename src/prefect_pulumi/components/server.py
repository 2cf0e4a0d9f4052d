"""Where a stack's Prefect is, as a component: the embedded server, one in a container, or the address of another."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi

from prefect_pulumi.api.cloud import ui_address
from prefect_pulumi.api.connection_settings import ConnectionSettings, connection_settings
from prefect_pulumi.api.workspaces import resolved
from prefect_pulumi.components.environment import ProgramSettingsError
from prefect_pulumi.core.errors import PrefectPulumiError
from prefect_pulumi.models.provider_config import ENVIRONMENT, handles
from prefect_pulumi.project import layout
from prefect_pulumi.project.server_settings import ServerSettings
from prefect_pulumi.resources import LocalServer, Provider

if TYPE_CHECKING:
    from prefect_pulumi.components.containers.server import Running


class Server(pulumi.ComponentResource):
    """Starts the server where the stack asks for one, and holds the provider for all other resources.

    `provider` goes into the options of whatever lives on that server; `ui_url` is the address of its dashboard.
    `api_url` and `credentials` (environment variable -> secret; Prefect's other settings are among them) are for
    workers elsewhere; `inner_api_url` is for containers beside the server's own `container`.
    """

    def __init__(self, name: str, settings: ServerSettings, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("prefect:components:Server", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        stack = pulumi.get_stack()
        self.ui_url: pulumi.Output[str]
        self.container: Running | None = None
        api_url: pulumi.Input[str]
        if settings.embedded:
            limit = f"{settings.start_timeout:g}s" if settings.start_timeout else None
            timeouts = pulumi.CustomTimeouts(create=limit, update=limit) if limit else None
            local = LocalServer(
                name,
                pulumi.ResourceOptions(parent=self, custom_timeouts=timeouts),
                directory=layout.server_directory(stack),
                port=settings.port,
                host=None if settings.host == "127.0.0.1" else settings.host,
            )
            api_url, self.ui_url = local.api_url, local.ui_url
        elif settings.container is not None:
            from prefect_pulumi.components.containers.server import server_container

            self.container = server_container(name, settings.container, child)
            api_url, self.ui_url = self.container.api_url, self.container.ui_url
        else:
            api_url = settings.address or ""
            self.ui_url = pulumi.Output.from_input(ui_address(api_url))
        credentials = pulumi.Config("prefect")
        self._stated, self._settings = pulumi.Output.from_input(api_url), settings
        self.credentials = _credentials(credentials, settings)
        self.provider = Provider(
            name,
            child,
            api_url=api_url,
            api_key=credentials.get_secret("apiKey"),
            auth_string=credentials.get_secret("authString"),
            custom_headers=credentials.get_secret("customHeaders"),
            cert_file=settings.ca_file,
            skip_verify=_flag(settings.insecure),
            cloud=_flag(settings.cloud),
        )
        self.register_outputs({"uiUrl": self.ui_url})

    @cached_property
    def api_url(self) -> pulumi.Output[str]:
        """A workspace of Prefect Cloud that the stack names by handle is looked up: its workers need the UUIDs."""
        address = self._settings.address or ""
        if handles(address) is None:
            return self._stated
        key = pulumi.Config("prefect").get_secret("apiKey") or pulumi.Output.from_input("")
        own = {**_own(self._settings), "apiUrl": address}

        def looked_up(text: str) -> str:
            try:
                return resolved(_known({**own, "apiKey": text or None})).api_url
            except PrefectPulumiError as error:
                raise ProgramSettingsError(error.message, where=error.where, remedy=error.remedy) from None

        return pulumi.Output.unsecret(key.apply(looked_up))

    @cached_property
    def inner_api_url(self) -> pulumi.Output[str]:
        if self.container is None:
            return self.api_url
        inner = self.container.inner_api_url
        return self.api_url.apply(lambda _: inner)

    @property
    def options(self) -> pulumi.ResourceOptions:
        """Options for resources that live on this server."""
        return pulumi.ResourceOptions(provider=self.provider)


def _flag(value: bool | None) -> str | None:
    return None if value is None else str(value).lower()


def _own(settings: ServerSettings) -> dict[str, Any]:
    """What the stack says of how its server is reached, the address and credentials left out."""
    return {"skipVerify": settings.insecure, "certFile": settings.ca_file, "cloud": settings.cloud}


def _known(own: Mapping[str, Any]) -> ConnectionSettings:
    return connection_settings(own, os.environ, layout.find_project(Path.cwd()) or Path.cwd())


def _credentials(config: pulumi.Config, settings: ServerSettings) -> dict[str, pulumi.Output[str]]:
    """The stack's secrets, else those of Prefect's settings, as the provider itself takes them."""
    stored = {
        ENVIRONMENT[key]: value for key in ("apiKey", "authString") if (value := config.get_secret(key)) is not None
    }
    port = settings.port if settings.container is None else settings.container.port
    address = settings.address or f"http://127.0.0.1:{port}/api"
    own = {**_own(settings), "apiUrl": address}
    known = _known(own)
    replaced = {ENVIRONMENT["apiKey"], ENVIRONMENT["authString"]} if stored else set()

    def merged(headers: str) -> str:
        return json.dumps(_known({**own, "customHeaders": headers}).custom_headers)

    if (headers := config.get_secret("customHeaders")) is not None:
        stored[ENVIRONMENT["customHeaders"]] = headers.apply(merged)
    others = {name: value for name, value in known.portable_environment().items() if name not in replaced}
    # The others stand in addresses and messages, where they would be masked.
    marks = dict.fromkeys(known.secret_environment(), pulumi.Output.secret)
    return {**{name: marks.get(name, pulumi.Output.from_input)(value) for name, value in others.items()}, **stored}
