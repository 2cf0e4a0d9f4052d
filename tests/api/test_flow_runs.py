"""Starting a flow run and following it: what is sent, what is reported, and when it stops."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from prefect_pulumi.api import flow_runs
from prefect_pulumi.api.blocking import BlockingClient
from prefect_pulumi.api.flow_runs import LogLine
from prefect_pulumi.core.errors import NotFoundError

RUN = {"id": "r1", "name": "brave-otter", "deployment_id": "d1"}


class ScriptedServer:
    """Answers `GET /flow_runs/r1` with one state after the other; the last one stays."""

    def __init__(self, *states: str) -> None:
        self.states = list(states)
        self.logs = [
            {"level": 20, "message": "line 0", "task_run_id": None},
            {"level": 20, "message": "line 1", "task_run_id": "t1"},
            {"level": 40, "message": "line 2", "task_run_id": "t2"},
        ]
        self.calls: list[tuple[str, str, Any, bool | None]] = []

    def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, Any] | None = None,
        idempotent: bool | None = None,
    ) -> Any:
        self.calls.append((method, path, json, idempotent))
        if path == "/deployments/name/my%20flow/a%2Fb":
            return {"id": "d1"}
        if path == "/deployments/d1/create_flow_run":
            return {**RUN, "state": {"type": "SCHEDULED", "name": "Scheduled"}}
        if path == "/logs/filter":
            return self.logs[json["offset"] : json["offset"] + 2]
        if path == "/task_runs/filter":
            known = {"t1": "extract-0"}  # the server has not got the other one yet
            return [{"id": id, "name": known[id]} for id in json["task_runs"]["id"]["any_"] if id in known]
        if path == "/flow_runs/r1":
            name = self.states.pop(0) if len(self.states) > 1 else self.states[0]
            state = {"type": name.upper(), "name": name, "message": f"it is {name}"}
            return {**RUN, "state": state, "start_time": "s", "end_time": "e", "total_run_time": 1.5}
        raise NotFoundError("not found", status=404, detail="not found", where=path)

    def paged(self, path: str, body: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        raise AssertionError(path)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow_runs, "POLL_SECONDS", 0.0)


def test_names_are_quoted_and_a_missing_deployment_is_an_error() -> None:
    assert flow_runs.find_deployment(ScriptedServer("Running"), "my flow/a/b") == "d1"
    with pytest.raises(NotFoundError):
        flow_runs.find_deployment(ScriptedServer("Running"), "other/x")


def test_start_may_be_repeated_after_a_lost_answer() -> None:
    server = ScriptedServer("Running")
    run = flow_runs.start(server, "d1", {"n": 1}, tags=("smoke",))
    assert (run.id, run.name, run.deployment_id, run.ended) == ("r1", "brave-otter", "d1", False)
    flow_runs.start(server, "d1", {})
    bodies = [json for _, _, json, idempotent in server.calls if idempotent]
    assert bodies[0]["parameters"] == {"n": 1}
    assert bodies[0]["tags"] == ["smoke"]
    assert "tags" not in bodies[1]
    assert bodies[0]["idempotency_key"] != bodies[1]["idempotency_key"]


def test_states_and_logs_are_reported_once_each() -> None:
    states: list[str] = []
    logs: list[LogLine] = []
    server = ScriptedServer("Pending", "Pending", "Running", "Completed")
    run = flow_runs.follow(server, "r1", timeout=60, on_state=states.append, on_log=logs.append)
    assert states == ["Pending", "Running", "Completed"]
    assert logs == [LogLine(20, "line 0"), LogLine(20, "line 1", "extract-0"), LogLine(40, "line 2")]
    assert run.completed
    assert (run.state, run.message, run.start, run.end, run.seconds) == ("Completed", "it is Completed", "s", "e", 1.5)


@pytest.mark.parametrize("state", ["Failed", "Crashed", "Cancelled"])
def test_an_end_that_is_no_success(state: str) -> None:
    run = flow_runs.follow(ScriptedServer(state), "r1", timeout=60)
    assert (run.ended, run.completed) == (True, False)


def test_a_run_is_read_once_even_when_no_time_is_left() -> None:
    run = flow_runs.follow(ScriptedServer("Running"), "r1", timeout=-1)
    assert (run.ended, run.state) == (False, "Running")


def test_what_keeps_a_run_from_beginning_is_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow_runs, "PATIENCE", 0.0)
    said: list[str] = []
    server = ScriptedServer("Scheduled", "Late", "Late", "Running", "Completed")
    run = flow_runs.follow(server, "r1", timeout=60, on_wait=said.append)
    assert said == ["its deployment has no work pool, and no process serves it"]
    assert (run.completed, run.obstacle) == (True, "")
    monkeypatch.setattr(flow_runs, "PATIENCE", 60.0)
    assert flow_runs.follow(ScriptedServer("Late"), "r1", timeout=0).obstacle == said[0]


def test_failures_are_of_the_deployments_and_of_the_time(prefect_server: str) -> None:
    began = datetime.now(UTC) - timedelta(minutes=1)
    client = BlockingClient(prefect_server)
    try:
        flow = client.request("POST", "/flows/", json={"name": f"soak-{uuid4().hex}"})["id"]
        own, other = (
            client.request("POST", "/deployments/", json={"name": name, "flow_id": flow}, idempotent=True)["id"]
            for name in ("own", "other")
        )
        for deployment, ends in ((own, ["FAILED", "CRASHED", "COMPLETED"]), (other, ["FAILED"])):
            for end in ends:
                created = {"name": end.lower(), "idempotency_key": end}
                route = f"/deployments/{deployment}/create_flow_run"
                run = client.request("POST", route, json=created, idempotent=True)
                for state in ("RUNNING", end):
                    body = {"state": {"type": state, "name": state.title()}, "force": True}
                    client.request("POST", f"/flow_runs/{run['id']}/set_state", json=body, idempotent=True)
        ended = datetime.now(UTC) + timedelta(minutes=1)
        names = {own: "soak/own"}
        assert sorted(flow_runs.failures(client, names, began, ended)) == [
            "soak/own: crashed Crashed",
            "soak/own: failed Failed",
        ]
        assert flow_runs.failures(client, names, began - timedelta(hours=1), began) == []
        assert flow_runs.failures(client, {}, began, ended) == []
    finally:
        client.close()
