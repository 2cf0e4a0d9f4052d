"""The project's repository, with real git."""

from __future__ import annotations

from pathlib import Path

import pytest

from prefect_pulumi.core.errors import ConfigError
from prefect_pulumi.project import git
from tests.support.git_repository import git as run


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project two folders below the top of its repository, in a path with a space."""
    top = tmp_path / "a repository"
    root = top / "teams" / "data"
    root.mkdir(parents=True)
    (root / "Pulumi.yaml").write_text("name: test\n")
    (root / "Pulumi.prod.yaml").write_text("config: {}\n")
    (root / "flow.py").write_text("version = 1\n")
    (root / ".gitignore").write_text(".infra/\n")
    (top / "shared.txt").write_text("shared\n")
    (top / ".gitattributes").write_text("teams/data/flow.py export-ignore\n")
    run(top, "init", "-q")
    assert git.revision(root) == git.Revision("", "nothing is committed yet")
    run(top, "add", "--all")
    run(top, "commit", "-qm", "first")
    return root


def test_revision_tells_a_clean_tree_from_an_edited_one(project: Path, tmp_path: Path) -> None:
    head = run(project, "rev-parse", "HEAD")
    assert git.revision(project) == git.Revision(head)
    assert git.revision(project).exact == head
    # What lies beside the project is not part of what it deploys.
    (project.parent.parent / "shared.txt").write_text("edited\n")
    assert git.revision(project).exact == head
    for number in range(4):
        (project / f"new{number}.py").write_text("")
    found = git.revision(project)
    assert (found.commit, found.exact) == (head, "")
    assert found.unclean.startswith("not committed: new0.py, ")
    assert found.unclean.endswith(" and 1 more")
    outside = git.revision(tmp_path)
    assert outside.commit == ""
    assert "not a git repository" in outside.unclean


def test_checkout_is_exactly_the_commit_whatever_is_there(project: Path) -> None:
    first = run(project, "rev-parse", "HEAD")
    (project / "flow.py").write_text("version = 2\n")
    run(project, "commit", "-qam", "second")
    folder = project / ".infra" / "releases" / first
    made = git.checkout(project, first, folder, ["Pulumi.prod.yaml"])
    assert made == folder / "teams" / "data"
    assert (made / "flow.py").read_text() == "version = 1\n"
    assert (folder / "shared.txt").exists()
    assert not (made / "Pulumi.prod.yaml").exists()
    assert git.revision(made) == git.Revision(first)

    kept = (made / "Pulumi.yaml").stat().st_mtime_ns
    (made / "flow.py").write_text("version = 0\n")
    (made / "Pulumi.prod.yaml").write_text("the caller's\n")
    git.checkout(project, first, folder, ["Pulumi.prod.yaml"])
    assert (made / "flow.py").read_text() == "version = 1\n"
    assert (made / "Pulumi.prod.yaml").read_text() == "the caller's\n"
    assert (made / "Pulumi.yaml").stat().st_mtime_ns == kept
    assert git.revision(project).exact == run(project, "rev-parse", "HEAD")
    with pytest.raises(ConfigError, match="git fetch"):
        git.checkout(project, "0" * 40, folder)


def test_ancestry(project: Path) -> None:
    first = run(project, "rev-parse", "HEAD")
    run(project, "checkout", "-qb", "hotfix")
    (project / "flow.py").write_text("version = 1.1\n")
    run(project, "commit", "-qam", "mend it in production")
    hotfix = run(project, "rev-parse", "HEAD")
    run(project, "checkout", "-q", first)
    (project / "other.py").write_text("")
    run(project, "add", "--all")
    run(project, "commit", "-qm", "go on")
    head = run(project, "rev-parse", "HEAD")
    assert git.is_ancestor(project, first, head)
    assert git.is_ancestor(project, head, head)
    assert not git.is_ancestor(project, hotfix, head)
    assert [line.split(" ", 1)[1] for line in git.missing_commits(project, hotfix, head)] == ["mend it in production"]
    assert git.show(project, hotfix, "flow.py") == "version = 1.1\n"
    assert git.show(project, head, "nothing.py") == ""


def test_files_that_git_knows_or_would_add(project: Path, tmp_path: Path) -> None:
    (project / ".gitignore").write_text("ignored\n")
    for name in ("new file", "ignored"):
        (project / name).touch()
    files = git.list_files(project)
    assert files is not None
    assert "new file" in files
    assert "ignored" not in files
    assert git.list_files(tmp_path / "nowhere") is None
