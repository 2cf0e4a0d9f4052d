"""Versions of deployments on Prefect Cloud: each write makes one, and each can become the present one again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from prefect_pulumi.api.protocol import ApiClient

Row = Mapping[str, Any]
UNCOMMITTED = "uncommitted"
"""Key of a version's `version_info` whose files were not those of its commit."""
PAGE = 200


def versions(client: ApiClient, deployment: str) -> list[Row]:
    """`{"id", "created", "version_info", ...}` of each (`POST /deployments/{id}/versions/paginate`)."""
    rows: list[Row] = []
    page, pages = 1, 1
    while page <= pages:
        body = {"page": page, "limit": PAGE}
        answer = client.request("POST", f"/deployments/{deployment}/versions/paginate", json=body)
        rows += answer["results"]
        page, pages = page + 1, int(answer["pages"])
    return rows


def of_commit(rows: Iterable[Row], commit: str) -> Row | None:
    """The newest that was deployed from exactly that commit."""
    fitting = [row for row in rows if _is_of(row.get("version_info") or {}, commit)]
    return max(fitting, key=lambda row: str(row.get("created") or ""), default=None)


def _is_of(info: Mapping[str, Any], commit: str) -> bool:
    return info.get("commit_sha") == commit and not info.get(UNCOMMITTED)


def promote(client: ApiClient, deployment: str, version: str, reason: str) -> None:
    """Makes that version the present one."""
    client.request("POST", f"/deployments/{deployment}/versions/{version}/promote", json={"reason": reason})
