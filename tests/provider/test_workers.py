"""Draining a pool and waiting for workers, against a real server; the workers are heartbeats that the test sends."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from prefect_pulumi.api.blocking import BlockingClient
from prefect_pulumi.api.connection_settings import ConnectionSettings
from prefect_pulumi.api.workers import facts, find_pool, set_paused, skew, versions, workers
from prefect_pulumi.app.session.connection import Connection
from prefect_pulumi.app.workers import worker_report
from prefect_pulumi.core.errors import LocalProcessError
from prefect_pulumi.core.provider_protocol import (
    Changes,
    CreateRequest,
    DeleteRequest,
    DiffKind,
    DiffRequest,
    ReadRequest,
    UpdateRequest,
)
from prefect_pulumi.local.containers import look
from prefect_pulumi.provider.provider import PrefectProvider
from prefect_pulumi.state.entries import ResourceEntry

pytestmark = [pytest.mark.e2e]


class Host:
    def __init__(self) -> None:
        self.said: list[str] = []

    def log(self, severity: str, message: str, urn: str = "") -> None:
        self.said.append(message)


def urn(kind: str) -> str:
    return f"urn:pulumi:dev::project::prefect:index:{kind}::thing"


class Room:
    def __init__(self, url: str, root: Path, pool_type: str = "process") -> None:
        self.host = Host()
        self.provider = PrefectProvider(root, self.host)
        self.provider.configure({"apiUrl": url})
        self.client = BlockingClient(url)
        self.pool = f"pool-{uuid.uuid4().hex[:8]}"
        self.post("/work_pools/", {"name": self.pool, "type": pool_type})

    def post(self, path: str, body: Any) -> Any:
        return self.client.request("POST", path, json=body, idempotent=True)

    def heartbeat(self, worker: str) -> None:
        self.post(f"/work_pools/{self.pool}/workers/heartbeat", {"name": worker, "heartbeat_interval_seconds": 30})

    def run(self, worker: str) -> str:
        """A flow run that `worker` has under way."""
        flow = self.post("/flows/", {"name": f"flow-{self.pool}"})
        deployment = self.post("/deployments/", {"name": "d", "flow_id": flow["id"], "work_pool_name": self.pool})
        made = self.post(f"/deployments/{deployment['id']}/create_flow_run", {"idempotency_key": str(uuid.uuid4())})
        self.client.request("PATCH", f"/flow_runs/{made['id']}/labels", json={"prefect.worker.name": worker})
        self.state(made["id"], "RUNNING")
        return str(made["id"])

    def state(self, run: str, to: str = "") -> str:
        if to:
            self.post(f"/flow_runs/{run}/set_state", {"state": {"type": to}, "force": True})
        return str(self.client.request("GET", f"/flow_runs/{run}")["state_type"])

    @property
    def paused(self) -> bool:
        return bool(find_pool(self.client, self.pool)["is_paused"])

    def update(self, kind: str, old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
        return self.provider.update(
            UpdateRequest(urn(kind), self.pool, old_inputs=old, old_outputs=old, new_inputs=new)
        )


@pytest.fixture
def room(prefect_server: str, tmp_path: Path) -> Iterator[Room]:
    made = Room(prefect_server, tmp_path)
    yield made
    made.provider.close()
    made.client.close()


def test_a_swap_pauses_waits_and_resumes(room: Room) -> None:
    drain = {"workPool": room.pool, "workers": ["w"], "revision": "1", "timeout": 60}
    online = {"workPool": room.pool, "workers": ["w"], "timeout": 60, "drainSeconds": 60}
    assert room.provider.create(CreateRequest(urn("WorkerDrain"), drain)).outputs == drain
    assert not room.paused

    run = room.run("w")
    room.update("WorkerDrain", drain, {**drain, "timeout": 61})
    assert not room.paused  # nothing is to be swapped
    ended = threading.Timer(2, lambda: room.state(run, "COMPLETED"))
    ended.start()
    room.update("WorkerDrain", drain, {**drain, "revision": "2"})
    ended.join()
    assert room.state(run) == "COMPLETED"
    assert room.paused
    assert any("is paused; waiting up to 60 s" in said for said in room.host.said)

    room.heartbeat("w")
    later = threading.Timer(2, lambda: room.heartbeat("w"))
    later.start()
    made = room.provider.create(CreateRequest(urn("WorkerOnline"), online))
    assert not later.is_alive()  # the heartbeat from before the swap was not enough
    assert made.outputs["status"] == "online"
    assert made.outputs["facts"]["w"]["status"] == "ONLINE"
    assert made.outputs["facts"]["w"]["lastHeartbeat"] == workers(room.client, room.pool)["w"]["last_heartbeat_time"]
    assert not room.paused


def test_what_outlasts_the_drain_is_crashed_where_it_dies_with_its_worker(room: Room) -> None:
    online = {"workPool": room.pool, "workers": ["w"], "timeout": 60, "drainSeconds": 0}
    drain = {"workPool": room.pool, "workers": ["w"], "revision": "1", "timeout": 0}
    own, other = room.run("w"), room.run("x")
    room.provider.delete(DeleteRequest(urn("WorkerOnline"), room.pool, online, {**online, "status": "online"}))
    assert room.paused
    room.provider.delete(DeleteRequest(urn("WorkerDrain"), room.pool, drain, drain))
    assert not room.paused
    assert (room.state(own), room.state(other)) == ("CRASHED", "RUNNING")


def test_runs_with_infrastructure_of_their_own_go_on(prefect_server: str, tmp_path: Path) -> None:
    room = Room(prefect_server, tmp_path, "docker")
    try:
        drain = {"workPool": room.pool, "workers": ["w"], "revision": "1", "timeout": 0}
        run = room.run("w")
        room.update("WorkerDrain", drain, {**drain, "revision": "2"})
        room.provider.delete(DeleteRequest(urn("WorkerDrain"), room.pool, drain, drain))
        assert (room.paused, room.state(run)) == (False, "RUNNING")
    finally:
        room.provider.close()
        room.client.close()


def test_a_pool_that_is_meant_to_be_paused_stays_so(room: Room) -> None:
    set_paused(room.client, room.pool, True)
    drain = {"workPool": room.pool, "workers": ["w"], "revision": "1", "timeout": 0, "paused": True}
    room.provider.delete(DeleteRequest(urn("WorkerDrain"), room.pool, drain, drain))
    assert room.paused


def test_a_worker_that_nobody_hears_of_is_an_error_and_one_that_is_offline_is_drift(room: Room) -> None:
    online = {"workPool": room.pool, "workers": ["w"], "timeout": 1, "containers": ["no-such-container"]}
    online["dockerHost"] = "unix:///nowhere/docker.sock"
    with pytest.raises(
        LocalProcessError, match=r"(?s)nothing of worker w for 1 s.*container no-such-container: there is no Docker"
    ):
        room.provider.create(CreateRequest(urn("WorkerOnline"), online))
    outputs = {**online, "status": "online"}
    found = room.provider.read(ReadRequest(urn("WorkerOnline"), room.pool, online, outputs))
    assert found.outputs["status"] == "offline: w"
    seen = room.provider.diff(
        DiffRequest(urn("WorkerOnline"), room.pool, old_inputs=online, old_outputs=found.outputs, new_inputs=online)
    )
    assert dict(seen.detailed) == {"status": DiffKind.UPDATE}
    room.heartbeat("w")
    found = room.provider.read(ReadRequest(urn("WorkerOnline"), room.pool, online, outputs))
    seen = room.provider.diff(
        DiffRequest(urn("WorkerOnline"), room.pool, old_inputs=online, old_outputs=found.outputs, new_inputs=online)
    )
    assert seen.changes is Changes.NONE


def test_a_lost_worker_gets_a_next_generation_and_its_runs_end(room: Room) -> None:
    """Its container may well run: the label that carries the generation replaces it."""
    drain = {"workPool": room.pool, "workers": ["w", "x"], "revision": "1", "timeout": 0, "replaceLost": True}
    known = {**drain, "generations": {"w": 1}}
    room.heartbeat("x")
    lost, kept = room.run("w"), room.run("x")
    found = room.provider.read(ReadRequest(urn("WorkerDrain"), room.pool, drain, known))
    assert found.outputs == {**known, "lost": ["w"]}
    request = {"old_inputs": drain, "old_outputs": found.outputs, "new_inputs": drain}
    seen = room.provider.diff(DiffRequest(urn("WorkerDrain"), room.pool, **request))
    assert dict(seen.detailed) == {"lost": DiffKind.UPDATE}
    for preview in (True, False):
        outputs = room.provider.update(UpdateRequest(urn("WorkerDrain"), room.pool, **request, preview=preview))
        assert outputs == {**drain, "generations": {"w": 2}}
    assert (room.state(lost), room.state(kept), room.paused) == ("CRASHED", "RUNNING", False)
    room.heartbeat("w")
    assert room.provider.read(ReadRequest(urn("WorkerDrain"), room.pool, drain, outputs)).outputs == outputs
    plain = {name: value for name, value in drain.items() if name != "replaceLost"}
    assert room.provider.read(ReadRequest(urn("WorkerDrain"), room.pool, plain, plain)).outputs == plain


def test_generations_are_known_before_a_worker_is_lost(room: Room) -> None:
    """A preview takes an absent output for unknown: each container's label would be a change in it."""
    drain = {"workPool": room.pool, "workers": ["w"], "revision": "1", "timeout": 60, "replaceLost": True}
    made = room.provider.create(CreateRequest(urn("WorkerDrain"), drain)).outputs
    assert made == {**drain, "generations": {}}
    # A state of before has none: the next update writes them, and swaps nothing.
    request = {"old_inputs": drain, "old_outputs": drain, "new_inputs": drain}
    seen = room.provider.diff(DiffRequest(urn("WorkerDrain"), room.pool, **request))
    assert dict(seen.detailed) == {"generations": DiffKind.UPDATE}
    assert room.provider.update(UpdateRequest(urn("WorkerDrain"), room.pool, **request)) == made
    request["old_outputs"] = made
    assert room.provider.diff(DiffRequest(urn("WorkerDrain"), room.pool, **request)).changes is Changes.NONE
    assert not room.paused


def test_no_container_is_looked_at_where_none_is_named() -> None:
    assert look([]) == []


def test_status_tells_skew_stale_templates_and_what_is_missing(room: Room, prefect_server: str) -> None:
    room.heartbeat("old")
    pool_id = find_pool(room.client, room.pool)["id"]
    event = {
        "id": str(uuid.uuid4()),
        "occurred": datetime.now(UTC).isoformat(),
        "event": "prefect.worker.started",
        "resource": {
            "prefect.resource.id": "prefect.worker.process.old",
            "prefect.resource.name": "old",
            "prefect.version": "3.0.1",
        },
        "related": [
            {
                "prefect.resource.id": f"prefect.work-pool.{pool_id}",
                "prefect.resource.role": "work-pool",
                "prefect.resource.name": room.pool,
            }
        ],
        "payload": {},
    }
    room.post("/events", [event])
    for _ in range(600):
        if versions(room.client, room.pool):
            break
        threading.Event().wait(0.1)
    template = {"job_configuration": {"command": "{{ command }}"}, "variables": {"properties": {"command": {}}}}
    room.client.request("PATCH", f"/work_pools/{room.pool}", json={"base_job_template": template})
    worker = {"workPool": room.pool, "name": "old", "restartOn": {"baseJobTemplate": "of-another"}}
    entries = [
        ResourceEntry("u1", "prefect:index:WorkPool", True, inputs={"name": room.pool}),
        ResourceEntry("u2", "prefect:index:ProcessWorker", True, inputs=worker),
        ResourceEntry("u3", "prefect:index:WorkerOnline", True, inputs={"workPool": room.pool, "workers": ["gone"]}),
        ResourceEntry("u4", "prefect:index:WorkPool", True, inputs={"name": "pool-that-is-gone"}),
    ]
    report = worker_report(room.client, "dev", Connection(ConnectionSettings(api_url=prefect_server)), entries)
    pool = next(each for each in report.pools if each.name == room.pool)
    gone, old = pool.workers
    assert (gone.name, gone.status, gone.last_heartbeat) == ("gone", "MISSING", None)
    assert (old.status, old.version, old.skew, old.stale_template) == ("ONLINE", "3.0.1", True, True)
    known = facts(room.client, room.pool, ["old", "gone"])
    assert (known["old"]["version"], known["gone"]["status"]) == ("3.0.1", "MISSING")
    assert skew(known) == [f"worker old runs Prefect 3.0.1, the server {report.version}"]
    warnings = "\n".join(report.warnings())
    assert f"worker old of work pool {room.pool} runs Prefect 3.0.1, the server {report.version}" in warnings
    assert f"worker gone of work pool {room.pool} is missing" in warnings
    assert "started before the pool's base job template changed" in warnings
    assert "the base job template lacks " in warnings
    assert next(each for each in report.pools if each.name == "pool-that-is-gone").status == "MISSING"
