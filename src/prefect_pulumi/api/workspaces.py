"""Workspaces of Prefect Cloud by their handles: its API takes UUIDs only."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from prefect_pulumi.api.connection_settings import ConnectionSettings
from prefect_pulumi.core.errors import ConfigError
from prefect_pulumi.core.suggestions import suggestion
from prefect_pulumi.models.provider_config import handles, workspace_address

Rows = list[dict[str, Any]]
ROUTE = "/me/workspaces"
_LISTED = 5
_lock = threading.Lock()
_known: dict[tuple[str, str], str] = {}
"""Address with handles and the key -> the address with UUIDs, which a process asks for once."""


def resolved(settings: ConnectionSettings, say: Callable[[str], None] | None = None) -> ConnectionSettings:
    """With the UUIDs of an account and a workspace that the address names by handle (`GET /me/workspaces`).

    `say` gets a line when they were looked up. Raises `ConfigError` without a key and for a workspace that the key does
    not see, `ApiError` and `ServerUnavailableError` where Cloud does not list them.
    """
    named = handles(settings.api_url)
    if named is None:
        return settings
    with _lock:
        asked = settings.api_url, settings.api_key or str(settings.custom_headers)
        if asked not in _known:
            _known[asked] = _address(settings, "/".join(named))
            if say is not None:
                say(f"workspace {'/'.join(named)} is {_known[asked]}")
        return settings.model_copy(update={"api_url": _known[asked]})


def _address(settings: ConnectionSettings, workspace: str) -> str:
    from prefect_pulumi.api.blocking import BlockingClient

    where = settings.origin("api_url") or settings.api_url
    if not (settings.api_key or settings.custom_headers):
        raise ConfigError(
            f"the workspace {workspace} is looked up with a key of Prefect Cloud, and there is none",
            where=where,
            remedy="set PREFECT_API_KEY, or run: infra config set --secret prefect:apiKey",
        )
    root = settings.api_url.partition("/accounts/")[0]
    client = BlockingClient(settings.model_copy(update={"api_url": root}), read_only=True)
    try:
        rows: Rows = client.request("GET", ROUTE)
    finally:
        client.close()
    row = chosen(rows, workspace)
    if row is not None:
        return workspace_address(f"{row['account_id']}/{row['workspace_id']}", root)
    known = sorted(f"{row['account_handle']}/{row['workspace_handle']}" for row in rows)
    more = ", ..." if len(known) > _LISTED else ""
    listed = f"write one of: {', '.join(known[:_LISTED])}{more}" if known else "the key sees none: check it"
    raise ConfigError(
        f"the key sees no workspace {workspace}", where=where, remedy=suggestion(workspace, known) or listed
    )


def chosen(rows: Rows, workspace: str) -> Mapping[str, Any] | None:
    """The row of `GET /me/workspaces` of `account/workspace`, each a handle or a UUID."""
    account, _, name = workspace.partition("/")
    for row in rows:
        if account in (row["account_handle"], row["account_id"]) and name in (
            row["workspace_handle"],
            row["workspace_id"],
        ):
            return row
    return None
