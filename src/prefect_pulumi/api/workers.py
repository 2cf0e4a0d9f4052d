"""The workers and runs of a pool, and the pause that lets runs end."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from urllib.parse import quote

from prefect_pulumi.api.cloud import server_version
from prefect_pulumi.api.protocol import ApiClient
from prefect_pulumi.core.errors import ConflictError, NotFoundError

BUSY = ("PENDING", "RUNNING", "CANCELLING")
"""State types of a flow run that a worker has taken and that has not ended."""

TAKEN_BY = "prefect.worker.name"
"""Label of a flow run: the worker that took it."""

STARTED = "prefect.worker.started"


def workers(client: ApiClient, pool: str) -> dict[str, dict[str, Any]]:
    """Worker name -> its row (`POST /work_pools/{name}/workers/filter`): status, last_heartbeat_time, ...

    Empty when the pool does not exist.
    """
    try:
        return {row["name"]: row for row in client.paged(f"/work_pools/{quote(pool)}/workers/filter")}
    except NotFoundError:
        return {}


def busy_runs(client: ApiClient, pool: str, names: Collection[str] | None = None) -> list[dict[str, Any]]:
    """The pool's flow runs that are under way (`POST /flow_runs/filter`), or those that workers of `names` took.

    A run without a worker's name counts for every worker.
    """
    body = {
        "work_pools": {"name": {"any_": [pool]}},
        "flow_runs": {"state": {"type": {"any_": list(BUSY)}}},
    }
    runs = client.paged("/flow_runs/filter", body)
    return [run for run in runs if names is None or (run.get("labels") or {}).get(TAKEN_BY) in (None, *names)]


def find_pool(client: ApiClient, pool: str) -> dict[str, Any]:
    """`GET /work_pools/{name}`; empty when there is none."""
    try:
        row: dict[str, Any] = client.request("GET", f"/work_pools/{quote(pool)}")
        return row
    except NotFoundError:
        return {}


def set_paused(client: ApiClient, pool: str, paused: bool) -> None:
    """`PATCH /work_pools/{name}`: a paused pool hands out no runs. A pool that is gone needs none."""
    try:
        client.request("PATCH", f"/work_pools/{quote(pool)}", json={"is_paused": paused})
    except NotFoundError:
        return


def mark_crashed(client: ApiClient, run_id: str, message: str) -> None:
    """`POST /flow_runs/{id}/set_state`: a run whose process was ended from outside cannot report that itself.

    The server keeps the state of a run that has ended in the meantime.
    """
    set_state(client, run_id, {"type": "CRASHED", "name": "Crashed", "message": message})


def set_state(client: ApiClient, run_id: str, state: dict[str, str]) -> None:
    """`POST /flow_runs/{id}/set_state`, as its rules allow: a run that is gone, or that has ended, stays as it is."""
    try:
        client.request("POST", f"/flow_runs/{run_id}/set_state", json={"state": state, "force": False})
    except (NotFoundError, ConflictError):
        return


def offline(client: ApiClient, pool: str, names: Collection[str]) -> list[str]:
    """Those of the workers that are not online, or that the server does not know."""
    rows = workers(client, pool)
    return [name for name in names if rows.get(name, {}).get("status") != "ONLINE"]


def versions(client: ApiClient, pool: str) -> dict[str, str]:
    """Worker name -> version of Prefect that it started with, from the newest of its events (`POST /events/filter`).

    A worker whose events have expired is not named.
    """
    body = {
        "filter": {
            "event": {"name": [STARTED]},
            "related": {"labels": {"prefect.resource.name": pool}},
            "order": "DESC",
        },
        "limit": 50,
    }
    versions_by_worker: dict[str, str] = {}
    for event in client.request("POST", "/events/filter", json=body).get("events", []):
        resource = event.get("resource") or {}
        name, version = resource.get("prefect.resource.name"), resource.get("prefect.version")
        if name and version:
            versions_by_worker.setdefault(name, version)
    return versions_by_worker


def facts(client: ApiClient, pool: str, names: Collection[str], *, cloud: bool = False) -> dict[str, dict[str, Any]]:
    """Worker name -> status, lastHeartbeat, version and serverVersion ("" where the API says none), as of now."""
    server = server_version(client, cloud=cloud)
    rows, known = workers(client, pool), versions(client, pool)
    return {
        name: {
            "status": rows.get(name, {}).get("status", "MISSING"),
            "lastHeartbeat": rows.get(name, {}).get("last_heartbeat_time"),
            "version": known.get(name),
            "serverVersion": server,
        }
        for name in names
    }


def skew(facts_by_worker: dict[str, dict[str, Any]]) -> list[str]:
    """A sentence for each worker of `facts` that runs another version of Prefect than the server."""
    return [
        f"worker {name} runs Prefect {fact['version']}, the server {fact['serverVersion']}"
        for name, fact in facts_by_worker.items()
        if fact["version"] and fact["serverVersion"] and fact["version"] != fact["serverVersion"]
    ]
