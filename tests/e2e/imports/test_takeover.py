"""What the program declares and the server has already is taken over: by `infra import` and by `infra up --adopt`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from prefect_pulumi.api.blocking import BlockingClient
from tests.support.projects import Project

pytestmark = pytest.mark.e2e
PROGRAM = """\
import pulumi
from prefect_pulumi.resources import Provider, Variable, WorkPool, WorkQueue


class Place(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("team:index:Place", name)
        child = pulumi.ResourceOptions(parent=self)
        provider = Provider("server", child, api_url=pulumi.Config("prefect").require("apiUrl"))
        options = pulumi.ResourceOptions(parent=self, provider=provider)
        pool = WorkPool("pool", options, name="{n}", type="process", description="declared", concurrency_limit=3)
        WorkQueue("queue", options, name="q", work_pool_name=pool.name)
        Variable("setting", options, name="{n}", value="declared")


Place("place")
"""


@pytest.fixture
def client(prefect_server: str) -> Iterator[BlockingClient]:
    client = BlockingClient(prefect_server)
    yield client
    client.close()


@pytest.fixture
def declared(small: Project, client: BlockingClient) -> str:
    """Name of a work pool and a variable that the program declares in a component and that were made outside."""
    name = f"taken-{uuid4().hex[:8]}"
    client.request("POST", "/work_pools/", json={"name": name, "type": "process", "description": "live"})
    client.request("POST", "/variables/", json={"name": name, "value": "live"})
    small.write(PROGRAM.replace("{n}", name))
    return name


def state(project: Project) -> dict[str, Any]:
    """Name -> state entry."""
    document = json.loads(project.infra("stack", "export").stdout)
    return {entry["urn"].split("::")[-1]: entry for entry in document["deployment"]["resources"]}


def steps(project: Project, *options: str) -> list[tuple[str, str]]:
    document = json.loads(project.infra("preview", "--json", *options).stdout)
    return [(step["op"], step["urn"].split("::")[-1]) for step in document["steps"] if step["op"] != "same"]


def ids(client: BlockingClient, name: str) -> tuple[str, str]:
    pool, variable = client.request("GET", f"/work_pools/{name}"), client.request("GET", f"/variables/name/{name}")
    return pool["id"], variable["id"]


def test_import_leads_out_of_exists_already(small: Project, client: BlockingClient, declared: str) -> None:
    before = ids(client, declared)
    refused = small.infra("up", "--yes", check=False)
    assert refused.returncode == 1
    assert f"infra import WorkPool {declared} --name pool -s dev" in refused.stderr
    assert "infra up -s dev --adopt" in refused.stderr
    done = small.infra("import", "WorkPool", declared, "--name", "pool", "-s", "dev")
    assert done.stdout == ""
    assert "team:index:Place$prefect:index:WorkPool::pool" in done.stderr
    small.infra("import", "Variable", declared)  # found by the object that it names
    assert state(small)["pool"]["parent"].endswith("team:index:Place::place")
    assert sorted(steps(small)) == [("create", "queue"), ("update", "pool"), ("update", "setting")]
    small.infra("up", "--yes")
    assert ids(client, declared) == before
    assert client.request("GET", f"/work_pools/{declared}")["description"] == "declared"
    assert steps(small, "--refresh") == []


def test_import_before_the_first_update(small: Project, client: BlockingClient, declared: str) -> None:
    before = ids(client, declared)
    small.infra("import", "WorkPool", before[0])
    small.infra("import", "Variable", declared)
    assert [step for step in steps(small) if step[0] in {"delete", "replace"}] == []
    small.infra("up", "--yes")
    assert ids(client, declared) == before
    assert steps(small, "--refresh") == []


def test_import_of_what_the_program_does_not_declare(small: Project, client: BlockingClient, declared: str) -> None:
    other = f"{declared}-other"
    client.request("POST", "/variables/", json={"name": other, "value": "live"})
    done = small.infra("import", "Variable", other, "--no-protect")
    assert f'"{other}", pulumi.ResourceOptions(provider=server), value="live"' in done.stdout
    assert ("create", "setting") in steps(small)


def test_import_under_a_program_that_fails(small: Project, declared: str) -> None:
    small.write("raise RuntimeError('not today')\n")
    done = small.infra("import", "Variable", declared)
    assert "the program's preview failed" in done.stderr
    assert f'Variable("{declared}"' in done.stdout


def test_adopt_takes_over_what_is_declared(small: Project, client: BlockingClient, declared: str) -> None:
    before = ids(client, declared)
    assert ("create", "pool") in steps(small)
    shown = small.infra("preview", "--adopt").stderr
    assert "2 to import" in shown
    assert "description (update): 'live' -> 'declared'" in shown
    assert "concurrencyLimit (add): not set -> 3" in shown
    assert "value (update): 'live' -> 'declared'" in shown
    assert client.request("GET", f"/work_pools/{declared}")["description"] == "live"
    small.infra("up", "--yes", "--adopt")
    assert ids(client, declared) == before
    assert client.request("GET", f"/work_pools/{declared}")["description"] == "declared"
    assert client.request("GET", f"/variables/name/{declared}")["value"] == "declared"
    assert steps(small, "--refresh", "--adopt") == []


def test_adopt_never_replaces(small: Project, client: BlockingClient, declared: str) -> None:
    small.edit("infra/__main__.py", 'type="process"', 'type="docker"')
    refused = small.infra("up", "--yes", "--adopt", check=False)
    assert refused.returncode == 2
    assert "cannot be changed in place: type" in refused.stderr
    assert client.request("GET", f"/work_pools/{declared}")["type"] == "process"
    assert client.request("GET", f"/variables/name/{declared}")["value"] == "live"


def test_adopt_leaves_what_another_resource_manages(small: Project, client: BlockingClient, declared: str) -> None:
    small.write(f"from prefect_pulumi.resources import Variable\nVariable('first', name='{declared}', value='live')\n")
    small.infra("import", "Variable", declared, "--name", "first")
    small.write(f"from prefect_pulumi.resources import Variable\nVariable('second', name='{declared}', value='live')\n")
    refused = small.infra("up", "--yes", "--adopt", check=False)
    assert refused.returncode == 2
    assert "is managed already, as urn:pulumi:dev::prefect-infra::prefect:index:Variable::first" in refused.stderr


def test_adopt_takes_deployments_and_schedules(small: Project, client: BlockingClient) -> None:
    n = f"taken-{uuid4().hex[:8]}"
    flow = client.request("POST", "/flows/", json={"name": n})
    deployment = client.request("POST", "/deployments/", json={"name": n, "flow_id": flow["id"]})
    route = f"/deployments/{deployment['id']}/schedules"
    body = {"schedule": {"cron": "0 3 * * *", "timezone": "UTC"}, "active": True, "slug": "nightly"}
    client.request("POST", route, json=[body])
    small.write(
        "from prefect_pulumi.resources import Deployment, DeploymentSchedule, Flow\n"
        f"flow = Flow('flow', name='{n}')\n"
        f"deployment = Deployment('deployment', name='{n}', flow_name=flow.name)\n"
        "DeploymentSchedule('nightly', deployment_id=deployment.id, cron='0 4 * * *', slug='nightly')\n"
    )
    small.infra("up", "--yes", "--adopt")
    schedules = client.request("GET", route)
    assert [schedule["schedule"]["cron"] for schedule in schedules] == ["0 4 * * *"]
    entries = state(small)
    assert entries["deployment"]["id"] == deployment["id"]
    assert entries["nightly"]["id"] == schedules[0]["id"]
    assert steps(small, "--refresh") == []
