"""Why a flow run that is due has not begun, as far as the server knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from prefect_pulumi.api.protocol import ApiClient
from prefect_pulumi.api.workers import busy_runs, find_pool, workers
from prefect_pulumi.core.errors import PrefectPulumiError

NO_SLOT = "AwaitingConcurrencySlot"
WAITING = frozenset({"Scheduled", "Late", NO_SLOT})
"""Names of the states in which nobody has taken a run yet."""
WITHOUT_WORKERS = (":push", ":managed")
"""Ends of the types of pools whose runs the server starts itself."""


def obstacle(client: ApiClient, run: Mapping[str, Any]) -> str:
    """What keeps the run from beginning, in a few words; "" when nothing is known, or when it has begun.

    `run` is a row of `GET /flow_runs/{id}`. Reads its pool, queue, workers and the runs beside it.
    """
    state = str((run.get("state") or {}).get("name") or "")
    if state not in WAITING:
        return ""
    if state == NO_SLOT:
        return "a concurrency limit of its deployment or its tags has no free slot"
    pool = str(run.get("work_pool_name") or "")
    if not pool:
        return "its deployment has no work pool, and no process serves it"
    try:
        return _of_pool(client, pool) or _of_queue(client, pool, str(run.get("work_queue_id") or ""))
    except PrefectPulumiError:  # it may not be allowed to read them: the run is followed all the same
        return ""


def _of_pool(client: ApiClient, pool: str) -> str:
    row = find_pool(client, pool)
    if row.get("is_paused"):
        return f"work pool {pool} is paused"
    if not str(row.get("type")).endswith(WITHOUT_WORKERS):
        rows = workers(client, pool).values()
        if not any(worker.get("status") == "ONLINE" for worker in rows):
            return f"no worker of work pool {pool} is online"
    limit = row.get("concurrency_limit")
    if limit is not None and len(busy_runs(client, pool)) >= limit:
        return f"work pool {pool} has no free slot: its concurrency limit is {limit}"
    return ""


def _of_queue(client: ApiClient, pool: str, id: str) -> str:
    if not id:
        return ""
    row = client.request("GET", f"/work_queues/{quote(id)}")
    name = f"work queue {row.get('name')} of work pool {pool}"
    if row.get("is_paused"):
        return f"{name} is paused"
    limit = row.get("concurrency_limit")
    busy = [run for run in busy_runs(client, pool) if run.get("work_queue_id") == id] if limit is not None else []
    if limit is not None and len(busy) >= limit:
        return f"{name} has no free slot: its concurrency limit is {limit}"
    if row.get("status") == "NOT_READY":
        return f"no worker polls {name}"
    return ""
