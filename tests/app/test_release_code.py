"""What a promotion shows of the code: files and commits of each deployment, and the page that compares them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from prefect_pulumi.app.observe.base import Code
from prefect_pulumi.app.release.code import code_changes, compare_page, deploy_reasons
from prefect_pulumi.engine.plan.steps import Op, Step
from prefect_pulumi.models.release_record import ReleaseRecord
from prefect_pulumi.promotion.compare import DeployReasons
from prefect_pulumi.promotion.plan import FileChange
from prefect_pulumi.state.entries import ResourceEntry
from tests.support.git_repository import commit_all, git

URN = "urn:pulumi:prod::team::prefect:index:Deployments::flows"
BEFORE = {"the code of flows/a.py": "1", "the code of lib.py": "1", "the folder of the flows": "1", "Prefect": "3.8.7"}


def deployments(**parts: Any) -> ResourceEntry:
    return ResourceEntry(
        URN, "prefect:index:Deployments", True, "id", {"fingerprintParts": parts}, {"fingerprintParts": parts}
    )


def test_reasons_are_the_parts_that_differ_but_for_the_folder() -> None:
    moved = {**BEFORE, "the folder of the flows": "2"}
    after = deployments(a={**moved, "the code of lib.py": "2", "Prefect": "3.8.8"}, b=moved, new=moved)
    code = Code({URN: Step(Op.UPDATE, URN, "prefect:index:Deployments", None, after)})
    assert deploy_reasons([deployments(a=BEFORE, b=BEFORE, gone=BEFORE)], code) == {
        f"{URN}#a": DeployReasons(("lib.py",), ("Prefect 3.8.7 -> 3.8.8",)),
        f"{URN}#b": DeployReasons(),
    }
    assert deploy_reasons([deployments(a=BEFORE)], Code()) == {}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """In a folder of its repository, as a monorepo has it."""
    git(tmp_path, "init", "-q")
    root = tmp_path / "teams" / "data"
    (root / "flows").mkdir(parents=True)
    return root


def test_each_deployment_has_the_commits_of_its_own_files(project: Path) -> None:
    def commit(message: str, **files: str) -> str:
        for name, text in files.items():
            (project / "flows" / f"{name}.py").write_text(text)
        return commit_all(project, message)

    first = commit("first", a="1\n2\n", b="1\n", c="1\n")
    commit("change a", a="1\n3\n4\n")
    commit("change c", c="2\n")
    last = commit("change both", a="1\n3\n", b="2\n")
    reasons = {
        f"{URN}#f/one": DeployReasons(("flows/a.py",)),
        f"{URN}#f/two": DeployReasons(("flows/b.py",)),
        f"{URN}#e/one": DeployReasons(("flows/a.py",)),
        f"{URN}#f/same": DeployReasons((), ("Prefect 3.8.7 -> 3.8.8",)),
    }
    one, two = code_changes(project, reasons, ReleaseRecord("p-1", first), ReleaseRecord("d-2", last))
    assert (one.deployments, one.files) == (("e/one", "f/one"), (FileChange("flows/a.py", 1, 1),))
    assert [line.split(" ", 1)[1] for line in one.commits] == ["change both", "change a"]
    assert (two.deployments, two.files) == (("f/two",), (FileChange("flows/b.py", 1, 1),))
    assert [line.split(" ", 1)[1] for line in two.commits] == ["change both"]
    unknown = ReleaseRecord("p-0", "0" * 40)
    assert code_changes(project, reasons, unknown, ReleaseRecord("d-2", last)) == ()
    assert code_changes(project, reasons, None, ReleaseRecord("d-2", last)) == ()


@pytest.mark.parametrize(
    ("remote", "page"),
    [
        ("git@github.com:team/repo.git", "https://github.com/team/repo/compare/b...c"),
        ("https://user:token@github.example.com/team/repo", "https://github.example.com/team/repo/compare/b...c"),
        ("ssh://git@gitlab.com:22/group/sub/repo.git/", "https://gitlab.com/group/sub/repo/-/compare/b...c"),
        ("https://example.com/team/repo", ""),
        ("/srv/github/repo.git", ""),
        ("", ""),
    ],
)
def test_the_page_of_the_code_host(project: Path, remote: str, page: str) -> None:
    if remote:
        git(project, "remote", "add", "origin", remote)
    assert compare_page(project, ReleaseRecord("p", "b"), ReleaseRecord("d", "c")) == page
    assert compare_page(project, None, ReleaseRecord("d", "c")) == ""
