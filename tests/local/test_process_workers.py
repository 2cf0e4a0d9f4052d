"""Process workers under their supervisor, against a real server."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from prefect_pulumi.api.blocking import BlockingClient
from prefect_pulumi.api.workers import mark_crashed, versions, workers
from prefect_pulumi.core.errors import LocalProcessError
from prefect_pulumi.core.provider_protocol import (
    Changes,
    CreateRequest,
    DeleteRequest,
    DiffKind,
    DiffRequest,
    UpdateRequest,
)
from prefect_pulumi.local import worker
from prefect_pulumi.provider.provider import PrefectProvider
from tests.support.hosts import SilentHost
from tests.support.wait import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

SLOW = """
import time
from pathlib import Path
from prefect import flow

@flow
def slow(seconds: int) -> None:
    Path("began").touch()
    time.sleep(seconds)
"""
URN = "urn:pulumi:dev::project::prefect:index:ProcessWorker::thing"


class Room:
    """A pool of its own, and one worker of it through the provider."""

    def __init__(self, url: str, root: Path) -> None:
        self.url, self.root = url, root
        self.pool = f"pool-{root.name}".replace("_", "-")
        self.provider = PrefectProvider(root, SilentHost())
        self.provider.configure({"apiUrl": url})
        self.client = BlockingClient(url)
        self.client.request("POST", "/work_pools/", json={"name": self.pool, "type": "process"}, idempotent=True)
        self.outputs: dict[str, Any] = {}
        self.inputs: dict[str, Any] = {"name": f"{self.pool}-1", "workPool": self.pool, "directory": "worker"}

    @property
    def spec(self) -> worker.WorkerSpec:
        handler: Any = self.provider.handler(URN)
        made: worker.WorkerSpec = handler.spec(self.inputs, self.url)
        return made

    def create(self) -> None:
        self.outputs = self.provider.create(CreateRequest(URN, self.inputs)).outputs

    def diff(self, **news: Any) -> Any:
        return self.provider.diff(
            DiffRequest(
                URN,
                self.inputs["name"],
                old_inputs=self.inputs,
                old_outputs=self.outputs,
                new_inputs={**self.inputs, **news},
            )
        )

    def update(self, **news: Any) -> None:
        news = {**self.inputs, **news}
        self.outputs = self.provider.update(
            UpdateRequest(
                URN,
                self.inputs["name"],
                old_inputs=self.inputs,
                old_outputs=self.outputs,
                new_inputs=news,
            )
        )
        self.inputs = news

    def heartbeat(self) -> Any:
        return workers(self.client, self.pool).get(self.inputs["name"], {}).get("last_heartbeat_time")

    def run(self, seconds: int) -> str:
        """A flow run of a sleeping flow; returns once it runs."""
        (self.root / "slow.py").write_text(SLOW)
        (self.root / "began").unlink(missing_ok=True)
        flow = self.client.request("POST", "/flows/", json={"name": f"slow-{self.pool}"}, idempotent=True)
        step = {"prefect.deployments.steps.set_working_directory": {"directory": str(self.root)}}
        deployment = self.client.request(
            "POST",
            "/deployments/",
            json={
                "name": "sleep",
                "flow_id": flow["id"],
                "entrypoint": "slow.py:slow",
                "work_pool_name": self.pool,
                "pull_steps": [step],
            },
            idempotent=True,
        )
        route = f"/deployments/{deployment['id']}/create_flow_run"
        body = {"parameters": {"seconds": seconds}, "idempotency_key": str(uuid.uuid4())}
        run = self.client.request("POST", route, json=body, idempotent=True)
        until(lambda: (self.root / "began").exists())
        return str(run["id"])

    def state(self, run: str) -> str:
        return str(self.client.request("GET", f"/flow_runs/{run}")["state_type"])


@pytest.fixture
def room(prefect_server: str, tmp_path: Path) -> Iterator[Room]:
    made = Room(prefect_server, tmp_path)
    yield made
    worker.stop(made.spec)
    made.provider.close()
    made.client.close()


def child(spec: worker.WorkerSpec) -> psutil.Process:
    found = spec.child_file.process()
    assert found is not None
    return found


def test_a_worker_that_dies_is_restarted_and_one_without_supervisor_is_healed(room: Room) -> None:
    room.create()
    spec = room.spec
    assert workers(room.client, room.pool)[room.inputs["name"]]["status"] == "ONLINE"
    assert room.diff().changes is Changes.NONE
    until(lambda: versions(room.client, room.pool) == {room.inputs["name"]: worker.prefect_version()})

    first = child(spec)
    first.kill()
    until(lambda: (found := spec.child_file.process()) is not None and found.pid != first.pid)
    assert worker.status(spec).starts == 2
    assert room.diff().changes is Changes.NONE

    orphan = child(spec)
    supervisor = psutil.Process(worker.status(spec).pid)
    supervisor.kill()
    psutil.wait_procs([supervisor], timeout=30)
    assert dict(room.diff().detailed) == {"status": DiffKind.UPDATE}
    before = room.heartbeat()
    room.update()
    assert not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE
    assert room.heartbeat() != before
    assert room.diff().changes is Changes.NONE


def test_a_foreign_process_under_the_noted_pid_is_drift_and_is_left_alone(room: Room) -> None:
    room.create()
    spec = room.spec
    noted = spec.file.read()
    other = psutil.Popen(["sleep", "600"])
    try:
        worker.stop(spec)
        spec.file.write(other.pid, {"fingerprint": noted["fingerprint"]})
        content = spec.file.path.read_text().replace(str(other.create_time()), "1.0")
        spec.file.path.write_text(content)
        assert dict(room.diff().detailed) == {"status": DiffKind.UPDATE}
        room.update()
        assert other.is_running()
        assert room.diff().changes is Changes.NONE
    finally:
        other.kill()
        other.wait()


def test_a_changed_trigger_restarts_after_the_running_flow_has_ended(room: Room) -> None:
    room.create()
    run = room.run(6)
    old = child(room.spec)
    assert dict(room.diff(restartOn={"template": "2"}).detailed) == {"restartOn": DiffKind.ADD}
    room.update(restartOn={"template": "2"})
    assert room.state(run) == "COMPLETED"
    assert child(room.spec).pid != old.pid
    assert room.diff().changes is Changes.NONE


def test_a_run_that_outlasts_the_drain_is_marked_crashed(room: Room) -> None:
    room.inputs["drainSeconds"] = 1
    room.create()
    run = room.run(600)
    room.provider.delete(DeleteRequest(URN, room.inputs["name"], room.inputs, room.outputs))
    assert room.state(run) == "CRASHED"
    mark_crashed(room.client, "00000000-0000-4000-8000-000000000000", "a run that is gone needs no mark")


def test_a_worker_that_cannot_run_says_why_and_is_not_left_behind(room: Room) -> None:
    (room.root / "prefect.py").write_text("raise SystemExit('this environment is broken')")
    with pytest.raises(LocalProcessError, match=r"(?s)cannot run: it ends at once.*this environment is broken"):
        room.create()
    assert not worker.running(room.spec)
    (room.root / "prefect.py").unlink()

    room.inputs |= {"workPool": f"{room.pool}-that-is-missing", "onlineSeconds": 4}
    with pytest.raises(LocalProcessError, match=r"(?s)has heard nothing of worker .* for 4 s; its log ends with"):
        room.create()
    assert not worker.running(room.spec)


@pytest.mark.parametrize("installed", ["3.4.25", "3.5.0"])
def test_an_older_prefect_is_refused_with_the_version_that_is_needed(installed: str) -> None:
    with pytest.raises(LocalProcessError, match=rf"worker of Prefect {installed} creates the pools") as refused:
        worker.need_prefect(installed)
    assert refused.value.remedy == "pip install 'prefect>=3.6.29'"
    worker.need_prefect("3.6.29")


def test_a_worker_inherits_what_is_named(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not what feeds a Secret block: the process outlives the command."""
    monkeypatch.setenv("TOKEN_OF_A_SECRET_BLOCK", "a secret value")
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")
    room.inputs["env"] = {"NAMED": "in workers.env"}
    room.create()
    for file in (room.spec.file, room.spec.child_file):
        process = until(file.process)
        environment = process.environ()
        assert "TOKEN_OF_A_SECRET_BLOCK" not in environment
        assert "a secret value" not in str(environment)
        assert environment["NAMED"] == "in workers.env"
        assert environment["https_proxy"] == "http://proxy.example:3128"
        assert environment["PREFECT_API_URL"] == room.url
        assert environment["PATH"]
