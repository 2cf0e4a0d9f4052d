"""Refuses what a server lacks before anything is sent, and takes what it would assume anyway out of what is sent."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from prefect_pulumi.api import capabilities
from prefect_pulumi.api.capabilities import Capabilities, Lacking, NewerField
from prefect_pulumi.api.loopback import refusal
from prefect_pulumi.api.protocol import ApiClient
from prefect_pulumi.core.deadline import clamp, deadline
from prefect_pulumi.core.errors import PrefectPulumiError, ProviderError

PATIENCE = 5.0
"""Seconds that a server has to say its version."""
SOONEST = 0.1

LEAVE_OUT = "leave it out, or upgrade the server"


class FieldSupport:
    """Of one connection. Its server is asked once, and only by a request that has a field which not every server
    takes. Without an address nothing is asked. Safe to share between threads.

    `client` gives the client and raises `ConfigError` where none is configured; `say` gets one warning where it cannot
    be judged what the server takes.
    """

    def __init__(self, api_url: str, client: Callable[[], ApiClient], say: Callable[[str], None] | None) -> None:
        self._api_url, self._client, self._say = api_url, client, say
        self._lock = threading.Lock()
        self._capabilities: Capabilities | None = None
        self._lacking: Lacking | None = None
        self._silent = False
        self._warned = False

    def faults(
        self, method: str, path: str, body: Any, *, changes: bool = False, remedy: str = LEAVE_OUT
    ) -> list[tuple[str, str]]:
        """Path of each field that says something and that the server lacks, and the message about it. `changes`: the
        body has nothing but what changes.

        A server that does not answer lacks nothing yet: the update that finds it, or starts it, asks again.
        """
        said = [field for field in capabilities.newer_in(method, path, body, changes=changes) if field.says]
        return [(field.path, f"{self._fault(field)}: {remedy}") for field in self._lacked(said)]

    def _lacked(self, fields: Sequence[NewerField]) -> list[NewerField]:
        known = self._read() if fields else None
        if known is None:
            return []
        judged = [(field, known.takes(field.route, field.path, field.since)) for field in fields]
        if any(takes is None for _, takes in judged):
            self._warn(known)
        return [field for field, takes in judged if takes is False]

    def fitted(self, method: str, path: str, body: Any, *, changes: bool = False) -> Any:
        """`body` without the empty values of fields that the server lacks. Raises `ProviderError` for any other value
        of one."""
        if not capabilities.newer_in(method, path, body):
            return body
        sent, refused = capabilities.without(method, path, body, self.lacking(), changes=changes)
        if refused:
            raise ProviderError("; ".join(self._fault(field) for field in refused), remedy=LEAVE_OUT)
        return sent

    def lacking(self) -> Lacking:
        """All that the server is known not to take: route -> paths."""
        known = self._read()
        if known is None:
            return {}
        with self._lock:
            if self._lacking is None:
                self._lacking = known.lacking()
            return self._lacking

    def _read(self) -> Capabilities | None:
        if not self._api_url:
            return None
        with self._lock:
            if self._capabilities is None and not self._silent and refusal(self._api_url) is None:
                try:
                    with deadline(max(SOONEST, clamp(PATIENCE))):
                        self._capabilities = capabilities.read_capabilities(self._client(), self._api_url)
                except PrefectPulumiError:
                    self._silent = True  # whoever waits for it does so with a request of its own
            return self._capabilities

    def _fault(self, field: NewerField) -> str:
        version = self._capabilities.version if self._capabilities else ""
        runs = f"Prefect {version}" if version else "a Prefect of unknown version"
        return (
            f"{self._api_url} runs {runs}, which does not take {field.name} ({field.route}); Prefect {field.since} does"
        )

    def _warn(self, known: Capabilities) -> None:
        with self._lock:
            warned, self._warned = self._warned, True
        if not warned and self._say is not None:
            runs = f"Prefect {known.version}" if known.version else "a Prefect that does not say its version"
            self._say(
                f"{self._api_url} runs {runs} and hands out no OpenAPI document: whether it takes every field is seen "
                "only when it is sent"
            )
