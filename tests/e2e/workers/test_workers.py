"""Process workers as resources: several, healed, and through a restart of their server, on both engines."""

from __future__ import annotations

import json
from typing import Any

import psutil
import pytest

from prefect_pulumi.local import server

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600), pytest.mark.usefixtures("database_template")]


def noted(project: Any, worker: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((project.root / f".infra/dev/workers/{worker}/worker.json").read_text())
    return found


def report(project: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(project.infra("status", "-s", "dev", "--json").stdout)
    return found


def end(pid: int) -> None:
    process = psutil.Process(pid)
    process.kill()
    psutil.wait_procs([process], timeout=30)


def survives_a_restart_of_the_server(project: Any, engine: Any) -> None:
    kept = noted(project, "etl-1")["pid"]
    folder = project.root / ".infra/dev/server"
    noted_server = json.loads((folder / "server.json").read_text())
    running = psutil.Process(noted_server["pid"])
    for process in [*running.children(recursive=True), running]:
        process.kill()
    psutil.wait_procs([running], timeout=30)
    engine.up()
    assert server.healthy(f"http://127.0.0.1:{noted_server['port']}/api", timeout=10)
    assert noted(project, "etl-1")["pid"] == kept
    assert project.infra("run", "heartbeat/every-quarter-hour", "--timeout", "120").returncode == 0


@pytest.mark.repeated
def test_workers_are_healed_survive_the_server_and_end(project: Any, engine: Any) -> None:
    project.edit("Pulumi.dev.yaml", "workers: 1", "workers: 2\n        job: {env: {TEAM: data}}")
    engine.up()
    shown = report(project)
    (pool,) = shown["pools"]
    assert [(w["name"], w["status"], w["declared"], w["skew"]) for w in pool["workers"]] == [
        ("etl-1", "ONLINE", True, False),
        ("etl-2", "ONLINE", True, False),
    ]
    assert shown["warnings"] == []
    assert "etl-2" in project.infra("status", "-s", "dev").stdout
    facts = json.loads(project.infra("outputs", "workers", "--json").stdout)["etl"]
    assert set(facts) == {"etl-1", "etl-2"}
    for of in facts.values():
        assert of["status"] == "ONLINE"
        assert of["lastHeartbeat"]
        assert of["version"] == of["serverVersion"] == shown["version"]
    # A heartbeat that moves on is no change.
    assert engine.changes(refresh=True) == {}

    kept, lost = noted(project, "etl-1")["pid"], noted(project, "etl-2")["pid"]
    end(lost)
    assert engine.changes() == {"update": 1}
    engine.up()
    assert engine.changes() == {}
    assert noted(project, "etl-1")["pid"] == kept
    assert noted(project, "etl-2")["pid"] != lost

    if engine.name == "embedded":
        survives_a_restart_of_the_server(project, engine)
    pids = [noted(project, name)["pid"] for name in ("etl-1", "etl-2")]
    engine.destroy()
    assert not [pid for pid in pids if psutil.pid_exists(pid)]
    assert not list(project.root.glob(".infra/dev/workers/*/worker*.json"))
