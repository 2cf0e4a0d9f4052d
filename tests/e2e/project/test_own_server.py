"""Resources that live on the stack's own server although nothing in the program says so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from prefect_pulumi.local import server
from prefect_pulumi.testing.ports import free_port
from tests.support.projects import Project

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
PROGRAM = """
from prefect_pulumi.resources import LocalServer, Variable
LocalServer("server", directory=".infra/dev/server", port={port})
Variable("guest", value="1")
"""


@pytest.fixture
def spec(tmp_path: Path) -> Iterator[server.ServerSpec]:
    directory = tmp_path / "project" / ".infra" / "dev" / "server"
    spec = server.ServerSpec(directory, port=free_port())
    yield spec
    server.stop(spec)


@pytest.fixture
def project(tmp_path: Path, spec: server.ServerSpec) -> Project:
    """Its default provider speaks to the server that the program starts."""
    return Project.small(tmp_path / "project", spec.api_url, PROGRAM.format(port=spec.port))


def state(project: Project) -> tuple[Path, dict[str, Any]]:
    file = project.root / ".infra/state/.pulumi/stacks/prefect-infra/dev.json"
    return file, json.loads(file.read_text())


def names(project: Project) -> list[str]:
    _, document = state(project)
    return sorted(entry["urn"].split("::")[-1] for entry in document["checkpoint"]["latest"].get("resources") or [])


def test_the_server_comes_first_and_goes_last(project: Project, spec: server.ServerSpec) -> None:
    project.infra("up", "--yes")
    assert server.status(spec).running

    # What an older version left behind: it stopped the server first, and the delete of the guest had no answer.
    server.stop(spec)
    file, document = state(project)
    latest = document["checkpoint"]["latest"]
    (guest,) = (entry for entry in latest["resources"] if entry["urn"].endswith("::guest"))
    latest["resources"] = [entry for entry in latest["resources"] if not entry["urn"].endswith("LocalServer::server")]
    latest["pending_operations"] = [{"resource": guest, "type": "deleting"}]
    file.write_text(json.dumps(document))

    refused = project.infra("destroy", "--yes", check=False)
    assert refused.returncode == 4
    assert "no connection" in refused.stderr
    project.infra("up", "--yes")
    assert {"server", "guest"} <= set(names(project))
    assert project.infra("preview", "--refresh", "--expect-no-changes").returncode == 0

    server.stop(spec)  # as after the machine went down
    project.infra("up", "--refresh", "--adopt", "--yes")
    assert server.status(spec).running
    done = project.infra("destroy", "--yes")
    assert "no connection" not in done.stderr
    assert not server.status(spec).running
    assert names(project) == []
