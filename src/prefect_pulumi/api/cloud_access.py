"""What the key may do in its workspace of Prefect Cloud, and what the account's plan allows."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from prefect_pulumi.api.capabilities import normalized
from prefect_pulumi.api.protocol import ApiClient
from prefect_pulumi.core.errors import ApiError, UnexpectedAnswerError

_WORKSPACE = re.compile(r"^(?P<root>.*)/accounts/(?P<account>[^/]+)/workspaces/(?P<workspace>[^/]+)/?$")
LIMITS = {
    "automations": ("automations_limit", "/automations/count"),
    "work pools": ("work_pool_limit", "/work_pools/count"),
    "deployments in a workspace": ("max_deployments_per_workspace", "/deployments/count"),
}
"""What a plan limits -> its field of `GET /accounts/{id}/usage_limits`, and the route that counts what is there."""


@cache
def needed_scopes() -> Mapping[str, list[str]]:
    """Route that writes -> scopes of the workspace (tools/cloud_contract.py)."""
    text = Path(__file__).with_name("cloud_scopes.json").read_text("utf-8")
    scopes: dict[str, list[str]] = json.loads(text)
    return scopes


class CloudAccess:
    """Asks once, when first needed. What Cloud does not say is not checked. Safe to share between threads."""

    def __init__(self, api_url: str, client: Callable[[], ApiClient]) -> None:
        self._place = _WORKSPACE.match(api_url)
        self._client = client
        self._lock = threading.RLock()
        self._answers: dict[str, Any] = {}

    def lacking(self, requests: Iterable[tuple[str, str]]) -> list[str]:
        """Scopes that the key's role has not, of those that these requests (method, route) need."""
        table = needed_scopes()
        needed = {scope for method, route in requests for scope in table.get(f"{method} {normalized(route)}", ())}
        if not needed or self._place is None:
            return []
        own = self._asked(f"{self._place['root']}/me/workspaces/{self._place['workspace']}/scopes")
        return sorted(needed - set(own)) if isinstance(own, list) else []

    @property
    def who(self) -> str:
        """`ada (ada@example.com)`; "a service account" where the key is no person's."""
        row = self._asked(f"{self._place['root']}/me/") if self._place is not None else None
        if not isinstance(row, dict):
            return "a service account"
        name, email = row.get("handle") or "an unnamed user", row.get("email")
        return f"{name} ({email})" if email and email != name else str(name)

    def limit(self, subject: str) -> int | None:
        """Of the account's plan, for a key of `LIMITS`; None: no limit, or not known."""
        place = self._place
        limits = self._asked(f"{place['root']}/accounts/{place['account']}/usage_limits") if place is not None else None
        value = limits.get(LIMITS[subject][0]) if isinstance(limits, dict) else None
        return value if isinstance(value, int) else None

    def count(self, subject: str) -> int:
        """How many of them the workspace has."""
        return int(self._asked(LIMITS[subject][1], "POST") or 0)

    def _asked(self, route: str, method: str = "GET") -> Any:
        with self._lock:
            if route not in self._answers:
                try:
                    self._answers[route] = self._client().request(method, route, json={} if method == "POST" else None)
                except (ApiError, UnexpectedAnswerError):
                    self._answers[route] = None
            return self._answers[route]
