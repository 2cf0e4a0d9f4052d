"""Starts a flow run of a deployment and follows it to its end."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from prefect_pulumi.api.protocol import ApiClient

POLL_SECONDS = 0.5
LOG_PAGE = 200
ENDED = frozenset({"COMPLETED", "FAILED", "CRASHED", "CANCELLED"})
"""State types that a flow run does not leave."""


@dataclass(frozen=True, slots=True)
class FlowRunResult:
    """A flow run as it was last seen.

    `state_type` (`COMPLETED`), `state` (`Completed`) and `message` are those of its state, "" where there is none;
    `start` and `end` ISO 8601 times or None; `seconds` its run time.
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

    @property
    def ended(self) -> bool:
        return self.state_type in ENDED

    @property
    def completed(self) -> bool:
        return self.state_type == "COMPLETED"


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
    on_log: Callable[[int, str], None] | None = None,
) -> FlowRunResult:
    """Polls the run (`GET /flow_runs/{id}`) until it has ended, or for `timeout` seconds; it is read at least once.

    `on_state` gets the name of each new state, `on_log` the level (10 to 50) and the message of each log line
    (`POST /logs/filter`).
    """
    deadline = time.monotonic() + timeout
    last_state, logs_read = "", 0
    while True:
        run = _result(client.request("GET", f"/flow_runs/{run_id}"))
        if on_state is not None and run.state != last_state:
            last_state = run.state
            on_state(run.state)
        if on_log is not None:
            if run.ended:
                time.sleep(2 * POLL_SECONDS)  # workers send logs in batches, the last one after the state
            logs_read = _read_logs(client, run_id, logs_read, on_log)
        if run.ended or time.monotonic() >= deadline:
            return run
        time.sleep(POLL_SECONDS)


def _read_logs(client: ApiClient, run_id: str, offset: int, on_log: Callable[[int, str], None]) -> int:
    """How many lines have been read after this page of them."""
    body = {
        "logs": {"flow_run_id": {"any_": [run_id]}},
        "sort": "TIMESTAMP_ASC",
        "offset": offset,
        "limit": LOG_PAGE,
    }
    rows = client.request("POST", "/logs/filter", json=body)
    for row in rows:
        on_log(row["level"], row["message"])
    return offset + len(rows)


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
