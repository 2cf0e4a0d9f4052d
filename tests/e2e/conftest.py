"""A project of its own for each test, and the engines that can run here."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from prefect_pulumi.api.blocking import BlockingClient
from prefect_pulumi.local import server


def _load(name: str) -> ModuleType:
    """Helpers beside the tests, without putting the tests' folder on the import path."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


engines = _load("engines")
for _name in ("testbed", "twin", "twins", "random_programs"):
    _load(_name)
servers, repositories, sites = _load("servers"), _load("repositories"), _load("sites")
PULUMI = engines.find_pulumi()
REASON = "no official CLI: `make pulumi` builds it where Go is installed"


def pytest_report_header() -> str:
    return f"engines: embedded, {'pulumi at ' + str(PULUMI) if PULUMI else 'not pulumi (' + REASON + ')'}"


@pytest.fixture
def project(tmp_path: Path) -> Iterator[object]:
    """A copy of this repository's project, in a path with a space; nothing of it runs on afterwards."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    made = engines.Project.make(tmp_path / "a team's project", port)
    yield made
    if (made.root / ".infra" / "dev" / "server" / "server.json").exists():
        made.infra("destroy", "--yes", check=False)
        server.stop(server.ServerSpec(made.root / ".infra" / "dev" / "server", port=port))
    shutil.rmtree(made.root, ignore_errors=True)


@pytest.fixture
def small(tmp_path: Path, prefect_server: str) -> object:
    """A project of one empty program on the server that the tests share."""
    return engines.Project.small(tmp_path / "a small project", prefect_server)


@pytest.fixture
def small_engines(small: object) -> list[object]:
    """Every engine that can run here, on one small project."""
    return [engines.Embedded(small), *([engines.Official(small, PULUMI)] if PULUMI else [])]


@pytest.fixture(params=["embedded", "pulumi"])
def small_engine(request: pytest.FixtureRequest, small: object) -> object:
    if request.param == "embedded":
        return engines.Embedded(small)
    if PULUMI is None:
        pytest.skip(REASON)
    return engines.Official(small, PULUMI)


@pytest.fixture
def site(small_engine: object, prefect_server: str) -> Iterator[object]:
    """Flows to deploy, on each engine; nothing of them is left on the server that the tests share."""
    client = BlockingClient(prefect_server)
    made = sites.Site(small_engine, client)
    yield made
    for name in made.names():
        client.request("DELETE", f"/deployments/{made.live(name)['id']}")
    client.close()


@pytest.fixture(params=["embedded", "pulumi"])
def engine(request: pytest.FixtureRequest, project: object) -> object:
    if request.param == "embedded":
        return engines.Embedded(project)
    if PULUMI is None:
        pytest.skip(REASON)
    return engines.Official(project, PULUMI)


@pytest.fixture
def twins(tmp_path: Path) -> Iterator[object]:
    with sys.modules["twins"].twins_in(tmp_path, PULUMI) as made:
        yield made


@pytest.fixture
def repository() -> object:
    """`with repository(folder, program, stages, servers) as made`."""
    return repositories.repository


@pytest.fixture
def prod_servers() -> ModuleType:
    return servers


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
def pulumi_cli() -> Path:
    if PULUMI is None:
        pytest.skip(REASON)
    assert isinstance(PULUMI, Path)
    return PULUMI


@pytest.fixture
def official(project: object) -> object:
    if PULUMI is None:
        pytest.skip(REASON)
    return engines.Official(project, PULUMI)
