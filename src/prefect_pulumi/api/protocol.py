"""What callers need of a blocking client: they type against this, and tests give them a fake of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class ApiClient(Protocol):
    """The calls of `api.blocking.BlockingClient` that use cases, handlers and the deploy step make."""

    def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, Any] | None = None,
        idempotent: bool | None = None,
    ) -> Any:
        """The answer's JSON, None when it has none. Raises `ApiError` and its kinds, `ServerUnavailableError`."""
        ...

    def paged(self, path: str, body: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """All rows of a `/filter` route."""
        ...
