"""The commit of a deployment, as it is sent to Prefect."""

from __future__ import annotations

from pathlib import Path

import pytest

from prefect_pulumi.deploy.plan.version_info import described, version_info
from prefect_pulumi.project.layout import RELEASE_MARK
from tests.support.git_repository import commit_all, git

SHA = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("address", "type_", "repository", "url"),
    [
        (
            "https://ada:token@github.com/acme/flows.git",
            "vcs:github",
            "acme/flows",
            f"https://github.com/acme/flows/tree/{SHA}",
        ),
        ("git@github.com:acme/flows.git", "vcs:github", "acme/flows", f"https://github.com/acme/flows/tree/{SHA}"),
        (
            "ssh://git@gitlab.example.com:2222/team/flows",
            "vcs:gitlab",
            "team/flows",
            f"https://gitlab.example.com/team/flows/-/tree/{SHA}",
        ),
        ("https://bitbucket.org/a/b", "vcs:bitbucket", "a/b", f"https://bitbucket.org/a/b/src/{SHA}"),
        (
            "https://dev.azure.com/o/p/_git/r",
            "vcs:azuredevops",
            "o/p/_git/r",
            f"https://dev.azure.com/o/p/_git/r?version=GC{SHA}",
        ),
        ("https://git.example.com:8443/a/b.git", "vcs:git", "a/b", "https://git.example.com:8443/a/b"),
        ("/srv/git/flows.git", "vcs:git", "srv/git/flows", "srv/git/flows"),
    ],
)
def test_a_commit_is_described_by_its_remote(address: str, type_: str, repository: str, url: str) -> None:
    assert described(address, SHA) == {
        "type": type_,
        "version": SHA[:8],
        "commit_sha": SHA,
        "repository": repository,
        "url": url,
    }


def test_the_commit_is_that_of_the_files(tmp_path: Path) -> None:
    assert version_info(tmp_path, {}) is None
    git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / "flow.py").write_text("1")
    first = commit_all(tmp_path, "Add the flow\n\nIt is short.")
    assert version_info(tmp_path, {}) is None  # no remote: Prefect's own words
    git(tmp_path, "remote", "add", "origin", "git@github.com:acme/flows.git")
    known = version_info(tmp_path, {})
    assert known is not None
    assert (known["commit_sha"], known["message"], known["branch"]) == (first, "Add the flow", "main")
    assert "uncommitted" not in known
    (tmp_path / "flow.py").write_text("2")
    assert (version_info(tmp_path, {"GITHUB_REF_NAME": "release"}) or {})["uncommitted"] is True
    commit_all(tmp_path, "Change it")
    release = tmp_path / ".infra" / "releases" / first
    release.mkdir(parents=True)
    (release / RELEASE_MARK).write_text(f"{first}\n")
    pinned = version_info(release, {"GITHUB_REF_NAME": "release"}) or {}
    assert (pinned["commit_sha"], pinned["message"], pinned["branch"]) == (first, "Add the flow", "release")
