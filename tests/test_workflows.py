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

from prefect_pulumi.cli.main import make_parser

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
OWN = ROOT / ".github" / "workflows" / "checks.yml"
"""The toolkit's own checks; a team's repository has the others."""
TEAMS = [path for path in WORKFLOWS if path != OWN]


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


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
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


def test_pre_commit_runs_what_make_check_runs() -> None:
    """ruff and the import contracts; the types take too long for every commit."""
    (repository,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    entries = [hook["entry"].removesuffix(" --force-exclude") for hook in repository["hooks"]]
    assert entries == [".venv/bin/ruff format", ".venv/bin/ruff check", ".venv/bin/lint-imports"]


def test_no_secret_reaches_a_fork() -> None:
    """`pull_request` gives forks no secrets; the job does not even begin for them."""
    review = loaded(ROOT / ".github" / "workflows" / "review.yml")
    assert set(review[True]) == {"pull_request"}  # YAML 1.1 reads `on` as true
    for job in review["jobs"].values():
        assert "head.repo.full_name == github.repository" in job["if"]
    assert "github.token" not in str(review["jobs"]["review"])  # the branch's program never sees it
    assert review["jobs"]["comment"]["steps"][0]["with"]["ref"] == "${{ github.event.pull_request.base.sha }}"
    assert all("pull_request_target" not in path.read_text("utf-8") for path in WORKFLOWS)


def test_scripts_are_the_commands_own_verbs() -> None:
    lines = [
        step["run"]
        for path in WORKFLOWS
        for job in loaded(path)["jobs"].values()
        for step in job["steps"]
        if ".venv/bin/infra" in step.get("run", "")
    ]
    verbs = [make_parser().parse_args(shlex.split(line.split(" || ")[0])[1:]).command for line in lines]
    assert sorted(verbs) == ["drift", "preview", "promote", "review", "review", "review", "up", "up", "verify"]


def test_the_documented_equivalent_for_gitlab() -> None:
    """Its jobs, and the commands' own verbs in them."""
    text = (ROOT / "docs" / "review.md").read_text("utf-8")
    block = next(block for block in re.findall(r"```yaml\n(.*?)```", text, flags=re.DOTALL) if ".infra:" in block)
    jobs = {name: job for name, job in yaml.safe_load(block).items() if name != ".infra"}
    assert set(jobs) == {"review", "comment", "drift", "deploy"}
    assert all("$STACK" in job["resource_group"] for job in jobs.values())
    lines = [line for job in jobs.values() for line in job["script"] if line.startswith(".venv/bin/infra")]
    verbs = [make_parser().parse_args(shlex.split(line.split(" || ")[0])[1:]).command for line in lines]
    assert sorted(verbs) == ["drift", "preview", "review", "review", "up"]
