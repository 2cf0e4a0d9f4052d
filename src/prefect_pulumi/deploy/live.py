"""Live deployments, read through the list routes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Protocol


class Client(Protocol):
    """What is needed of `api.portal.SyncClient`."""

    def request(self, method: str, path: str, *, json: Any = None) -> Any: ...

    def paged(self, path: str, body: Mapping[str, Any] | None = None) -> list[dict[str, Any]]: ...


def read_deployments(client: Client, names: Collection[str]) -> dict[str, dict[str, Any]]:
    """Full name -> the server's answer, for those of `names` that exist (POST /deployments/filter, /flows/filter)."""
    if not names:
        return {}
    short = sorted({name.split("/", 1)[1] for name in names})
    rows = client.paged("/deployments/filter", {"deployments": {"name": {"any_": short}}})
    flow_ids = sorted({row["flow_id"] for row in rows})
    flows = client.paged("/flows/filter", {"flows": {"id": {"any_": flow_ids}}}) if flow_ids else []
    flow_names = {flow["id"]: flow["name"] for flow in flows}
    found = {f"{flow_names.get(row['flow_id'])}/{row['name']}": row for row in rows}
    return {name: found[name] for name in names if name in found}


def missing_pools(client: Client, names: Collection[str]) -> set[str]:
    """Those of `names` that are no work pool of the server (POST /work_pools/filter)."""
    rows = client.paged("/work_pools/filter", {"work_pools": {"name": {"any_": sorted(names)}}})
    return set(names) - {row["name"] for row in rows}
