"""What keeps a stack's flows from running well, as the server knows it: runs that wait, fail or are not taken."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from prefect_pulumi.api.cloud import events_since
from prefect_pulumi.api.protocol import ApiClient
from prefect_pulumi.api.run_obstacles import NO_SLOT, WITHOUT_WORKERS, obstacle
from prefect_pulumi.app.owned_objects import automation_names, deployment_ids
from prefect_pulumi.app.workers import MISSING, Pool
from prefect_pulumi.core.display_text import one_line
from prefect_pulumi.promotion.overview import HealthProblem, Runs
from prefect_pulumi.review import phrases
from prefect_pulumi.state.entries import ResourceEntry

MOST_RUNS = 200
MOST_EVENTS = 50
"""What a server gives in one answer."""
EXPLAINED = 10
"""Deployments with late runs of which it is looked up what keeps them."""
DAY = timedelta(days=1)
ACTION_FAILED = "prefect.automation.action.failed"
LATE = "Late"
BEGUN = ["PENDING", "RUNNING", "PAUSED", "CANCELLING", "CANCELLED", "COMPLETED", "FAILED", "CRASHED"]
"""Types of states of past runs: servers take the time at which another one is due as its start."""
FAILED = frozenset({"FAILED", "CRASHED"})
SHOWN_TEXT = 200
"""Characters of what a run said of its end."""


@dataclass(frozen=True, slots=True)
class StackObjects:
    """`deployments` and `automations`: UUID -> name; `ui`: address of the server's pages."""

    deployments: Mapping[str, str]
    automations: Mapping[str, str]
    ui: str = ""


def stack_objects(entries: Sequence[ResourceEntry], ui: str) -> StackObjects:
    """From the entries of a stack's state."""
    deployments = {id: name for name, id in deployment_ids(entries).items()}
    return StackObjects(deployments, automation_names(entries), ui)


def read_health(client: ApiClient, own: StackObjects, pools: Sequence[Pool]) -> tuple[Runs, list[HealthProblem]]:
    """The last day's runs of the stack's deployments with the next one, and what is wrong now.

    Routes: `POST /flow_runs/filter`, `POST /events/filter`, and those of `api.run_obstacles`.
    """
    now = datetime.now(UTC)
    problems = [*_of_pools(own, pools)]
    runs = Runs()
    if own.deployments:
        chosen = {"start_time": {"after_": (now - DAY).isoformat()}, "state": {"type": {"any_": BEGUN}}}
        rows = _filtered(client, own, chosen, "START_TIME_DESC")
        runs = Runs.of(rows, next=_next(client, own, now), more=len(rows) == MOST_RUNS)
        problems += _late(client, own)
        problems += _failed(own, rows)
    if own.automations:
        problems += _automations(client, own, (now - DAY).isoformat())
    return runs, problems


def _filtered(
    client: ApiClient, own: StackObjects, chosen: Mapping[str, Any], sort: str, limit: int = MOST_RUNS
) -> list[dict[str, Any]]:
    body = {
        "flow_runs": {"deployment_id": {"any_": [*own.deployments]}, **chosen},
        "sort": sort,
        "limit": limit,
    }
    rows: list[dict[str, Any]] = client.request("POST", "/flow_runs/filter", json=body)
    return rows


def _next(client: ApiClient, own: StackObjects, now: datetime) -> dict[str, str]:
    """The next run that is scheduled: deployment and time; {} for none."""
    chosen = {"state": {"name": {"any_": ["Scheduled"]}}, "expected_start_time": {"after_": now.isoformat()}}
    rows = _filtered(client, own, chosen, "EXPECTED_START_TIME_ASC", 1)
    return {"deployment": own.deployments[rows[0]["deployment_id"]], "time": _due(rows[0])} if rows else {}


def _late(client: ApiClient, own: StackObjects) -> Iterator[HealthProblem]:
    chosen = {"state": {"name": {"any_": [LATE, NO_SLOT]}}}
    waiting: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in _filtered(client, own, chosen, "EXPECTED_START_TIME_ASC"):
        waiting[row["deployment_id"]].append(row)
    for number, (id, rows) in enumerate(waiting.items()):
        reason = obstacle(client, rows[0]) if number < EXPLAINED else ""
        count = "a run waits" if len(rows) == 1 else f"{len(rows)} runs wait"
        text = f"{count} since {phrases.moment(_due(rows[0]))}" + (f": {reason}" if reason else "")
        yield HealthProblem(own.deployments[id], text, _page(own, "deployments/deployment", id))


def _failed(own: StackObjects, rows: Sequence[Mapping[str, Any]]) -> Iterator[HealthProblem]:
    """Of deployments whose last run that has ended did not end well. `rows`: the newest first."""
    seen: set[str] = set()
    for row in rows:
        id = str(row["deployment_id"])
        if id in seen or row.get("state_type") not in {*FAILED, "COMPLETED"}:
            continue
        seen.add(id)
        if row["state_type"] in FAILED:
            message = one_line(str((row.get("state") or {}).get("message") or ""))[:SHOWN_TEXT]
            text = f"the last run, {row['name']}, ended {row.get('state_name')}" + (f": {message}" if message else "")
            yield HealthProblem(own.deployments[id], text, _page(own, "runs/flow-run", str(row["id"])))


def _automations(client: ApiClient, own: StackObjects, since: str) -> Iterator[HealthProblem]:
    counts: dict[str, int] = defaultdict(int)
    for event in events_since(client, {"event": {"name": [ACTION_FAILED]}}, since, limit=MOST_EVENTS):
        id = str((event.get("resource") or {}).get("prefect.resource.id") or "").removeprefix("prefect.automation.")
        if id in own.automations:
            counts[id] += 1
    for id, count in counts.items():
        times = "once" if count == 1 else f"{count} times"
        page = _page(own, "automations/automation", id)
        yield HealthProblem(f"automation {own.automations[id]}", f"an action failed {times} in 24 h", page)


def _of_pools(own: StackObjects, pools: Sequence[Pool]) -> Iterator[HealthProblem]:
    for pool in pools:
        page = _page(own, "work-pools/work-pool", quote(pool.name, safe=""))
        if pool.status == MISSING:
            yield HealthProblem(f"work pool {pool.name}", "the server does not have it")
        elif pool.status == "NOT_READY" and not pool.type.endswith(WITHOUT_WORKERS):
            yield HealthProblem(f"work pool {pool.name}", "no worker of it is online", page)


def _page(own: StackObjects, route: str, id: str) -> str:
    return f"{own.ui}/{route}/{id}" if own.ui else ""


def _due(row: Mapping[str, Any]) -> str:
    return str(row.get("expected_start_time") or "")
