"""Build and push steps run again only when something of theirs changed."""

from __future__ import annotations

import subprocess
from pathlib import Path

from prefect_pulumi.deploy.file.environment import DeployEnvironment
from prefect_pulumi.deploy.plan.step_digests import StepDigests, build_and_push, project_files

STEPS = {"build": [{"run": {"script": "make {{ $TARGET }}"}}]}


def digest(root: Path, *patterns: str, steps: object = STEPS, **env: str) -> str:
    return StepDigests(root, patterns).digest(steps, DeployEnvironment(env), "key")  # type: ignore[arg-type]


def test_the_entrys_steps_win_over_the_files() -> None:
    shared = {"build": [1], "push": [2], "pull": [3]}
    assert build_and_push({}, shared) == {"build": [1], "push": [2]}
    assert build_and_push({"build": [], "push": [4]}, shared) == {"push": [4]}
    assert build_and_push({"build": None}, {"build": [1]}) == {}


def test_files_steps_and_variables_count(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM x")
    (tmp_path / "notes.md").write_text("a")
    assert digest(tmp_path, steps={}) == ""
    first = digest(tmp_path, TARGET="a")
    assert digest(tmp_path, TARGET="a") == first
    assert digest(tmp_path, TARGET="b") != first
    assert digest(tmp_path, TARGET="a", OTHER="x") == first
    narrow = digest(tmp_path, "Docker*", TARGET="a")
    (tmp_path / "notes.md").write_text("b")
    assert digest(tmp_path, TARGET="a") != first
    assert digest(tmp_path, "Docker*", TARGET="a") == narrow
    (tmp_path / "Dockerfile").write_text("FROM y")
    assert digest(tmp_path, "Docker*", TARGET="a") != narrow


def test_the_file_that_holds_the_steps_is_none_of_what_they_read(tmp_path: Path) -> None:
    (tmp_path / "prefect.yaml").write_text("a")
    (tmp_path / "Dockerfile").write_text("FROM x")

    def beside() -> str:
        return StepDigests(tmp_path, besides="prefect.yaml").digest(STEPS, DeployEnvironment({}), "key")

    first = beside()
    (tmp_path / "prefect.yaml").write_text("b")
    assert beside() == first


def test_what_git_ignores_is_no_input(tmp_path: Path) -> None:
    (tmp_path / ".infra").mkdir()
    (tmp_path / ".infra" / "state").write_text("")
    for name in ("kept", "ignored"):
        (tmp_path / name).write_text("")
    assert set(project_files(tmp_path)) == {"kept", "ignored"}
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    (tmp_path / ".gitignore").write_text("ignored\n")
    assert set(project_files(tmp_path)) == {"kept", ".gitignore"}
