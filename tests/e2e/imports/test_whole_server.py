"""`infra import --all`: the printed program, deployed to an empty server, makes an equal one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.commands import infra
from tests.support.filled_server import SECRETS, fill
from tests.support.projects import Project
from tests.support.server_contents import contents, differences
from tests.support.servers import scratch_server

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("whole-server")]
NOT_DECLARED = {"variable maybe"}
"""Null at the top of an object's fields means "left out" in every Pulumi program."""


@dataclass(frozen=True)
class Servers:
    """A server that a team has filled, and one without anything."""

    filled: str
    empty: str


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    folder = tmp_path_factory.mktemp("whole-server")
    with (
        scratch_server(folder / "filled") as filled,
        scratch_server(folder / "empty") as empty,
    ):
        fill(filled.api_url)
        yield Servers(filled.api_url, empty.api_url)


@pytest.fixture(scope="module")
def imported(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("anywhere")
    return infra(
        folder, "import", "--all", "--out", "team infra", PREFECT_API_URL=servers.filled
    ), folder / "team infra"


def test_the_preview_is_clean_and_a_rebuilt_server_is_equal(servers: Servers, imported: Any) -> None:
    done, root = imported
    assert "left out: Variable maybe: its value is null, which no program can declare" in done.stdout
    infra(root, "preview", "--refresh", "--expect-no-changes")
    stack_file = root / "Pulumi.dev.yaml"
    (root / "Pulumi.second.yaml").write_text(stack_file.read_text().replace(servers.filled, servers.empty))
    passphrase = (root / ".infra" / "dev" / "passphrase").read_text().strip()
    infra(root, "up", "--yes", "-s", "second", PULUMI_CONFIG_PASSPHRASE=passphrase)
    different = differences(contents(servers.filled), contents(servers.empty))
    assert different == dict.fromkeys(NOT_DECLARED, "only in the first")


def test_a_person_would_keep_the_program(servers: Servers, imported: Any) -> None:
    done, root = imported
    files = [path for path in root.rglob("*") if path.is_file() and ".infra" not in path.parts]
    texts = {path.relative_to(root).as_posix(): path.read_text() for path in files}
    everything = "".join(texts.values()) + done.stdout + done.stderr
    assert not any(secret in everything for secret in SECRETS)
    [storage] = [line for line in done.stdout.splitlines() if "left out: ResultStorage" in line]
    assert storage.endswith("name the block at `result_storage` of the stack file")
    ids = [id for id in fill_ids(servers) if id in everything.replace(storage.split()[3].rstrip(":"), "")]
    assert ids == []
    assert sum(text.count("\n") for name, text in texts.items() if name != "README.md") < 400, {
        name: text.count("\n") for name, text in texts.items()
    }
    assert 'work_queue_name=objects.pools["etl"].queues["high"].name' in texts["infra/deployments.py"]
    assert "prefect.resource.id: {deployment: etl/daily}" in texts["Pulumi.dev.yaml"]
    assert "block: slack-webhook/team" in texts["Pulumi.dev.yaml"]
    assert "result_storage: remote-file-system/results" in texts["Pulumi.dev.yaml"]
    assert '{"$ref": {"block_document_id": prod.id}}' in texts["infra/blocks.py"]
    assert "Prefect itself" in texts["README.md"]
    assert "infra config set --secret team-url -s NAME" in texts["README.md"]
    done = infra(root, "destroy", "--yes", check=False)
    assert done.returncode == 2
    assert "protected" in done.stderr


def fill_ids(servers: Servers) -> list[str]:
    from prefect_pulumi.api.blocking import BlockingClient

    client = BlockingClient(servers.filled)
    routes = ("/work_pools/filter", "/deployments/filter", "/automations/filter", "/block_documents/filter")
    ids = [str(row["id"]) for route in routes for row in client.paged(route)]
    client.close()
    return ids


def test_a_part_is_imported_by_kind_name_and_tag(servers: Servers, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    profile = f'active = "team"\n[profiles.team]\nPREFECT_API_URL = "{servers.filled}"\n'
    (home / "profiles.toml").write_text(profile)
    chosen = ("--kind", "Deployment", "--tag", "etl", "--name", "etl/*", "--no-protect")
    done = infra(
        tmp_path, "import", "--all", *chosen, "--out", "part", PREFECT_PROFILES_PATH=str(home / "profiles.toml")
    )
    assert done.stdout.startswith("5 objects")  # the flow, its deployment, three schedules
    infra(tmp_path / "part", "preview", "--refresh", "--expect-no-changes")
    again = infra(
        tmp_path, "import", "--all", "--out", "part", check=False, PREFECT_PROFILES_PATH=str(home / "profiles.toml")
    )
    assert (again.returncode, "is not empty" in again.stderr) == (2, True)
    nothing = infra(
        tmp_path,
        "import",
        "--all",
        "--tag",
        "none",
        "--out",
        "x",
        check=False,
        PREFECT_PROFILES_PATH=str(home / "profiles.toml"),
    )
    assert (nothing.returncode, (tmp_path / "x").exists()) == (2, False)
    nowhere = infra(tmp_path, "import", "--all", "--out", "x", check=False, PREFECT_HOME=str(tmp_path))
    assert "set PREFECT_API_URL" in nowhere.stderr


@pytest.mark.matrix
def test_the_official_engine_sees_no_change(imported: Any, pulumi_cli: Path) -> None:
    from tests.support.engines import Official

    _, root = imported
    assert Official(Project(root), pulumi_cli).changes() == {}
