"""What a stack's row says of its flows, on a real server without workers."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from prefect_pulumi.api.blocking import BlockingClient
from prefect_pulumi.api.cloud import ui_address
from prefect_pulumi.app.health import ACTION_FAILED
from tests.support.projects import Project
from tests.support.wait import until

PROGRAM = """
from prefect_pulumi.resources import Automation, Deployment, DeploymentSchedule, Flow, WorkPool

pool = WorkPool("etl", name="{n}", type="process")
flow = Flow("load", name="{n}")
for name in ("daily", "hourly"):
    deployment = Deployment(name, name=name, flow_name=flow.name, work_pool_name=pool.name, entrypoint="flows.py:load")
DeploymentSchedule("hourly", deployment_id=deployment.id, interval=3600, slug="hourly")
Automation(
    "tell",
    name="{n}",
    trigger={{"type": "event", "posture": "Reactive", "expect": ["{n}"], "threshold": 1}},
    actions=[{{"type": "do-nothing"}}],
)
"""


def run(client: BlockingClient, deployment: str, name: str, *states: tuple[str, str]) -> None:
    body = {"name": name, "idempotency_key": name}
    made = client.request("POST", f"/deployments/{deployment}/create_flow_run", json=body, idempotent=True)
    for type, state in states:
        change = {"state": {"type": type, "name": state, "message": "out of\nmemory"}, "force": True}
        client.request("POST", f"/flow_runs/{made['id']}/set_state", json=change, idempotent=True)


@pytest.mark.parametrize(
    ("api_url", "pages"),
    [
        ("http://127.0.0.1:4200/api", "http://127.0.0.1:4200"),
        ("https://example.com/prefect/api/", "https://example.com/prefect"),
        ("https://api.prefect.cloud/api/accounts/a/workspaces/w", "https://app.prefect.cloud/account/a/workspace/w"),
        (
            "https://prefect.example.com/api/accounts/a/workspaces/w",
            "https://prefect.example.com/account/a/workspace/w",
        ),
    ],
)
def test_pages_are_beside_the_api(api_url: str, pages: str) -> None:
    assert ui_address(api_url) == pages


def test_a_stack_that_is_not_well_says_why(small: Project, prefect_server: str) -> None:
    n = f"health_{uuid4().hex[:8]}"
    (small.root / "review.yaml").write_text("unmanaged: hide\n")
    small.write(PROGRAM.format(n=n))
    small.infra("up", "--yes")
    client = BlockingClient(prefect_server)
    try:
        daily, hourly = (client.request("GET", f"/deployments/name/{n}/{name}")["id"] for name in ("daily", "hourly"))
        late = ("SCHEDULED", "Late")
        run(client, daily, "first", late)
        run(client, daily, "second", late)
        run(client, hourly, "failing", ("RUNNING", "Running"), ("CRASHED", "Crashed"))
        run(client, hourly, "under-way", ("RUNNING", "Running"))
        automation = client.request("POST", "/automations/filter", json={"automations": {"name": {"any_": [n]}}})[0]
        event = {
            "event": ACTION_FAILED,
            "occurred": datetime.now(UTC).isoformat(),
            "id": str(uuid4()),
            "resource": {"prefect.resource.id": f"prefect.automation.{automation['id']}", "prefect.resource.name": n},
        }
        client.request("POST", "/events", json=[event])
        chosen = {"filter": {"event": {"name": [ACTION_FAILED]}, "id": {"id": [event["id"]]}}}
        until(lambda: client.request("POST", "/events/filter", json=chosen)["events"], 60)
        to_come = {"deployments": {"id": {"any_": [hourly]}}, "flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}}
        until(lambda: client.request("POST", "/flow_runs/filter", json=to_come), 60)  # the scheduler has its own pace
    finally:
        client.close()

    done = small.infra("status", "--json", "--no-drift", "--exit-code", check=False)
    assert done.returncode == 3
    row: dict[str, Any] = json.loads(done.stdout)["stacks"][0]
    problems = {problem["subject"]: (problem["text"], problem["url"]) for problem in row["health"]}
    page = ui_address(prefect_server)
    text, url = problems[f"{n}/daily"]
    assert text.startswith("2 runs wait since 20")
    assert text.endswith(f": no worker of work pool {n} is online")
    assert url == f"{page}/deployments/deployment/{daily}"
    assert problems[f"{n}/hourly"][0] == "the last run, failing, ended Crashed: out of memory"
    assert problems[f"work pool {n}"][0] == "no worker of it is online"
    assert problems[f"automation {n}"][0] == "an action failed once in 24 h"
    assert row["runs"]["counts"] == {"CRASHED": 1, "RUNNING": 1}
    assert row["runs"]["next"]["deployment"] == f"{n}/hourly"
    assert datetime.fromisoformat(row["runs"]["next"]["time"]) < datetime.now(UTC) + timedelta(hours=1)
    assert f"({page}/deployments/deployment/{daily})" in small.infra("status", "--no-drift").stderr


def test_a_change_that_failed_is_told_until_one_succeeds(small: Project) -> None:
    (small.root / "review.yaml").write_text("unmanaged: hide\n")
    variable = f"health_{uuid4().hex[:8]}"
    program = f"from prefect_pulumi.resources import Variable\n\nVariable('v', name={variable!r}, value=1)\n"
    small.write(program)
    small.infra("up", "--yes")
    assert small.infra("status", "--exit-code").returncode == 0
    small.write("raise RuntimeError('no such table')")
    small.infra("up", "--yes", check=False)
    status = small.infra("status", "--no-drift")
    assert "dev: up failed 20" in status.stderr
    assert "no such table" in status.stderr
    assert small.infra("status", "--no-drift", "--exit-code", check=False).returncode == 3
    small.write(program)
    small.infra("up", "--yes")
    assert "up failed" not in small.infra("status", "--no-drift").stderr
