"""Where a stack's Prefect is, as a component: the embedded server or the address of an existing one."""

from __future__ import annotations

import pulumi

from prefect_pulumi.components.settings import ServerSettings
from prefect_pulumi.resources import LocalServer, Provider


class Server(pulumi.ComponentResource):
    """Starts the embedded server where the stack asks for one, and holds the provider for all other resources.

    `provider` goes into the options of whatever lives on that server; `ui_url` is the address of its dashboard.
    """

    def __init__(self, name: str, settings: ServerSettings, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("prefect:components:Server", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        stack = pulumi.get_stack()
        self.ui_url: pulumi.Output[str]
        api_url: pulumi.Input[str]
        if settings.embedded:
            local = LocalServer(name, child, directory=f".infra/{stack}/server", port=settings.port)
            api_url, self.ui_url = local.api_url, local.ui_url
        else:
            api_url = settings.api_url or ""
            self.ui_url = pulumi.Output.from_input(api_url.removesuffix("/api"))
        credentials = pulumi.Config("prefect")
        self.provider = Provider(
            name,
            child,
            api_url=api_url,
            api_key=credentials.get_secret("apiKey"),
            auth_string=credentials.get_secret("authString"),
        )
        self.register_outputs({"uiUrl": self.ui_url})

    @property
    def options(self) -> pulumi.ResourceOptions:
        """Options for resources that live on this server."""
        return pulumi.ResourceOptions(provider=self.provider)
