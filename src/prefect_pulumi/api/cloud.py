"""Where Prefect Cloud differs from a server of one's own: routes, and what it takes of one request."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from prefect_pulumi.api.protocol import ApiClient
from prefect_pulumi.core.errors import ApiError

SERVER_TEMPLATES = "/collections/views/aggregate-worker-metadata"
CLOUD_TEMPLATES = "/collections/work_pool_types"
"""prefect/client/cloud.py, `read_worker_metadata`; it knows the push and managed types as well."""

LARGEST_BODY = 5 * 1024 * 1024
"""Bytes; Cloud answers 413 to more."""

REQUESTS_A_MINUTE = (625, 5000)
"""Fewest and most that an account may send, by its plan."""
REQUESTS_A_CHANGE = 2
"""About as many as a create or an update takes, the read after it included."""

EVENT_WINDOW = timedelta(days=14)
"""Longest time that one query of events may span on Cloud."""


def ui_address(api_url: str) -> str:
    """The pages of the server or workspace that has this API, where both are at their usual places."""
    parts = urlsplit(api_url)
    match parts.path.strip("/").split("/"):
        case ["api", "accounts", account, "workspaces", workspace]:
            host = parts.netloc.replace("api.", "app.", 1) if parts.netloc.startswith("api.") else parts.netloc
            return f"{parts.scheme}://{host}/account/{account}/workspace/{workspace}"
    return api_url.rstrip("/").removesuffix("/api")


def server_version(client: ApiClient, *, cloud: bool) -> str:
    """`GET /admin/version`; "" where the API does not say it. Prefect Cloud has no such route and is not asked."""
    if cloud:
        return ""
    try:
        return str(client.request("GET", "/admin/version"))
    except ApiError:
        return ""


def worker_metadata(client: ApiClient, *, cloud: bool) -> dict[str, dict[str, dict[str, Any]]]:
    """Package -> name -> `{"type", "default_base_job_configuration", "display_name", ...}`."""
    metadata: dict[str, dict[str, dict[str, Any]]] = client.request(
        "GET", CLOUD_TEMPLATES if cloud else SERVER_TEMPLATES
    )
    return metadata


def events_since(
    client: ApiClient, chosen: Mapping[str, Any], since: str, *, limit: int, now: datetime | None = None
) -> list[dict[str, Any]]:
    """The newest `limit` events (`POST /events/filter`) since that moment (RFC 3339). `chosen`: the filter's other
    keys. Asked for in windows that Prefect Cloud takes, the newest first."""
    begin, end = datetime.fromisoformat(since), now or datetime.now(UTC)
    begin = begin if begin.tzinfo else begin.replace(tzinfo=UTC)
    events: list[dict[str, Any]] = []
    until: datetime | None = None
    while len(events) < limit:
        start = max(begin, (until or end) - EVENT_WINDOW)
        window = {"since": start.isoformat()} | ({"until": until.isoformat()} if until else {})
        body = {"filter": {**chosen, "occurred": window, "order": "DESC"}, "limit": limit - len(events)}
        events += client.request("POST", "/events/filter", json=body).get("events", [])
        if start <= begin:
            break
        until = start
    return events[:limit]
