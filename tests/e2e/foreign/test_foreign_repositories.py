"""Other teams' repositories, taken in by what a user types: install, init, up, run, drift, adopt, the official CLI."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from prefect_pulumi.api.blocking import BlockingClient
from prefect_pulumi.local import server
from tests.support.engines import Official
from tests.support.foreign_repositories import ForeignRepository
from tests.support.projects import Project
from tests.support.wheels import build_wheel

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
MATRIX = pytest.mark.matrix


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


SHAPES = {
    # name: (virtual environment, code that is installed, deployments, one to run, its pool)
    "uv": (".venv", ("src",), 5, "ingest-orders/backfill", "etl-pool"),
    "poetry": ("../pypoetry/acme-monorepo-py3", ("libs/common",), 4, "send-invoices/daily", "shared"),
    "scripts": ("venv", (), 4, "etl/nightly", "default"),
}


@pytest.fixture(params=["uv", pytest.param("poetry", marks=MATRIX), pytest.param("scripts", marks=MATRIX)])
def shape(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def repository(shape: str, tmp_path: Path, wheel: Path) -> Iterator[ForeignRepository]:
    environment, installed, *_ = SHAPES[shape]
    repository = ForeignRepository.make(shape, tmp_path, wheel, environment, *installed)
    directory = repository.root / ".infra" / "dev" / "server"
    yield repository
    server.stop(server.ServerSpec(directory, port=repository.port))


def test_from_a_foreign_repository_to_a_completed_run(
    shape: str, repository: ForeignRepository, request: pytest.FixtureRequest
) -> None:
    _, _, count, deployment, pool = SHAPES[shape]
    shell = repository.shell
    written = shell("infra init")
    assert "next: infra up" in written
    assert {line.split()[0] for line in shell("infra init").splitlines() if "  " in line} == {"kept"}
    repository.move_server()
    shown = shell("infra up --yes")
    warnings = [line for line in shown.splitlines() if line.startswith("warning:")]
    assert [line for line in warnings if "no release will be recorded: not committed" not in line] == []
    assert shell("infra outputs deployments --json").count("/") == count
    assert "[Completed]" in shell(f"infra run {deployment}")
    status = shell("git add -A && git status --short")
    assert "infra/__main__.py" in status
    assert not [line for line in status.splitlines() if ".infra" in line or "venv/" in line]

    client = BlockingClient(repository.api_url)
    client.request("PATCH", f"/work_pools/{pool}", json={"concurrency_limit": 7})
    client.close()
    drift = shell("infra drift", code=3)
    assert pool in drift
    shell("infra adopt --out drift.patch && git apply drift.patch")
    assert "concurrency_limit: 7" in (repository.root / "Pulumi.dev.yaml").read_text()
    shell("infra up --yes && infra preview --refresh --expect-no-changes")

    official = Official(Project(repository.root), request.getfixturevalue("pulumi_cli"))
    assert official.changes(refresh=True) == {}
    shell("infra destroy --yes")
