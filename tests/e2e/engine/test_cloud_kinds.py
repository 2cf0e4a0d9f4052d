"""Kinds that only Prefect Cloud has through one program, on each engine, before the stand-in of Cloud's contract."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.e2e.conftest import engine_of
from tests.support.cloud.proxy import CloudProxy
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


@pytest.fixture
def cloud(prefect_server: str) -> Iterator[CloudProxy]:
    with CloudProxy(prefect_server) as proxy:
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
