"""The workflows of GitHub Actions: linted by actionlint, and held to what they promise."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from prefect_pulumi.app.init.project_files import PLACEHOLDER, workflow_file
from prefect_pulumi.app.init.repository import Repository
from prefect_pulumi.cli.main import make_parser

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
OWN = ROOT / ".github" / "workflows" / "checks.yml"
"""The toolkit's own checks; a team's repository has the others."""
ALL = ROOT / ".github" / "workflows" / "infra.yml"
"""The others by event, for the ten lines of a team's repository."""
TEAMS = [path for path in WORKFLOWS if path not in (OWN, ALL)]
GITLAB = ROOT / "templates" / "infra.yml"
ACTION = ROOT / ".github" / "actions" / "infra" / "action.yml"


WRITES = {"comment": {"pull-requests"}, "promote": {"contents", "pull-requests"}}
"""A comment; a branch and its pull request."""


def linter() -> str:
    built = ROOT / ".infra" / "bin" / "actionlint"
    found = shutil.which("actionlint") or (str(built) if built.is_file() else None)
    if found is None:
        pytest.skip("no actionlint: `make .infra/bin/actionlint` builds it where Go is installed")
    return found


def loaded(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return content


def test_there_are_four_for_a_team_and_one_for_the_toolkit() -> None:
    assert [path.stem for path in TEAMS] == ["deploy", "drift", "promote", "review"]
    assert OWN in WORKFLOWS


def test_actionlint_finds_nothing(tmp_path: Path) -> None:
    program = linter()
    done = subprocess.run([program, *WORKFLOWS], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stdout
    bad = tmp_path / "bad.yml"
    bad.write_text(WORKFLOWS[-1].read_text("utf-8").replace("matrix.stack }}-read", "matrix.stak }}-read"))
    done = subprocess.run([program, bad], capture_output=True, text=True, check=False)
    assert 'property "stak" is not defined' in done.stdout


@pytest.mark.parametrize("path", [*TEAMS, OWN], ids=lambda path: path.stem)
def test_rights_pins_and_concurrency(path: Path) -> None:
    workflow = loaded(path)
    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        writes = {name for name, right in job["permissions"].items() if right == "write"}
        assert writes == WRITES.get(name, WRITES.get(path.stem, set()))
        assert job["concurrency"]["group"]
        if name == "comment" or path == OWN:
            assert "secrets." not in str(job)  # neither reaches a stack, and forks get none
        else:
            assert "matrix.stack" in job["environment"]
        if path in TEAMS:
            assert "matrix.stack" in job["concurrency"]["group"]
        assert job["timeout-minutes"] <= 60
        for step in job["steps"]:
            assert "${{" not in step.get("run", "")  # values reach a shell as variables only
    uses = re.findall(r"uses: (\S+)(.*)", path.read_text("utf-8"))
    assert uses
    for action, comment in uses:
        assert re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", action)
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment)
    assert path.read_text("utf-8").count("persist-credentials: false") == len(workflow["jobs"])


def test_the_toolkit_is_checked_on_linux_and_macos_by_the_makefiles_targets() -> None:
    jobs = loaded(OWN)["jobs"]
    fast = [step["run"] for step in jobs["fast"]["steps"] if "run" in step]
    assert fast == ["make check", "make fast-test"]
    assert {system.split("-")[0] for system in jobs["fast"]["strategy"]["matrix"]["os"]} == {"ubuntu", "macos"}
    assert jobs["whole"]["runs-on"].startswith("ubuntu-")
    assert jobs["whole"]["steps"][-1]["run"] == "make test"
    assert jobs["site"]["steps"][-1]["run"] == "make site"


def test_pre_commit_runs_what_make_check_runs() -> None:
    """ruff and the import contracts; the types take too long for every commit."""
    (repository,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    entries = [hook["entry"].removesuffix(" --force-exclude") for hook in repository["hooks"]]
    assert entries == [".venv/bin/ruff format", ".venv/bin/ruff check", ".venv/bin/lint-imports"]


def test_each_can_be_called_with_the_inputs_that_it_uses() -> None:
    for path in (*TEAMS, ALL):
        inputs = loaded(path)[True]["workflow_call"]["inputs"]  # YAML 1.1 reads `on` as true
        assert {*re.findall(r"inputs\.([\w-]+)", path.read_text("utf-8"))} == {*inputs}
        assert {"directory", "install", "python-version"} <= {*inputs}
        assert all(each["type"] == "string" and "default" in each and each["description"] for each in inputs.values())


def test_one_workflow_calls_the_others_with_the_rights_that_they_ask_for() -> None:
    for name, job in loaded(ALL)["jobs"].items():
        called = loaded(ROOT / job["uses"])
        assert job["secrets"] == "inherit"
        assert {*job["with"]} <= {*called[True]["workflow_call"]["inputs"]}
        wanted = {right for inner in called["jobs"].values() for right in inner["permissions"].items()}
        assert wanted == {*job["permissions"].items()}, name


def test_the_action_runs_a_command_without_a_shell_that_reads_it() -> None:
    action = yaml.safe_load(ACTION.read_text("utf-8"))
    assert action["inputs"]["arguments"]["required"] is True
    *_, install, command = action["runs"]["steps"]
    assert all("${{" not in step["run"] for step in (install, command))
    script = command["run"].replace(".venv/bin/infra", "printf '%s\\n'")
    words = subprocess.run(
        ["bash", "-c", script],
        env={"ARGUMENTS": "preview -s prod; $(touch x)"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert words.stdout.splitlines() == ["preview", "-s", "prod;", "$(touch", "x)"]


@pytest.mark.parametrize("host", ["github", "gitlab"])
def test_what_infra_init_writes_is_taken_by_what_it_calls(host: str, tmp_path: Path) -> None:
    [(_, text)] = workflow_file(Repository(tmp_path, "acme"), host)
    written = yaml.safe_load(text)
    if host == "gitlab":
        [include] = written["include"]
        header = next(yaml.safe_load_all(GITLAB.read_text("utf-8")))
        assert (ROOT / include["file"]) == GITLAB
        assert {*include["inputs"]} <= {*header["spec"]["inputs"]}
        return
    [job] = written["jobs"].values()
    assert job["uses"] == f"{PLACEHOLDER}/{ALL.relative_to(ROOT).as_posix()}@main"
    assert {*job["with"]} <= {*loaded(ALL)[True]["workflow_call"]["inputs"]}
    called = [job["permissions"] for job in loaded(ALL)["jobs"].values()]
    rights = dict(sorted(right for permissions in called for right in permissions.items()))  # write is more than read
    assert rights == written["permissions"]
    (tmp_path / "w.yml").write_text(text)
    done = subprocess.run([linter(), tmp_path / "w.yml"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_no_secret_reaches_a_fork() -> None:
    """`pull_request` gives forks no secrets; the job does not even begin for them."""
    review = loaded(ROOT / ".github" / "workflows" / "review.yml")
    assert set(review[True]) == {"pull_request", "workflow_call"}  # YAML 1.1 reads `on` as true
    for job in review["jobs"].values():
        assert "head.repo.full_name == github.repository" in job["if"]
    assert "github.token" not in str(review["jobs"]["review"])  # the branch's program never sees it
    assert review["jobs"]["comment"]["steps"][0]["with"]["ref"] == "${{ github.event.pull_request.base.sha }}"
    assert all("pull_request_target" not in path.read_text("utf-8") for path in WORKFLOWS)


def test_scripts_are_the_commands_own_verbs() -> None:
    lines = [
        step["run"]
        for path in TEAMS
        for job in loaded(path)["jobs"].values()
        for step in job["steps"]
        if ".venv/bin/infra" in step.get("run", "")
    ]
    verbs = [make_parser().parse_args(shlex.split(line.split(" || ")[0])[1:]).command for line in lines]
    assert sorted(verbs) == ["drift", "preview", "promote", "review", "review", "review", "up", "up", "up", "verify"]


def test_the_equivalent_for_gitlab() -> None:
    """Its jobs, and the commands' own verbs in them."""
    header, body = yaml.safe_load_all(GITLAB.read_text("utf-8"))
    assert {*re.findall(r"inputs\.(\w+)", GITLAB.read_text("utf-8"))} == {*header["spec"]["inputs"]}
    jobs = {name: job for name, job in body.items() if name != ".infra"}
    assert set(jobs) == {"review", "comment", "drift", "deploy"}
    assert all("$STACK" in job["resource_group"] for job in jobs.values())
    lines = [line for job in jobs.values() for line in job["script"] if line.startswith(".venv/bin/infra")]
    verbs = [make_parser().parse_args(shlex.split(line.split(" || ")[0])[1:]).command for line in lines]
    assert sorted(verbs) == ["drift", "preview", "review", "review", "up"]
