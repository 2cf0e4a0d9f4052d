"""What `infra init` sees in a repository, and what it writes there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from prefect_pulumi.app.init.initialization import InitRequest, InitResult, initialize
from prefect_pulumi.app.init.project_files import (
    PROGRAM,
    TEMPLATES,
    UNKNOWN_SERVER,
    WORKFLOWS,
    environment_variable,
)
from prefect_pulumi.app.init.repository import look, project_name
from prefect_pulumi.core.errors import InputError, PreflightError
from prefect_pulumi.project.settings import parse_environment
from tests.support.foreign_repositories import REPOSITORIES
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
    (flows / "infra" / "__main__.py").write_text("mine")
    before = {path: path.read_bytes() for path in flows.rglob("*") if path.is_file()}
    again = initialize(InitRequest(flows, name="other", server="https://other.example.com/api"))
    assert actions(again) == {"kept"}
    assert {path: path.read_bytes() for path in flows.rglob("*") if path.is_file()} == before


def test_lines_are_added_to_files_of_git(flows: Path) -> None:
    (flows / ".gitignore").write_text("dist")
    result = initialize(InitRequest(flows))
    assert (flows / ".gitignore").read_text() == "dist\n.infra/\n__pycache__/\n"
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


def test_scripts_that_serve_become_a_file_of_deployments() -> None:
    """Of flows beside the script and of other modules; what code computes is left out and said."""
    repository = look(REPOSITORIES / "scripts", {})
    entries = {script.entry["name"]: (script.entry, script.where) for script in repository.scripts}
    assert set(entries) == {"every-quarter-hour", "weekly", "nightly", "to-me"}
    entry, where = entries["every-quarter-hour"]
    assert where == "etl.py:22"
    assert entry == {
        "name": "every-quarter-hour",
        "entrypoint": "etl.py:etl",
        "schedules": [{"interval": 900.0}],
        "parameters": {"table": "orders"},
        "tags": ["etl"],
        "paused": False,
        "work_pool": {"name": "default"},
    }
    assert entries["nightly"][0]["schedules"] == [{"cron": "0 2 * * *", "timezone": "Europe/Berlin"}]
    assert entries["to-me"][0]["entrypoint"] == "reports/weekly.py:report"
    assert list(repository.pools) == ["default"]
    assert "serve_all.py:12: the name of the deployment is computed" in repository.notes[0]
    assert "end `serve` there before you take them over" in repository.notes[1]


@pytest.mark.parametrize(
    ("call", "entry", "left"),
    [
        ("serve()", {"name": "f", "paused": False}, ()),
        ("serve('n', paused=True)", {"name": "n", "paused": True}, ()),
        ("serve('n', cron=['1 * * * *', '2 * * * *'])", {"schedules": [{"cron": f"{n} * * * *"} for n in (1, 2)]}, ()),
        ("serve('n', rrule='FREQ=DAILY', tags=None)", {"schedules": [{"rrule": "FREQ=DAILY"}], "tags": None}, ()),
        ("serve('n', schedule=Interval(timedelta(hours=1)))", {"schedules": [{"interval": 3600.0}]}, ()),
        ("serve('n', global_limit=2)", {"concurrency_limit": 2}, ()),
        ("serve('n', cron=CRON, parameters={'day': today()})", {"name": "n"}, ("cron", "parameters")),
        ("serve('n', triggers=[x])", {"name": "n"}, ("triggers",)),
        (
            "deploy('n', work_pool_name='p', image='a/b:1', build=False)",
            {"work_pool": {"name": "p", "job_variables": {"image": "a/b:1"}}, "paused": None},
            ("build",),
        ),
        ("from_source(source='.', entrypoint='a.py:f').deploy('n', work_pool_name='p')", {"name": "n"}, ()),
        ("serve('n', **options)", {"name": "n"}, ("**",)),
    ],
)  # fmt: skip
def test_a_call_as_an_entry(tmp_path: Path, call: str, entry: dict[str, object], left: tuple[str, ...]) -> None:
    (tmp_path / "a.py").write_text(f"from prefect import flow\n@flow\ndef f(day=''): ...\nf.{call}\n")
    [script] = look(tmp_path, {}).scripts
    assert {key: script.entry.get(key) for key in entry} == entry
    assert script.left == left
    assert script.entry["entrypoint"] == "a.py:f"


def test_calls_of_others_are_no_deployments(tmp_path: Path) -> None:
    lines = ("def g(): ...", "g.serve('n')", "app.serve()", "from os import path", "path.deploy()", "x().serve()")
    (tmp_path / "a.py").write_text("# prefect\n" + "\n".join(lines))
    assert look(tmp_path, {}).scripts == []


def test_several_files_of_deployments_are_one_project() -> None:
    repository = look(REPOSITORIES / "poetry", {})
    assert repository.name == "acme-monorepo"
    assert repository.folders == ["teams/finance", "teams/growth"]
    assert {name: (pool.type, pool.queues) for name, pool in repository.pools.items()} == {
        "shared": ("process", ["finance"]),
        "growth-docker": ("docker", []),
    }
    assert repository.variables["currency"].value == "EUR"


def test_the_file_of_the_top_folder_is_the_whole_repositorys(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "examples"):
        folder.mkdir(exist_ok=True)
        (folder / "prefect.yaml").write_text("deployments: []\n")
    assert look(tmp_path, {}).folders == []
    (tmp_path / "prefect.yaml").unlink()
    result = initialize(InitRequest(tmp_path))
    stack = parse_environment(environment(tmp_path, "dev"), "dev")
    assert list(stack.deploy.directories) == ["examples"]
    assert "prefect.yaml" not in {change.name for change in result.changes}
    assert any("makes a project of each" in note for note in result.notes)


@pytest.mark.parametrize(
    ("shape", "install"),
    [("uv", "uv sync"), ("poetry", "poetry install"), ("scripts", ".venv/bin/pip install -r requirements.txt")],
)
@pytest.mark.parametrize("host", WORKFLOWS)
def test_workflows(tmp_path: Path, shape: str, install: str, host: str) -> None:
    """Ten lines for the jobs of a code host, with what the repository is installed by."""
    root = shutil.copytree(REPOSITORIES / shape, tmp_path / shape)
    result = initialize(InitRequest(root, workflows=host))
    [text] = [change.text for change in result.changes if change.name == WORKFLOWS[host]]
    assert text.count("OWNER/REPO") == 1
    assert install in text
    assert yaml.safe_load(text)
    assert len(text.splitlines()) < 16
    assert any("in the place of OWNER/REPO" in note for note in result.notes)
    assert any("colleagues and CI need the toolkit too" in note for note in result.notes)


def test_jobs_are_offered_where_a_code_host_has_some(tmp_path: Path) -> None:
    root = shutil.copytree(REPOSITORIES / "uv", tmp_path / "uv")
    offer = "infra init --workflows github adds jobs that review, deploy and report drift"
    assert offer in initialize(InitRequest(root)).notes
    assert offer not in initialize(InitRequest(root, workflows="github")).notes
    assert offer not in initialize(InitRequest(root)).notes
    (root / ".gitlab-ci.yml").write_text("test: {script: [pytest]}\n")
    assert ".gitlab-ci.yml was there before" in initialize(InitRequest(root, workflows="gitlab")).notes[-1]
    assert (root / ".gitlab-ci.yml").read_text() == "test: {script: [pytest]}\n"
