"""Tokens of a server with `PREFECT_SERVER_CSRF_PROTECTION_ENABLED` (`GET /csrf-token?client=ID`).

A token is asked for once the server refuses a request for want of one, and again when it no longer takes it: other
servers get no request more. The refusal comes before anything is done, so every request may be sent again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from uuid import uuid4

import anyio
import httpx

TOKEN, CLIENT = "Prefect-Csrf-Token", "Prefect-Csrf-Client"
_CHANGES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_REFUSALS = ("Missing CSRF token", "Missing client identifier", "Invalid CSRF token")


class CsrfToken:
    """The token of one client. `fetch` gives a new one for a client's id."""

    def __init__(self, fetch: Callable[[str], Awaitable[str]]) -> None:
        self._fetch = fetch
        self._client = str(uuid4())
        self._token = ""
        self._lock = anyio.Lock()

    def sign(self, request: httpx.Request) -> None:
        if self._token and request.method in _CHANGES:
            request.headers[TOKEN], request.headers[CLIENT] = self._token, self._client

    async def renew(self, request: httpx.Request) -> None:
        """Signs a refused request with a token that is not the refused one."""
        async with self._lock:
            if request.headers.get(TOKEN, "") == self._token:
                self._token = await self._fetch(self._client)
        self.sign(request)


def is_refusal(response: httpx.Response) -> bool:
    """Whether the server refuses the request for its token."""
    return response.status_code == httpx.codes.FORBIDDEN and any(text in response.text for text in _REFUSALS)
