"""Which Prefect API a provider instance speaks to. The HTTP client is created with the first request."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prefect_pulumi.api.connection_settings import ConnectionSettings, connection_settings
from prefect_pulumi.api.field_support import FieldSupport
from prefect_pulumi.api.workspaces import resolved
from prefect_pulumi.core.errors import ConfigError, ServerUnavailableError
from prefect_pulumi.core.provider_protocol import Props
from prefect_pulumi.core.values import has_unknown, unwrap
from prefect_pulumi.models import Fault
from prefect_pulumi.models.provider_config import INPUTS

if TYPE_CHECKING:
    from prefect_pulumi.api.blocking import BlockingClient


class Connection:
    """The configured address and credentials, and for what the stack leaves open Prefect's own settings. `folder`: the
    project's. `say` gets warnings, `inform` other lines. Safe to share between threads; `repr` shows no secret."""

    def __init__(
        self,
        config: Mapping[str, Any],
        folder: Path,
        *,
        read_only: bool = False,
        say: Callable[[str], None] | None = None,
        inform: Callable[[str], None] | None = None,
    ) -> None:
        self._read_only, self._say, self._inform = read_only, say, inform
        values = {name: config.get(name) for name in INPUTS}
        self.unknown = any(has_unknown(value) for value in values.values())
        self._known = {name: "" if has_unknown(value) else unwrap(value) for name, value in values.items()}
        self._folder = folder
        self._lock = threading.Lock()
        self._client: BlockingClient | None = None
        self._closed = False

    @cached_property
    def settings(self) -> ConnectionSettings:
        """A workspace that is named by handle is looked up. Raises `ConfigError` for a setting that Prefect itself
        would refuse, and for a workspace that the key does not see."""
        settings = connection_settings(self._known, os.environ, self._folder)
        return settings if self.unknown else resolved(settings, self._inform)

    @property
    def api_url(self) -> str:
        """ "" where none is configured, or not known yet."""
        return self.settings.api_url

    @cached_property
    def fields(self) -> FieldSupport:
        """What the server takes. Nothing is asked of one that is not known yet, nor of Prefect Cloud, which has what
        the newest server has."""
        return FieldSupport(self.api_url if self.known and not self.cloud else "", self.client, self._say)

    @property
    def cloud(self) -> bool:
        return self.settings.cloud

    def cloud_only_faults(self, values: Props, names: Sequence[str]) -> list[Fault]:
        """Which of the fields `names` are set though this is no Prefect Cloud."""
        if not self.api_url or self.cloud:
            return []
        reason = f"exists on Prefect Cloud only, and {self.api_url} is a self-hosted server; leave it out"
        return [Fault(wire, f"'{wire}' {reason}") for wire in names if values.get(wire)]

    def warn(self, line: str) -> None:
        """A warning about what is sent there."""
        if self._say is not None:
            self._say(line)

    @property
    def known(self) -> bool:
        """Whether a request could be made."""
        return bool(self.api_url) and not self.unknown

    def client(self) -> BlockingClient:
        """Raises `ConfigError` when no API is configured."""
        self.need()
        with self._lock:
            if self._closed:
                raise ServerUnavailableError("the provider has been stopped", where=self.api_url)
            if self._client is None:
                from prefect_pulumi.api.blocking import BlockingClient

                self._client = BlockingClient(self.settings, read_only=self._read_only, say=self._say)
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
                remedy="set prefect:apiUrl in the stack's config, or PREFECT_API_URL, or choose a profile with "
                "`prefect profile use`, or give the resource a Provider with api_url",
            )
        return self.api_url

    def close(self) -> None:
        """For good. Calls under way end with an error; one of them may ask for the client meanwhile."""
        with self._lock:
            client, self._client, self._closed = self._client, None, True
        if client is not None:
            client.close()

    def __repr__(self) -> str:
        return f"Connection({self._known['apiUrl']!r})"
