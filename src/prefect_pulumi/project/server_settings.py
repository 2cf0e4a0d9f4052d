"""`environment.server` of a stack file: where its Prefect is."""

from __future__ import annotations

from typing import Any

from pydantic import Field, field_validator

from prefect_pulumi.models.names import Port, Seconds
from prefect_pulumi.models.provider_config import api_address, workspace_address
from prefect_pulumi.project.image_settings import ImageSettings, Settings


class ServerContainer(ImageSettings):
    """A server in a Docker container, reached at `host` and `port` of this machine.

    Its database is SQLite in a volume, or what the secret `prefect:databaseUrl` says; `prefect:authString` becomes
    the password that it asks for.
    """

    host: str = Field(default="127.0.0.1", description="Address of this machine at which it is reached.")
    port: Port = Field(default=4200, description="Port of this machine at which it is reached.")
    env: dict[str, str] = Field(default={}, description="Environment variables of the server.")


class ServerSettings(Settings):
    """Where Prefect is: a server on this machine (`port`), one in a `container`, or an existing one (`api_url`).

    `host` is the address that the embedded server listens on: containers reach it at the Docker bridge's (such as
    172.17.0.1) or at 0.0.0.0, never at the loopback address. `start_timeout`: seconds that its start may take, as long
    as it makes progress.

    The key, password and headers of an existing server are secrets of the stack (`prefect:apiKey`,
    `prefect:authString`, `prefect:customHeaders`) or come from Prefect's settings. `ca_file`: a PEM file of the
    authorities that its certificate is checked with, relative to the project's folder; `insecure`: it is not checked.
    """

    embedded: bool = Field(default=False, description="A server on this machine, in `.infra/<stack>/server`.")
    host: str = Field(
        default="127.0.0.1",
        description="Address that the embedded server listens on. Containers need 0.0.0.0 or the Docker bridge's.",
    )
    port: Port = Field(default=4200, description="Port of the embedded server.")
    start_timeout: Seconds | None = Field(
        default=None, description="Seconds that its start may take, as long as it makes progress; none: 1800."
    )
    container: ServerContainer | None = Field(default=None, description="Instead: a server in a Docker container.")
    api_url: str | None = Field(
        default=None,
        pattern=r"^https?://.+/api(/.*)?$",
        description="Instead: the API of an existing server. Ends with `/api`, or is an address of Prefect Cloud.",
        examples=["https://prefect.example.com/api"],
    )
    ca_file: str | None = Field(
        default=None,
        min_length=1,
        description="PEM file of the authorities that its certificate is checked with, from the project's folder.",
        examples=["certificates/ca.pem"],
    )
    insecure: bool | None = Field(default=None, description="Whether its certificate is not checked.")
    workspace: str | None = Field(
        default=None,
        pattern=r"^[^/\s]+/[^/\s]+$",
        description="Instead: a workspace of Prefect Cloud, `account/workspace` by handle. With `api_url` of the Cloud "
        "at that address.",
        examples=["acme/production"],
    )
    cloud: bool | None = Field(
        default=None,
        description="Whether `api_url` is an address of Prefect Cloud; none: what the address says. `true` for a "
        "host of the customer's whose address does not tell.",
    )

    @property
    def address(self) -> str | None:
        """The API of an existing server, that of the named workspace included."""
        return workspace_address(self.workspace, self.api_url or "") if self.workspace else self.api_url

    @field_validator("api_url", mode="before")
    @classmethod
    def _of_a_page(cls, value: Any) -> Any:
        return api_address(value) if isinstance(value, str) else value
