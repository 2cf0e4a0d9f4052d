"""A plan that was saved is what `infra up --plan` carries out, or nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from prefect_pulumi import Project as FoundProject
from prefect_pulumi.core.errors import ConfigError
from tests.support.git_repository import commit_all, git
from tests.support.projects import Project
from tests.support.rest import call

PROGRAM = """
import pulumi
from prefect_pulumi.resources import SecretBlock, Variable, WorkPool

pool = WorkPool("plan-pool", type="process", concurrency_limit=LIMIT)
SecretBlock("plan-token", value=pulumi.Config().require_secret("token"))
Variable("plan-variable", value=pool.name)
"""
TOKEN = "token-of-the-plan"


@pytest.fixture
def repository(small: Project) -> Iterator[Project]:
    """Deployed with a limit of 3; committed with one of 4."""
    git(small.root, "init", "-qb", "main")
    (small.root / ".gitignore").write_text(".infra/\n.venv/\n")
    small.write(PROGRAM.replace("LIMIT", "3"))
    small.infra("config", "set", "--secret", "token", TOKEN)
    small.infra("up", "--yes")
    small.write(PROGRAM.replace("LIMIT", "4"))
    commit_all(small.root, "a higher limit")
    yield small
    small.infra("destroy", "--yes")


def limit(prefect_server: str) -> int:
    value = call(prefect_server, "GET", "/work_pools/plan-pool")["concurrency_limit"]
    assert isinstance(value, int)
    return value


@pytest.mark.e2e
@pytest.mark.parametrize("command", ["preview", "review --base HEAD"])
def test_the_plan_alone_is_carried_out(command: str, repository: Project, prefect_server: str) -> None:
    saved = repository.infra(*command.split(), "--save-plan", "plan.json")
    plan = json.loads((repository.root / "plan.json").read_text())
    kept = f"plan {plan['checksum']} is kept in plan.json; to carry it out: infra up -s dev --plan plan.json"
    words = kept if command == "preview" else plan["checksum"].removeprefix("sha256:")
    assert words in saved.stdout + saved.stderr
    assert [change["op"] for change in plan["changes"]] == ["update"]
    assert plan["server"] == prefect_server
    git(repository.root, "commit", "-q", "--allow-empty", "-m", "the same files in another commit")
    done = repository.infra("up", "--plan", "plan.json")  # asks nothing
    assert limit(prefect_server) == 4
    assert "1 updated" in done.stderr
    stale = repository.infra("up", "--plan", "plan.json", check=False)
    assert stale.returncode == 3
    assert "plan.json: the plan is out of date, and nothing was touched:" in stale.stderr
    assert "state: written since the plan was made" in stale.stderr
    assert "WorkPool plan-pool: update in the plan, no change now" in stale.stderr


@pytest.mark.e2e
def test_what_moved_is_said_and_nothing_is_touched(repository: Project, prefect_server: str) -> None:
    root = repository.root
    repository.infra("preview", "--save-plan", "plan.json")
    plan = (root / "plan.json").read_text()

    def refused(code: int, *words: str, stack: str = "dev") -> None:
        done = repository.infra("up", "-s", stack, "--plan", "plan.json", check=False)
        assert done.returncode == code, done.stderr
        assert all(word in done.stderr for word in words), done.stderr
        assert "Traceback" not in done.stderr
        assert limit(prefect_server) == 3

    repository.edit("infra/__main__.py", "concurrency_limit=4", "concurrency_limit=5")
    refused(3, "files: those of commit", "not committed: infra/__main__.py now")
    commit_all(root, "another limit")
    refused(3, "files: commit", "infra/__main__.py")
    git(root, "reset", "-q", "--hard", "HEAD~1")
    (root / "plan.json").write_text(plan)
    repository.infra("config", "set", "--secret", "token", "another-token")
    commit_all(root, "another token")
    git(root, "rm", "-q", "--cached", "plan.json")
    refused(3, "files: ")
    git(root, "reset", "-q", "--hard", "HEAD~1")
    (root / "plan.json").write_text(plan.replace('"op": "update"', '"op": "delete"'))
    refused(2, "plan.json: the plan was changed since it was saved")
    (root / "plan.json").write_text("{}")
    refused(2, "plan.json: the file is no plan: plan Field required")
    (root / "plan.json").write_text(plan)
    (root / "Pulumi.other.yaml").write_text((root / "Pulumi.dev.yaml").read_text())
    refused(3, "stack: dev in the plan, other now", stack="other")


@pytest.mark.e2e
def test_it_needs_a_commit_and_its_whole_scope(repository: Project) -> None:
    (repository.root / "new.py").write_text("")
    refused = repository.infra("preview", "--save-plan", "plan.json", check=False)
    assert refused.returncode == 2
    assert "a plan is bound to a commit: not committed: new.py" in refused.stderr
    assert not (repository.root / "plan.json").exists()
    with pytest.raises(ConfigError, match=r"not committed: new\.py"):
        FoundProject.find(repository.root).stack("dev").plan()  # a plan that is for no file
    commit_all(repository.root, "a file")
    repository.infra("preview", "--save-plan", "plan.json", "--target", "plan-variable")
    beside = repository.infra("up", "--plan", "plan.json", "--refresh", check=False)
    assert beside.returncode == 2
    assert "a plan is carried out as a whole" in beside.stderr
    missing = repository.infra("up", "--plan", "nowhere.json", check=False)
    assert missing.returncode == 2
    assert "--plan nowhere.json: the plan cannot be read: No such file or directory" in missing.stderr


@pytest.mark.e2e
def test_secrets_are_in_it_only_encrypted(repository: Project, tmp_path: Path) -> None:
    repository.edit("infra/__main__.py", '"plan-token"', '"plan-token-2"')
    commit_all(repository.root, "another block")
    plan = tmp_path / "plan.json"
    repository.infra("preview", "--save-plan", str(plan))
    assert "plan-token-2" in plan.read_text()
    assert TOKEN not in plan.read_text()
    repository.infra("up", "--plan", str(plan))
    assert "no changes" in repository.infra("preview", "--expect-no-changes").stderr.lower()
