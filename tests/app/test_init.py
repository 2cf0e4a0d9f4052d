"""What `infra init` sees in a repository, and what it writes there."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from prefect_pulumi.app.init.initialization import InitRequest, InitResult, initialize
from prefect_pulumi.app.init.project_files import PROGRAM, TEMPLATES, UNKNOWN_SERVER, environment_variable
from prefect_pulumi.app.init.repository import look, project_name
from prefect_pulumi.core.errors import InputError, PreflightError
from prefect_pulumi.project.settings import parse_environment
from tests.support.projects import REPOSITORY

PREFECT_YAML = """
definitions:
  batch: &batch {name: batch, work_queue_name: nightly}
deployments:
- {name: nightly, entrypoint: flows/a.py:a, work_pool: *batch, parameters: {region: "{{ prefect.variables.region }}"}}
- {name: weekly, entrypoint: flows/a.py:a, work_pool: {name: batch}}
- name: image
  entrypoint: flows/a.py:a
  work_pool: {name: "on: docker", work_queue_name: default, job_variables: {image: "acme/flows:1"}}
- {name: lost, entrypoint: flows/a.py:a, parameters: {key: "{{ prefect.blocks.secret.api-key }}"}}
- {name: templated, entrypoint: flows/a.py:a, work_pool: {name: "{{ $POOL }}"}}
"""
FLOWS = """
from prefect.blocks.system import Secret
from prefect.concurrency.sync import concurrency, rate_limit as slowly
from prefect.variables import Variable
from prefect_aws import S3Bucket

def a(name):
    Secret.load("2nd token"), Variable.get("sizes", default=[1, "x"]), Variable.get("region", "eu"), Variable.get(name)
    slowly("api"), S3Bucket.load("landing"), dict.get("no"), concurrency(name)
"""


@pytest.fixture(autouse=True)
def no_profile(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prefect's home, empty."""
    home = tmp_path_factory.mktemp("prefect home")
    monkeypatch.delenv("PREFECT_PROFILES_PATH")
    monkeypatch.setenv("PREFECT_HOME", str(home))
    return home


@pytest.fixture
def flows(tmp_path: Path) -> Path:
    root = tmp_path / "Acme flows!"
    (root / "flows").mkdir(parents=True)
    (root / ".venv").mkdir()
    (root / "prefect.yaml").write_text(PREFECT_YAML)
    (root / "flows" / "a.py").write_text(FLOWS)
    (root / "flows" / "broken.py").write_text("from prefect import (")
    (root / ".venv" / "other.py").write_text(FLOWS.replace("2nd token", "not ours"))
    return root


def environment(root: Path, stack: str) -> dict[str, object]:
    config: dict[str, dict[str, object]] = yaml.safe_load((root / f"Pulumi.{stack}.yaml").read_text())["config"]
    [value] = config.values()
    return value


def actions(result: InitResult) -> set[str]:
    return {change.action for change in result.changes}


def test_what_a_repository_uses(flows: Path) -> None:
    repository = look(flows, {})
    assert repository.name == "Acme-flows"
    assert {name: (pool.type, pool.queues) for name, pool in repository.pools.items()} == {
        "batch": ("process", ["nightly"]),
        "on: docker": ("docker", []),
    }
    assert {name: use.value for name, use in repository.variables.items()} == {"region": "", "sizes": [1, "x"]}
    assert set(repository.secrets) == {"api-key", "2nd token"}
    assert {name: use.where for name, use in repository.limits.items()} == {"api": "flows/a.py"}
    assert set(repository.blocks) == {"S3Bucket/landing"}
    assert [note.split()[1] for note in repository.notes] == ["lost", "templated"]


def test_the_files_are_a_project(flows: Path) -> None:
    result = initialize(InitRequest(flows))
    assert actions(result) == {"created"}
    dev = parse_environment(environment(flows, "dev"), "dev")
    assert dev.server.embedded
    assert dev.pools["batch"].workers.count == 1
    assert dev.pools["on: docker"].workers.count == 0
    assert dev.variables["sizes"].value == [1, "x"]
    assert dev.secrets["2nd token"].env == "_2ND_TOKEN"
    prod = parse_environment(environment(flows, "prod"), "prod")
    assert prod.server.api_url == UNKNOWN_SERVER
    assert prod.secrets["api-key"].default is None
    assert (flows / "prefect.yaml").read_text() == PREFECT_YAML
    assert any("S3Bucket/landing (used by flows/a.py)" in note for note in result.notes)


def test_a_second_run_changes_nothing(flows: Path) -> None:
    (flows / ".gitignore").write_text("dist\n.infra")
    initialize(InitRequest(flows))
    (flows / "infra" / "limits.py").write_text("mine")
    before = {path: path.read_bytes() for path in flows.rglob("*") if path.is_file()}
    again = initialize(InitRequest(flows, name="other", server="https://other.example.com/api"))
    assert actions(again) == {"kept"}
    assert {path: path.read_bytes() for path in flows.rglob("*") if path.is_file()} == before


def test_lines_are_added_to_files_of_git(flows: Path) -> None:
    (flows / ".gitignore").write_text("dist")
    result = initialize(InitRequest(flows))
    assert (flows / ".gitignore").read_text() == "dist\n.infra/\n"
    assert [change.action for change in result.changes if change.name == ".gitignore"] == ["extended"]


def test_a_dry_run_writes_nothing(flows: Path) -> None:
    before = sorted(flows.rglob("*"))
    result = initialize(InitRequest(flows, dry_run=True))
    assert sorted(flows.rglob("*")) == before
    assert all(change.text for change in result.changes)


def test_an_empty_folder_gets_a_file_of_deployments(tmp_path: Path) -> None:
    result = initialize(InitRequest(tmp_path))
    assert yaml.safe_load((tmp_path / "prefect.yaml").read_text())["deployments"] == []
    assert any(note.startswith("prefect.yaml: list your deployments") for note in result.notes)


@pytest.mark.parametrize(
    ("address", "server"),
    [
        ("https://prefect.acme.com/api", "https://prefect.acme.com/api"),
        ("http://127.0.0.1:4200/api", UNKNOWN_SERVER),
        ("nonsense", UNKNOWN_SERVER),
    ],
)
def test_prod_is_the_active_profiles_server(tmp_path: Path, no_profile: Path, address: str, server: str) -> None:
    (no_profile / "profiles.toml").write_text(f'active = "p"\n[profiles.p]\nPREFECT_API_URL = "{address}"\n')
    initialize(InitRequest(tmp_path))
    assert environment(tmp_path, "prod")["server"] == {"api_url": server}


def test_what_is_asked_for_counts_more(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "acme.flows"\n')
    assert initialize(InitRequest(tmp_path, dry_run=True)).repository.name == "acme.flows"
    initialize(InitRequest(tmp_path, name="mine", server="https://p.example.com/api"))
    assert yaml.safe_load((tmp_path / "Pulumi.yaml").read_text())["name"] == "mine"
    assert environment(tmp_path, "prod")["server"] == {"api_url": "https://p.example.com/api"}


def test_bad_input_writes_nothing(flows: Path) -> None:
    with pytest.raises(InputError, match="no project name"):
        initialize(InitRequest(flows, name="a b"))
    with pytest.raises(InputError, match="no such folder"):
        initialize(InitRequest(flows / "nowhere"))
    (flows / "prefect.yaml").write_text("[")
    with pytest.raises(PreflightError):
        initialize(InitRequest(flows))
    assert not (flows / "Pulumi.yaml").exists()


def test_not_inside_another_project(flows: Path) -> None:
    (flows / "Pulumi.yaml").write_text("name: outer\nruntime: python\n")
    with pytest.raises(InputError, match="inside the project"):
        initialize(InitRequest(flows / "flows"))


@pytest.mark.parametrize("name", PROGRAM)
def test_the_program_is_this_repositorys_own(name: str) -> None:
    assert (TEMPLATES / "infra" / name).read_text() == (REPOSITORY / "infra" / name).read_text()


@pytest.mark.parametrize(("text", "name"), [("@acme/flows", "acme-flows"), ("..", "prefect-infra"), ("a.b_c", "a.b_c")])
def test_project_names(text: str, name: str) -> None:
    assert project_name(text) == name


@pytest.mark.parametrize(("block", "variable"), [("orders-api-token", "ORDERS_API_TOKEN"), ("1x", "_1X")])
def test_variables_of_secrets(block: str, variable: str) -> None:
    assert environment_variable(block) == variable
