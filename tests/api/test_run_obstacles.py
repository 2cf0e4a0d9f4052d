"""Why a run does not begin, as a real server tells it; the workers are heartbeats that the test sends."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from prefect_pulumi.api import flow_runs
from prefect_pulumi.api.blocking import BlockingClient
from prefect_pulumi.api.run_obstacles import obstacle

pytestmark = [pytest.mark.e2e]


class Deployed:
    """A deployment on a pool and a queue of its own, and one run of it that nobody takes."""

    def __init__(self, address: str) -> None:
        self.client = BlockingClient(address)
        self.pool = f"pool-{uuid.uuid4().hex[:8]}"
        self.post("/work_pools/", {"name": self.pool, "type": "process"})
        self.queue = self.post(f"/work_pools/{self.pool}/queues", {"name": "urgent"})["id"]
        flow = self.post("/flows/", {"name": self.pool})["id"]
        body = {"name": "d", "flow_id": flow, "work_pool_name": self.pool, "work_queue_name": "urgent"}
        self.deployment = self.post("/deployments/", body)["id"]
        self.run = flow_runs.start(self.client, self.deployment, {}).id

    def post(self, path: str, body: Any) -> Any:
        return self.client.request("POST", path, json=body, idempotent=True)

    def patch(self, path: str, **body: Any) -> None:
        self.client.request("PATCH", path, json=body)

    def row(self) -> Any:
        return self.client.request("GET", f"/flow_runs/{self.run}")

    def obstacle(self) -> str:
        return flow_runs.follow(self.client, self.run, timeout=0).obstacle

    def polled(self) -> None:
        """A worker looks for runs, and the server has none for it that was due an hour ago."""
        self.post(f"/work_pools/{self.pool}/workers/heartbeat", {"name": "w", "heartbeat_interval_seconds": 30})
        body = {"work_queue_names": ["urgent"], "scheduled_before": "2020-01-01T00:00:00Z"}
        self.post(f"/work_pools/{self.pool}/get_scheduled_flow_runs", body)


@pytest.fixture(scope="module")
def deployed(prefect_server: str) -> Iterator[Deployed]:
    made = Deployed(prefect_server)
    yield made
    made.client.close()


def test_each_obstacle_has_its_words(deployed: Deployed) -> None:
    pool, queue = f"/work_pools/{deployed.pool}", f"/work_queues/{deployed.queue}"
    assert deployed.obstacle() == f"no worker of work pool {deployed.pool} is online"
    deployed.polled()
    assert deployed.obstacle() == ""
    for path, name in ((pool, "work pool"), (queue, "work queue urgent of work pool")):
        deployed.patch(path, is_paused=True)
        assert deployed.obstacle() == f"{name} {deployed.pool} is paused"
        deployed.patch(path, is_paused=False)
        deployed.patch(path, concurrency_limit=0)
        assert deployed.obstacle() == f"{name} {deployed.pool} has no free slot: its concurrency limit is 0"
        deployed.patch(path, concurrency_limit=None)


def test_a_queue_that_no_worker_polls(deployed: Deployed) -> None:
    deployed.polled()
    other = deployed.post(f"/work_pools/{deployed.pool}/queues", {"name": "idle"})["id"]
    assert obstacle(deployed.client, {**deployed.row(), "work_queue_id": other}) == (
        f"no worker polls work queue idle of work pool {deployed.pool}"
    )


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"state": {"type": "RUNNING", "name": "Running"}}, ""),
        ({"state": {"type": "SCHEDULED", "name": "AwaitingRetry"}}, ""),
        ({"state": {"name": "AwaitingConcurrencySlot"}}, "a concurrency limit of its deployment or its tags has no "),
        ({"work_pool_name": None}, "its deployment has no work pool, and no process serves it"),
        ({"work_queue_id": str(uuid.uuid4())}, ""),
    ],
)
def test_what_the_run_itself_tells(deployed: Deployed, changes: dict[str, Any], text: str) -> None:
    deployed.polled()
    said = obstacle(deployed.client, {**deployed.row(), **changes})
    assert said.startswith(text)
    assert bool(said) is bool(text)


def test_a_run_that_nobody_has_taken_is_cancelled_at_once(deployed: Deployed) -> None:
    run = flow_runs.start(deployed.client, deployed.deployment, {})
    flow_runs.cancel(deployed.client, run.id)
    ended = flow_runs.follow(deployed.client, run.id, timeout=0)
    assert (ended.state, ended.obstacle) == ("Cancelled", "")
    flow_runs.cancel(deployed.client, run.id)  # it has ended: nothing to do
    assert flow_runs.follow(deployed.client, run.id, timeout=0).state == "Cancelled"
