"""Starts a flow run of a deployment and follows it to its end."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

from prefect_pulumi.api.protocol import ApiClient
from prefect_pulumi.api.run_obstacles import obstacle
from prefect_pulumi.api.workers import set_state

POLL_SECONDS = 0.5
LOG_PAGE = 200
MOST_FAILURES = 200
PATIENCE = 5.0
"""Seconds that a run may wait before it is looked up why it has not begun, and between two looks."""
ENDED = frozenset({"COMPLETED", "FAILED", "CRASHED", "CANCELLED"})
"""State types that a flow run does not leave."""


@dataclass(frozen=True, slots=True)
class FlowRunResult:
    """A flow run as it was last seen.

    `state_type` (`COMPLETED`), `state` (`Completed`) and `message` are those of its state, "" where there is none;
    `start` and `end` ISO 8601 times or None; `seconds` its run time. `obstacle`: why it had not begun, "" where nothing
    is known of that.
    """

    id: str
    name: str
    deployment_id: str
    state_type: str
    state: str
    message: str
    start: str | None
    end: str | None
    seconds: float
    obstacle: str = ""

    @property
    def ended(self) -> bool:
        return self.state_type in ENDED

    @property
    def completed(self) -> bool:
        return self.state_type == "COMPLETED"


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line of a flow run's log. `level`: 10 to 50; `task`: name of the task run that wrote it, "" for the flow."""

    level: int
    message: str
    task: str = ""


def find_deployment(client: ApiClient, name: str) -> str:
    """UUID of the deployment `flow/deployment` (`GET /deployments/name/{flow}/{deployment}`).

    Raises `NotFoundError`.
    """
    flow, deployment = (quote(part, safe="") for part in name.split("/", 1))
    return str(client.request("GET", f"/deployments/name/{flow}/{deployment}")["id"])


def start(
    client: ApiClient, deployment_id: str, parameters: Mapping[str, Any], *, tags: Sequence[str] = ()
) -> FlowRunResult:
    """The new run (`POST /deployments/{id}/create_flow_run`), as the server scheduled it."""
    # With a key of its own the request can be repeated after a lost answer: the server creates one run for it.
    body = {"parameters": dict(parameters), "idempotency_key": str(uuid.uuid4())}
    if tags:
        body["tags"] = list(tags)
    route = f"/deployments/{deployment_id}/create_flow_run"
    return _result(client.request("POST", route, json=body, idempotent=True))


def follow(
    client: ApiClient,
    run_id: str,
    *,
    timeout: float,
    on_state: Callable[[str], None] | None = None,
    on_log: Callable[[LogLine], None] | None = None,
    on_wait: Callable[[str], None] | None = None,
) -> FlowRunResult:
    """Polls the run (`GET /flow_runs/{id}`) until it has ended, or for `timeout` seconds; it is read at least once.

    `on_state` gets the name of each new state, `on_log` each line of the log (`POST /logs/filter`), `on_wait` what
    keeps the run from beginning, each time that it is something else.
    """
    began = time.monotonic()
    look = began + PATIENCE
    last_state, last_obstacle, logs = "", "", _Logs(client, run_id)
    while True:
        row = client.request("GET", f"/flow_runs/{run_id}")
        run, now = _result(row), time.monotonic()
        is_over = run.ended or now >= began + timeout
        if on_state is not None and run.state != last_state:
            last_state = run.state
            on_state(run.state)
        if is_over or now >= look:
            look = now + PATIENCE
            run = replace(run, obstacle=obstacle(client, row))
            if on_wait is not None and run.obstacle not in ("", last_obstacle):
                on_wait(run.obstacle)
            last_obstacle = run.obstacle
        if on_log is not None:
            if run.ended:
                time.sleep(2 * POLL_SECONDS)  # workers send logs in batches, the last one after the state
            for line in logs.page():
                on_log(line)
        if is_over:
            return run
        time.sleep(POLL_SECONDS)


def cancel(client: ApiClient, run_id: str) -> None:
    """`POST /flow_runs/{id}/set_state`: a run that nobody has taken is cancelled at once, another one by its worker.

    The server keeps the state of a run that has ended in the meantime.
    """
    set_state(client, run_id, {"type": "CANCELLING", "name": "Cancelling"})


def failures(client: ApiClient, deployments: Mapping[str, str], began: datetime, ended: datetime) -> list[str]:
    """`<deployment>: <run> <state>` of the runs that began in that time and failed or crashed, newest first, at most
    `MOST_FAILURES` (`POST /flow_runs/filter`). `deployments`: id -> name."""
    if not deployments:
        return []
    body = {
        "flow_runs": {
            "deployment_id": {"any_": [*deployments]},
            "start_time": {"after_": began.isoformat(), "before_": ended.isoformat()},
            "state": {"type": {"any_": ["FAILED", "CRASHED"]}},
        },
        "sort": "START_TIME_DESC",
        "limit": MOST_FAILURES,
    }
    rows = client.request("POST", "/flow_runs/filter", json=body)
    return [f"{deployments[row['deployment_id']]}: {row['name']} {row.get('state_name') or ''}" for row in rows]


class _Logs:
    """The lines of a run's log, read page by page, with the names of the task runs that wrote them."""

    def __init__(self, client: ApiClient, run_id: str) -> None:
        self._client = client
        self._run_id = run_id
        self._read = 0
        self._tasks: dict[str, str] = {}

    def page(self) -> list[LogLine]:
        """The next lines, at most `LOG_PAGE`."""
        body = {
            "logs": {"flow_run_id": {"any_": [self._run_id]}},
            "sort": "TIMESTAMP_ASC",
            "offset": self._read,
            "limit": LOG_PAGE,
        }
        rows = self._client.request("POST", "/logs/filter", json=body)
        self._read += len(rows)
        self._name({str(row["task_run_id"]) for row in rows if row.get("task_run_id")} - set(self._tasks))
        return [LogLine(row["level"], row["message"], self._tasks.get(str(row.get("task_run_id")), "")) for row in rows]

    def _name(self, ids: set[str]) -> None:
        """`POST /task_runs/filter`. A task run that the server does not have yet stays without a name."""
        if ids:
            rows = self._client.request("POST", "/task_runs/filter", json={"task_runs": {"id": {"any_": sorted(ids)}}})
            self._tasks.update({str(row["id"]): str(row["name"]) for row in rows})


def _result(row: Mapping[str, Any]) -> FlowRunResult:
    state = row.get("state") or {}
    return FlowRunResult(
        id=str(row["id"]),
        name=str(row["name"]),
        deployment_id=str(row.get("deployment_id") or ""),
        state_type=str(state.get("type") or ""),
        state=str(state.get("name") or ""),
        message=str(state.get("message") or ""),
        start=row.get("start_time"),
        end=row.get("end_time"),
        seconds=float(row.get("total_run_time") or 0),
    )
