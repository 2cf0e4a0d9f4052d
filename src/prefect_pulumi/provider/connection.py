"""Which Prefect API a provider instance speaks to. The HTTP client is created with the first request."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from prefect_pulumi.core.errors import ConfigError, ServerUnavailableError
from prefect_pulumi.core.values import UNKNOWN, has_unknown, unwrap
from prefect_pulumi.models.provider_config import ENVIRONMENT, is_cloud

if TYPE_CHECKING:
    from prefect_pulumi.api.blocking import BlockingClient


class Connection:
    """The configured address and credentials. Safe to share between threads; `repr` shows no secret."""

    def __init__(
        self, config: Mapping[str, Any], *, read_only: bool = False, say: Callable[[str], None] | None = None
    ) -> None:
        self._read_only, self._say = read_only, say
        values = {name: config.get(name) for name in ENVIRONMENT}
        self.unknown = any(has_unknown(value) for value in values.values())
        plain = {
            name: os.environ.get(variable, "") if values[name] is None else unwrap(values[name])
            for name, variable in ENVIRONMENT.items()
        }
        self.api_url: str = "" if plain["apiUrl"] is UNKNOWN else plain["apiUrl"]
        self._api_key: Any = plain["apiKey"] or None
        self._auth_string: Any = plain["authString"] or None
        self._lock = threading.Lock()
        self._client: BlockingClient | None = None
        self._closed = False

    @property
    def cloud(self) -> bool:
        return is_cloud(self.api_url)

    @property
    def known(self) -> bool:
        """Whether a request could be made."""
        return bool(self.api_url) and not self.unknown

    @property
    def secret_env(self) -> dict[str, str]:
        """The credentials as Prefect's own variables, for child processes."""
        variables = {"PREFECT_API_KEY": self._api_key, "PREFECT_API_AUTH_STRING": self._auth_string}
        return {name: value for name, value in variables.items() if isinstance(value, str)}

    def client(self) -> BlockingClient:
        """Raises `ConfigError` when no API is configured."""
        self.need()
        with self._lock:
            if self._closed:
                raise ServerUnavailableError("the provider has been stopped", where=self.api_url)
            if self._client is None:
                from prefect_pulumi.api.blocking import BlockingClient

                self._client = BlockingClient(
                    self.api_url,
                    api_key=self._api_key,
                    auth_string=self._auth_string,
                    read_only=self._read_only,
                    say=self._say,
                )
            return self._client

    def need(self) -> str:
        if self.unknown:
            raise ConfigError(
                "the configuration of the provider is not known yet",
                where="provider prefect",
                remedy="run `up`: a preview cannot read from a server that it has still to make",
            )
        if not self.api_url:
            raise ConfigError(
                "no Prefect API is configured",
                where="provider prefect",
                remedy="set prefect:apiUrl in the stack's config, or PREFECT_API_URL, or give the resource a "
                "Provider with api_url",
            )
        return self.api_url

    def close(self) -> None:
        """For good. Calls under way end with an error; one of them may ask for the client meanwhile."""
        with self._lock:
            client, self._client, self._closed = self._client, None, True
        if client is not None:
            client.close()

    def __repr__(self) -> str:
        return f"Connection({self.api_url!r})"
