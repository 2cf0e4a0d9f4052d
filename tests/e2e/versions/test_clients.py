"""The toolkit beside the Prefect of a team: its deploy step, its workers and its embedded server run with that version.

Each pair shows a stack's life on a server of the client's own minor, and of the one next to it.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest

from prefect_pulumi.api.blocking import BlockingClient
from prefect_pulumi.testing.ports import free_port
from tests.support.engines import Embedded
from tests.support.flow_projects import PROGRAM, FlowProject
from tests.support.prefect_versions import VERSIONS
from tests.support.projects import Project
from tests.support.wheels import build_wheel, environment_of

pytestmark = [pytest.mark.matrix, pytest.mark.e2e, pytest.mark.timeout(900)]

PAIRS = [("3.6", "3.6"), ("3.6", "3.7"), ("3.7", "3.7"), ("3.7", "3.8"), ("3.8", "3.8"), ("3.9", "3.8"), ("3.9", "3.9")]
"""Client and server; 3.8 with every server is in `test_servers.py`."""
UNDECLARED = {"3.6": ("importlib-metadata",)}
"""What a worker of that minor imports without requiring it."""
WORKER = """
from prefect_pulumi.resources import ProcessWorker

ProcessWorker("worker", work_pool=pool.name, directory=".infra/dev/worker")
"""
Client = Callable[[str], Path]
ENTRY = "    schedules: [{slug: hourly, cron: '0 * * * *'}]\n"
SERVER = """
from prefect_pulumi.resources import LocalServer, Provider, Variable
import pulumi

server = LocalServer("server", directory=".infra/dev/server", port=PORT)
provider = Provider("own", api_url=server.api_url)
Variable("guest", pulumi.ResourceOptions(provider=provider), value="1")
"""


@dataclass(frozen=True)
class ClientProject(Project):
    """A project whose commands are those of another environment, in `bin`."""

    bin: Path = field(default=Path())

    @staticmethod
    def beside(bin: Path, root: Path, api_url: str, program: str = "") -> ClientProject:
        project = Project.small(root, api_url, program)
        (root / ".venv" / "bin").unlink()
        (root / ".venv" / "bin").symlink_to(bin)
        return ClientProject(project.root, bin)

    def infra(
        self, *arguments: str, check: bool = True, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, **(env or {})}
        done = subprocess.run(
            [self.bin / "infra", *arguments],
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0 or not check, done.stdout + done.stderr
        return done


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Client:
    """`clients(minor)`: `bin` of an environment with that Prefect, the toolkit and today's packages."""
    folder = tmp_path_factory.mktemp("clients")
    wheel = build_wheel(folder)

    @cache
    def client(minor: str) -> Path:
        return environment_of(
            folder / minor, str(wheel), f"prefect=={VERSIONS[minor].version}", *UNDECLARED.get(minor, ())
        )

    return client


@pytest.mark.parametrize(("minor", "server"), PAIRS)
def test_a_stack_lives_with_the_prefect_of_its_team(clients: Client, minor: str, server: str, tmp_path: Path) -> None:
    bin = clients(minor)
    with VERSIONS[server].server(tmp_path) as api_url, closing(BlockingClient(api_url)) as client:
        project = ClientProject.beside(bin, tmp_path / "flows", api_url)
        flows = FlowProject(Embedded(project), client)
        project.write(PROGRAM.replace("POOL", flows.pool).replace(", OPTIONS", "") + WORKER)
        flows.write(daily=ENTRY)
        project.edit("prefect.yaml", "directory: .", f"directory: '{project.root}'")
        try:
            project.infra("up", "--yes")
            (check,) = (row for row in doctor(project) if row["name"] == "prefect")
            assert (check["status"], check["text"].split()[0]) == ("ok", VERSIONS[minor].version)
            project.infra("preview", "--refresh", "--expect-no-changes")
            project.infra("run", f"{flows.flow}/daily", "--timeout", "120")
            flows.patch("daily", tags=["ui"])
            assert project.infra("drift", check=False).returncode == 3
            flows.engine.up(refresh=True)
            assert flows.live("daily")["tags"] == []
        finally:
            flows.engine.destroy()
        assert flows.names() == set()


def doctor(project: Project) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = json.loads(project.infra("doctor", "--json", check=False).stdout)["checks"]
    return rows


def test_the_embedded_server_needs_no_pins_since_prefect_3_9(clients: Client, tmp_path: Path) -> None:
    port = free_port()
    program = SERVER.replace("PORT", str(port))
    newest = ClientProject.beside(clients("3.9"), tmp_path / "newest", f"http://127.0.0.1:{port}/api", program)
    try:
        newest.infra("up", "--yes")
        newest.infra("preview", "--refresh", "--expect-no-changes")
    finally:
        newest.infra("destroy", "--yes")
    pinned = ClientProject.beside(clients("3.8"), tmp_path / "pinned", f"http://127.0.0.1:{port}/api", program)
    refused = pinned.infra("up", "--yes", check=False)
    assert "does not work with fastapi" in refused.stderr
    assert "pip install 'prefect-pulumi[local]'" in refused.stderr
