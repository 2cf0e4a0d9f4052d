"""The async client for synchronous callers: one background event loop, any number of calling threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import CancelledError
from typing import Any, TypeVar

import anyio.to_thread
from anyio.from_thread import BlockingPortal, start_blocking_portal

from prefect_pulumi.api.client import PrefectClient
from prefect_pulumi.api.connection_settings import ConnectionSettings
from prefect_pulumi.core.errors import ServerUnavailableError

T = TypeVar("T")


class BlockingClient:
    """Same calls as `PrefectClient`, blocking. Close it when done."""

    def __init__(
        self,
        server: ConnectionSettings | str,
        *,
        read_only: bool = False,
        say: Callable[[str], None] | None = None,
    ) -> None:
        self._clock = threading.Lock()
        self._clock_asked = False
        self._manager = start_blocking_portal()
        self._portal: BlockingPortal = self._manager.__enter__()
        try:
            self._client = self._portal.call(_opened, server, read_only, say)
        except BaseException:
            self._manager.__exit__(None, None, None)
            raise

    def call(self, function: Callable[..., Awaitable[T]], *args: Any) -> T:
        """Runs `function(client, *args)` on the client's loop."""
        return self._answer(function, self._client, *args)

    def _answer(self, function: Callable[..., Awaitable[T]], *args: Any) -> T:
        try:
            return self._portal.call(function, *args)
        except CancelledError as error:
            raise ServerUnavailableError("the client was closed meanwhile", where=self._client.api_url) from error

    def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, Any] | None = None,
        idempotent: bool | None = None,
    ) -> Any:
        return self._answer(lambda: self._client.request(method, path, json=json, params=params, idempotent=idempotent))

    def paged(self, path: str, body: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        return self._answer(self._client.paged, path, body)

    def create(self, path: str, json: Any, resolve: Callable[[], dict[str, Any] | None]) -> dict[str, Any]:
        """`resolve` runs in a worker thread and may use this client."""

        async def resolved() -> dict[str, Any] | None:
            return await anyio.to_thread.run_sync(resolve)

        return self._answer(self._client.create, path, json, resolved)

    def server_time(self) -> float:
        """Unix seconds by the server's clock, or a moment earlier; asks for it where no answer has said it yet.

        This machine's own where the server cannot be asked.
        """
        with self._clock:
            if self._client.server_time() is None and not self._clock_asked:
                self._clock_asked = True
                self._answer(self._client.learn_server_time)
        known = self._client.server_time()
        return time.time() if known is None else known

    def close(self) -> None:
        """Breaks off requests that other threads still wait for: they may never be answered."""
        self._portal.call(self._client.aclose)
        self._portal.call(self._portal.stop, True)
        self._manager.__exit__(None, None, None)


async def _opened(
    server: ConnectionSettings | str, read_only: bool, say: Callable[[str], None] | None
) -> PrefectClient:
    """Made on the loop that will use it: the limiter's condition belongs to it."""
    return PrefectClient(server, read_only=read_only, say=say)
