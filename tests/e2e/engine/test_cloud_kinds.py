"""Kinds that only Prefect Cloud has through one program, on each engine, before the stand-in of Cloud's contract."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
import yaml

from tests.e2e.conftest import engine_of
from tests.support.cloud.account import fixed
from tests.support.cloud.proxy import CloudProxy
from tests.support.commands import infra
from tests.support.engines import Engine
from tests.support.projects import Project

pytestmark = [pytest.mark.e2e, pytest.mark.self_hosted]  # it puts the proxy there itself
PROGRAM = """
import pulumi
from prefect_pulumi.resources import ServiceAccount, Team, Webhook, WorkspaceRole

config = pulumi.Config()
n, stage = config.require("n"), config.require_int("stage")
bot = ServiceAccount(f"bot-{n}", keepers={"stage": str(stage)})
Webhook(f"hook-{n}", template="{}", enabled=stage == 1)
Team(f"team-{n}", description=f"stage {stage}")
WorkspaceRole(f"role-{n}", scopes=["see_flows", "run_flows"][:stage])
pulumi.export("key", bot.api_key)
"""

FROM_FILE = """
import pulumi
from prefect_pulumi.components import Server, declare_automations, declare_objects, load_environment
from prefect_pulumi.resources import Deployment, Flow

environment = load_environment()
server = Server("server", environment.server)
objects = declare_objects(environment, server)
flow = Flow("flow-NNN", server.options)
daily = Deployment("daily", server.options, flow_name=flow.name)
declare_automations(environment, objects, deployments={"flow-NNN/daily": daily.id})
"""
ENVIRONMENT = """\
config:
  prefect-infra:environment:
    server: {api_url: URL}
    pools:
      pool-NNN: {type: process}
    secrets:
      token-NNN: {default: harmless}
    webhooks:
      hook-NNN: {template: "{}", service_account: ci-NNN}
    service_accounts:
      ci-NNN: {account_role: Member}
    teams:
      team-NNN: {members: [user/ada@example.com, service_account/ci-NNN]}
    workspace_roles:
      role-NNN: {scopes: [see_flows], inherited_role: base-NNN}
      base-NNN: {inherited_role: Viewer}
    workspaces:
      space-NNN: {name: Space, default_role: role-NNN, deletion_protection: false}
    workspace_access:
      user/ada@example.com: role-NNN
      service_account/ci-NNN: Developer
      team/team-NNN: Viewer
    deployment_access:
      flow-NNN/daily: {manage: [team/team-NNN], run: [service_account/ci-NNN], view: ["*"]}
    work_pool_access:
      pool-NNN: {run: [user/ada@example.com], view: ["*"]}
    block_access:
      secret/token-NNN: {manage: [team/team-NNN]}
    slas:
      flow-NNN/daily: [{name: in-time, duration: 600}, {name: often, stale_after: 60, severity: low}]
    managed_automations:
      zombie-cleanup: {settings: {grace_seconds: 30}}
"""


@pytest.fixture
def cloud(prefect_server: str) -> Iterator[CloudProxy]:
    with CloudProxy(prefect_server) as proxy:
        httpx.post(
            f"{proxy.url}/work_pools/filter", json={}, timeout=120
        )  # the first one waits for the server's schema
        yield proxy
    assert proxy.faults == []


@pytest.fixture
def workspace(cloud: CloudProxy, tmp_path: Path) -> Project:
    return Project.small(tmp_path / "a workspace", cloud.url, PROGRAM)


@pytest.fixture(params=["embedded", pytest.param("pulumi", marks=pytest.mark.matrix)])
def engine(request: pytest.FixtureRequest, workspace: Project) -> Engine:
    return engine_of(request.param, workspace, request)


def rows(cloud: CloudProxy) -> dict[str, list[dict[str, object]]]:
    return {key.split("/")[-2]: list(rows.values()) for key, rows in cloud.stand_in.rows.items()}


def test_a_life_on_each_engine(engine: Engine, workspace: Project, cloud: CloudProxy) -> None:
    workspace.infra("config", "set", "n", uuid4().hex[:8])
    workspace.infra("config", "set", "stage", "1")
    engine.up()
    assert engine.changes(refresh=True) == {}
    first = set(cloud.stand_in.keys.values())

    workspace.infra("config", "set", "stage", "2")
    assert engine.changes() == {"update": 4}
    engine.up()
    (bot,) = rows(cloud)["bots"]
    key = cloud.stand_in.keys[bot["api_key"]["id"]]  # type: ignore[index]
    outputs = json.loads(workspace.infra("outputs", "--json", "--show-secrets").stdout)
    assert outputs["key"] == key not in first
    slug = str(rows(cloud)["webhooks"][0]["slug"])
    kept = [path for path in workspace.root.rglob("*") if path.is_file() and ".venv" not in path.parts]
    assert not [path for path in kept for secret in (key, slug, *first) if secret.encode() in path.read_bytes()]

    rows(cloud)["teams"][0]["description"] = "from the UI"
    assert set(engine.changes(refresh=True)) == {"update"}
    engine.up(refresh=True)
    assert engine.changes(refresh=True) == {}
    engine.destroy()
    assert not any(rows(cloud).values())


def test_a_stack_file_declares_them_by_name(engine: Engine, workspace: Project, cloud: CloudProxy) -> None:
    number, file = uuid4().hex[:6], workspace.root / "Pulumi.dev.yaml"
    file.write_text(ENVIRONMENT.replace("NNN", number).replace("URL", cloud.url))
    workspace.write(FROM_FILE.replace("NNN", number))
    engine.up()
    assert engine.changes(refresh=True) == {}
    live, people = rows(cloud), cloud.stand_in.account
    ids = {row["name"]: str(row["id"]) for key in ("workspace_roles", "bots", "teams") for row in live[key]}
    (space,) = live["workspaces"]
    assert space["default_workspace_role_id"] == ids[f"role-{number}"]
    inherited = {str(row["name"]): row.get("inherited_role_id") for row in live["workspace_roles"]}
    assert inherited[f"role-{number}"] == ids[f"base-{number}"]
    assert live["webhooks"][0]["service_account_id"] == ids[f"ci-{number}"]
    granted = {kind: [row["workspace_role_id"] for row in rows.values()] for (_, kind), rows in people.access.items()}
    assert granted["user"] == [ids[f"role-{number}"]]
    assert [len(granted[kind]) for kind in ("bot", "team")] == [1, 1]
    (team,) = live["teams"]
    types = {member["type"] for member in team["memberships"]}  # type: ignore[attr-defined]
    assert types == {"user", "service_account"}  # added concurrently
    assert [item["name"] for rows in people.slas.values() for item in rows] == ["in-time", "often"]
    assert people.managed["zombie-cleanup"]["settings"] == {"grace_seconds": 30}

    file.write_text(file.read_text().replace("duration: 600", "duration: 900").replace("Developer", "Viewer"))
    assert engine.changes() == {"update": 2}
    engine.up()
    engine.destroy()
    assert not any(rows(cloud).values())
    assert not any(people.access.values())
    assert not people.managed


def test_what_a_workspace_has_is_imported_and_what_no_stack_has_is_drift(
    workspace: Project, cloud: CloudProxy, tmp_path: Path
) -> None:
    number = uuid4().hex[:6]

    def hook(name: str) -> None:
        httpx.post(f"{cloud.url}/webhooks/", json={"name": name, "template": "{}", "enabled": False})

    for name in (f"hook-{number}", "twice", "twice"):
        hook(name)
    ada, viewer = fixed("user ada"), fixed("workspace role Viewer")
    httpx.post(f"{cloud.url}/user_access/", json={"user_id": ada, "workspace_role_id": viewer})
    httpx.put(f"{cloud.url}/automations/managed/zombie-cleanup", json={"settings": {"grace_seconds": 5}})
    kinds = [word for kind in ("Webhook", "WorkspaceAccess", "ManagedAutomation") for word in ("--kind", kind)]
    done = infra(tmp_path, "import", "--all", *kinds, "--out", "new", PREFECT_API_URL=cloud.url)
    assert done.stdout.count("left out: Webhook twice: several have this name") == 2
    new = Project(tmp_path / "new")
    settings = yaml.safe_load((new.root / "Pulumi.dev.yaml").read_text())["config"]["new:environment"]
    assert settings["webhooks"] == {f"hook-{number}": {"template": "{}", "enabled": False}}
    assert settings["workspace_access"] == {"user/ada@example.com": "Viewer"}
    assert settings["managed_automations"] == {"zombie-cleanup": {"settings": {"grace_seconds": 5}}}
    infra(new.root, "preview", "--refresh", "--expect-no-changes")

    hook(f"other-{number}")
    cloud.stand_in.account.managed["zombie-cleanup"]["settings"]["grace_seconds"] = 6
    report = json.loads(infra(new.root, "drift", "--json", check=False).stdout)
    found = {(item["kind"], item["name"]): item["cls"] for item in report["environments"][0]["items"]}
    assert found["Webhook", f"other-{number}"] == "unmanaged live"
    assert found["ManagedAutomation", "zombie-cleanup"] == "changed live"
