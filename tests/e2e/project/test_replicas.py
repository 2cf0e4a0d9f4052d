"""Two Prefect servers on one PostgreSQL behind a balancer: what one wrote is read through the other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from prefect_pulumi.api.blocking import BlockingClient
from prefect_pulumi.api.connection_settings import ConnectionSettings
from tests.support.gateway import Gateway, gateway
from tests.support.projects import Project
from tests.support.servers import AUTH, prefect_on

pytestmark = [pytest.mark.matrix, pytest.mark.e2e, pytest.mark.timeout(900)]

OBJECTS = 50
PROGRAM = f"""
from prefect_pulumi.resources import GlobalConcurrencyLimit, SecretBlock, Variable, WorkPool, WorkQueue

for number in range({OBJECTS // 5}):
    pool = WorkPool(f"replica-{{number}}", type="process")
    WorkQueue(f"replica-{{number}}", work_pool_name=pool.name, name="fast", priority=2)
    Variable(f"replica_{{number}}", name=f"replica_{{number}}", value=number)
    SecretBlock(f"replica-{{number}}", name=f"replica-{{number}}", value="of the tests")
    GlobalConcurrencyLimit(f"replica-{{number}}", name=f"replica-{{number}}", limit=3)
"""


@pytest.fixture
def replicas(postgres: str, tmp_path: Path) -> Iterator[tuple[list[str], Gateway]]:
    folders = [tmp_path / name for name in ("one", "two", "front")]
    for folder in folders:
        folder.mkdir()
    with (
        prefect_on(postgres, folders[0]) as one,
        prefect_on(postgres, folders[1]) as two,
        gateway([one, two], folders[2]) as front,
    ):
        yield [one, two], front


def test_a_stack_lives_on_two_replicas(
    replicas: tuple[list[str], Gateway], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    servers, front = replicas
    monkeypatch.setenv("PREFECT_API_AUTH_STRING", AUTH)
    project = Project.small(tmp_path / "project", front.url(), PROGRAM)
    document = json.loads(project.infra("up", "--yes", "--json").stdout)
    assert document["summary"]["create"] >= OBJECTS
    project.infra("refresh", "--yes", "--expect-no-changes")
    clients = [BlockingClient(ConnectionSettings(api_url=url, auth_string=AUTH)) for url in servers]
    try:
        wanted = {"variables": {"name": {"like_": "replica_"}}}
        for client in clients:
            assert len(client.paged("/variables/filter", wanted)) == OBJECTS // 5
        clients[0].request("PATCH", "/work_pools/replica-1", json={"concurrency_limit": 7})
        drift = project.infra("drift", "--format", "json", check=False)
        assert drift.returncode == 3, drift.stderr
        project.infra("up", "--yes", "--refresh")
        assert clients[1].request("GET", "/work_pools/replica-1")["concurrency_limit"] is None
        project.infra("destroy", "--yes")
        for client in clients:
            assert not client.paged("/variables/filter", wanted)
            pools = client.paged("/work_pools/filter", {"work_pools": {"name": {"any_": ["replica-1"]}}})
            assert not pools
    finally:
        for client in clients:
            client.close()
