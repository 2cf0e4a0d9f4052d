"""Deployments that `prefect deploy`, `flow.deploy()` and `serve()` made are taken over: ids, runs, schedules stay."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from tests.support.flow_projects import FlowProject

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
SCRIPT = """
import asyncio, sys
from pathlib import Path
from prefect import flow
from prefect.runner import Runner
from flow import hello

source = flow.from_source(source=str(Path.cwd()), entrypoint="flow.py:hello")
source.deploy("deployed", work_pool_name=sys.argv[1], cron="0 5 * * *", tags=["by-hand"], parameters={"name": "Ada"})

async def serve():
    # What `hello.serve("served", interval=3600)` does until it is ended.
    runner = Runner(name="served")
    await runner.aadd_flow(hello, name="served", interval=3600)
    await runner.start(run_once=True)

asyncio.run(serve())
"""
DECLARED = {
    "deployed": "    tags: [team]\n    schedules: [{cron: 0 5 * * *}]\n",
    "served": "    paused: false\n    schedules: [{interval: 3600}]\n",
    "plain": "    description: of the file\n    schedules: [{slug: nightly, cron: 0 2 * * *}]\n",
}


@pytest.fixture
def taken(plain_site: FlowProject) -> FlowProject:
    """A deployment of each kind, each with a run of the past, and a program that declares all three."""
    site = plain_site
    site.program()
    site.client.request("POST", "/work_pools/", json={"name": site.pool, "type": "process"})
    env = {**os.environ, "PREFECT_API_URL": site.client_url, "PREFECT_HOME": str(site.root.parent / "home")}

    def run(*words: str) -> None:
        command = [sys.executable, *words]
        done = subprocess.run(command, cwd=site.root, env=env, capture_output=True, text=True, timeout=280, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    site.write(plain=DECLARED["plain"].replace("of the file", "of the past"))
    run("-m", "prefect", "--no-prompt", "deploy", "--all")
    run("-c", SCRIPT, site.pool)
    for name in DECLARED:
        site.client.request("POST", f"/deployments/{site.live(name)['id']}/create_flow_run", json={"name": "past"})
    site.write(**DECLARED)
    return site


def schedules(row: dict[str, Any]) -> list[tuple[str, bool]]:
    rules = [(schedule["schedule"], schedule["active"]) for schedule in row["schedules"]]
    return [(str(rule.get("cron") or rule.get("interval")), active) for rule, active in rules]


def runs_of_the_past(site: FlowProject, name: str) -> set[str]:
    body = {"deployments": {"id": {"any_": [site.live(name)["id"]]}}, "flow_runs": {"name": {"any_": ["past"]}}}
    return {row["id"] for row in site.client.paged("/flow_runs/filter", body)}


def test_runs_and_schedules_stay(taken: FlowProject) -> None:
    site = taken
    rows = {name: site.live(name) for name in DECLARED}
    runs = {name: runs_of_the_past(site, name) for name in DECLARED}
    assert rows["served"]["paused"]  # as `serve()` leaves it
    refused = site.project.infra("up", "--yes", check=False)
    assert refused.returncode != 0
    assert "--adopt" in refused.stderr
    assert {name: site.live(name) for name in DECLARED} == rows

    shown = site.project.infra("preview", "--adopt").stderr
    for line in (
        f"= adopt {site.flow}/deployed",
        "tags: ['by-hand'] -> ['team']",
        f"= adopt {site.flow}/served",
        "paused: True -> False",
        f"work_pool_name: none -> {site.pool}",
        f"= adopt {site.flow}/plain",
        "description: of the past -> of the file",
    ):
        assert line in shown
    assert {name: site.live(name) for name in DECLARED} == rows

    site.project.infra("up", "--yes", "--adopt")
    now = {name: site.live(name) for name in DECLARED}
    assert {name: row["id"] for name, row in now.items()} == {name: row["id"] for name, row in rows.items()}
    assert {name: schedules(row) for name, row in now.items()} == {name: schedules(row) for name, row in rows.items()}
    assert {name: runs_of_the_past(site, name) for name in DECLARED} == runs
    assert all(runs.values())
    assert not now["served"]["paused"]
    assert now["served"]["work_pool_name"] == site.pool
    assert site.project.infra("preview", "--refresh", "--expect-no-changes").returncode == 0
