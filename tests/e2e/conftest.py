"""A project of its own for each test, and the engines that can run here."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from prefect_pulumi.api.blocking import BlockingClient
from prefect_pulumi.local import server
from prefect_pulumi.testing.ports import free_port
from tests.support import servers
from tests.support.engine_comparison import EngineComparison, comparison_in
from tests.support.engines import NO_PULUMI, Embedded, Engine, Official, find_pulumi
from tests.support.flow_projects import FlowProject
from tests.support.projects import Project


def pytest_report_header() -> str:
    cli = find_pulumi()
    return f"engines: embedded, {f'pulumi at {cli}' if cli else f'not pulumi ({NO_PULUMI})'}"


def engine_of(name: str, project: Project, request: pytest.FixtureRequest) -> Engine:
    return Embedded(project) if name == "embedded" else Official(project, request.getfixturevalue("pulumi_cli"))


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A copy of this repository's project, in a path with a space; nothing of it runs on afterwards."""
    port = free_port()
    copy = Project.make(tmp_path / "a team's project", port)
    yield copy
    if (copy.root / ".infra" / "dev" / "server" / "server.json").exists():
        copy.infra("destroy", "--yes", check=False)
        server.stop(server.ServerSpec(copy.root / ".infra" / "dev" / "server", port=port))
    shutil.rmtree(copy.root, ignore_errors=True)


@pytest.fixture
def small_engines(small: Project) -> list[Engine]:
    """Every engine that can run here, on one small project."""
    cli = find_pulumi()
    return [Embedded(small), *([Official(small, cli)] if cli else [])]


@pytest.fixture(params=["embedded", "pulumi"])
def small_engine(request: pytest.FixtureRequest, small: Project) -> Engine:
    return engine_of(request.param, small, request)


@contextmanager
def flows_on(engine: Engine, api_url: str) -> Iterator[FlowProject]:
    """Flows to deploy; nothing of them is left on the server that the tests share."""
    client = BlockingClient(api_url)
    flows = FlowProject(engine, client)
    yield flows
    for name in flows.names():
        client.request("DELETE", f"/deployments/{flows.live(name)['id']}")
    client.close()


@pytest.fixture
def site(small_engine: Engine, prefect_server: str) -> Iterator[FlowProject]:
    """Flows to deploy, on each engine."""
    with flows_on(small_engine, prefect_server) as flows:
        yield flows


@pytest.fixture
def plain_site(small: Project, prefect_server: str) -> Iterator[FlowProject]:
    """Flows for plain `prefect deploy`, which knows no engine."""
    with flows_on(Embedded(small), prefect_server) as flows:
        yield flows


@pytest.fixture(params=["embedded", "pulumi"])
def engine(request: pytest.FixtureRequest, project: Project) -> Engine:
    return engine_of(request.param, project, request)


@pytest.fixture
def comparison(tmp_path: Path) -> Iterator[EngineComparison]:
    """The engines that can run here, each with a project and a world, led through the same steps."""
    with comparison_in(tmp_path, find_pulumi()) as engines:
        yield engines


@pytest.fixture
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Connection URL of a database of its own."""
    with servers.postgres(tmp_path_factory.mktemp("pg")) as url:
        yield url


@pytest.fixture
def prod(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """API address of a Prefect server on that database, with basic auth (`servers.AUTH`)."""
    with servers.prefect_on(postgres, tmp_path_factory.mktemp("prod")) as url:
        yield url


@pytest.fixture
def official(project: Project, pulumi_cli: Path) -> Official:
    return Official(project, pulumi_cli)
