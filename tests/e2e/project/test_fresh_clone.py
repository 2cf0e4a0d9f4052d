"""From a fresh clone to completed flow runs, and back to nothing: what the README promises."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.git_repository import git
from tests.support.projects import REPOSITORY
from tests.support.rest import call

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

DEPLOYMENTS = ["import-orders/daily", "import-orders/on-demand", "heartbeat/every-quarter-hour"]


def _processes(project: Any) -> list[str]:
    """Whatever runs in or for the project's folder."""
    found = []
    for process in psutil.process_iter(["cmdline", "cwd"]):
        cwd, command = process.info["cwd"] or "", " ".join(process.info["cmdline"] or [])
        if cwd.startswith(str(project.root)) or str(project.root) in command:
            found.append(command)
    return found


def _commit_all(project: Any) -> None:
    git(project.root, "init", "--quiet")
    git(project.root, "add", "--all")
    git(project.root, "commit", "--quiet", "--message", "a fresh clone")


def _make(root: Path, target: str) -> str:
    """Runs the README's command as a new user would, the settings of this test run left out."""
    hidden = ("PREFECT_", "PULUMI_", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV", "MAKE")
    env = {key: value for key, value in os.environ.items() if not key.startswith(hidden)}
    done = subprocess.run(
        ["make", target, f"PYTHON={sys.executable}"],
        cwd=root,
        env=env,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_readme_commands_in_a_fresh_clone(project: Any) -> None:
    """`make up`, the runs, `make up` again, `make down`: with an own `.venv`, in a path with a space."""
    shutil.rmtree(project.root / ".venv")
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    files = subprocess.run(listed, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    for name in filter(None, files.split("\0")):
        source, target = REPOSITORY / name, project.root / name
        if source.is_file() and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    _commit_all(project)

    first = _make(project.root, "up")
    assert "16 created" in first
    assert all(f"infra run '{name}'" in first for name in DEPLOYMENTS)
    assert re.search(r"load your flow from: .*/flows/orders\.py\. To see more options", first), "a pipe folds nothing"
    for name in DEPLOYMENTS:
        done = subprocess.run(
            [project.root / ".venv/bin/infra", "run", name],
            cwd=project.root,
            capture_output=True,
            text=True,
            check=True,
        )
        assert "[Completed]" in done.stdout, done.stdout
    assert "No changes: 16 resources are as declared." in _make(project.root, "up")
    assert "16 deleted" in _make(project.root, "down")
    assert git(project.root, "status", "--short") == ""
    assert _processes(project) == []


@pytest.mark.usefixtures("database_template")
@pytest.mark.repeated
def test_up_run_down(engine: Any, project: Any) -> None:
    _commit_all(project)

    engine.up()
    assert engine.changes() == {}
    outputs = json.loads(project.infra("outputs", "--json").stdout)
    assert sorted(outputs["deployments"]) == sorted(DEPLOYMENTS)

    for name in DEPLOYMENTS:
        done = project.infra("run", name)
        assert "[Completed]" in done.stdout, done.stdout
    assert "dev-only-token" not in "".join(path.read_text() for path in project.root.glob(".infra/dev/workers/*/*.log"))

    api = outputs["ui"] + "/api"
    flow_runs = call(api, "POST", "/flow_runs/filter", {"flows": {"name": {"any_": ["import-orders"]}}})
    task_runs = call(
        api, "POST", "/task_runs/filter", {"flow_runs": {"id": {"any_": [run["id"] for run in flow_runs]}}}
    )
    extracts = [run for run in task_runs if run["name"].startswith("extract")]
    assert [run["run_count"] for run in extracts] == [2, 2]
    rates = sorted(run["state"]["name"] for run in task_runs if run["name"].startswith("exchange_rates"))
    assert rates == ["Cached", "Completed"]

    engine.destroy()
    assert git(project.root, "status", "--short") == ""
    assert _processes(project) == []


@pytest.mark.usefixtures("database_template")
@pytest.mark.repeated
def test_dead_worker_and_server_are_healed(engine: Any, project: Any) -> None:
    engine.up()
    for noted in ("server/server.json", "workers/etl-1/worker.json"):
        pid = json.loads((project.root / ".infra/dev" / noted).read_text())["pid"]
        parent = psutil.Process(pid)
        for process in [*parent.children(recursive=True), parent]:
            process.kill()
        psutil.wait_procs([parent], timeout=10)
        assert engine.changes() == {"update": 1}
        engine.up()
        assert engine.changes() == {}
