"""Where a project keeps its files. The paths are spelled out here: states, workers and other clones know them."""

from __future__ import annotations

from pathlib import Path

import pytest

from prefect_pulumi.core.errors import ConfigError
from prefect_pulumi.project import layout
from prefect_pulumi.project.stack import Stack, find_root, notes_of


def test_every_path() -> None:
    root = Path("/p")
    paths = {
        layout.work_folder(root): ".infra",
        layout.state_folder(root): ".infra/state",
        layout.stack_folder(root, "dev"): ".infra/dev",
        layout.passphrase_file(root, "dev"): ".infra/dev/passphrase",
        layout.releases_folder(root): ".infra/releases",
        layout.promotions_folder(root): ".infra/promotions",
        layout.flows_cache(root, "abc"): ".infra/cache/flows-abc.json",
        layout.prefect_home(root): ".infra/prefect",
        layout.tools_folder(root): ".infra/bin",
        root / layout.server_directory("dev"): ".infra/dev/server",
        root / layout.worker_directory("dev", "etl-1"): ".infra/dev/workers/etl-1",
    }
    assert {path.relative_to(root).as_posix() for path in paths} == set(paths.values())
    assert all(path == root / text for path, text in paths.items())


@pytest.mark.parametrize("ending", ["yaml", "yml"])
def test_a_project_is_found_from_below_whatever_its_ending(ending: str, tmp_path: Path) -> None:
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert layout.find_project(below) is None
    with pytest.raises(ConfigError, match=r"no Pulumi\.yaml here or above"):
        find_root(below)
    (tmp_path / f"Pulumi.{ending}").write_text("name: p\nruntime: python\n")
    (tmp_path / f"Pulumi.dev.{ending}").write_text("config:\n  a: 1\n")
    assert layout.find_project(below) == find_root(below) == tmp_path
    assert layout.project_file(tmp_path) == tmp_path / f"Pulumi.{ending}"
    assert layout.stack_names(tmp_path) == ["dev"]
    stack = Stack(tmp_path, "dev")
    assert (stack.project.name, stack.config.get("a")) == ("p", 1)
    assert stack.config_file == tmp_path / f"Pulumi.dev.{ending}"


def test_stack_files_have_the_ending_of_the_project_file(tmp_path: Path) -> None:
    for name in ("Pulumi.yaml", "Pulumi.yml", "Pulumi.dev.yaml", "Pulumi.eu.prod.yaml", "Pulumi.old.yml"):
        (tmp_path / name).touch()
    assert [path.name for path in layout.stack_files(tmp_path)] == ["Pulumi.dev.yaml", "Pulumi.eu.prod.yaml"]
    assert layout.stack_names(tmp_path) == ["dev", "eu.prod"]
    assert layout.stack_file(tmp_path, "new") == tmp_path / "Pulumi.new.yaml"
    assert layout.stack_file(tmp_path / "elsewhere", "new").name == "Pulumi.new.yaml"


def test_the_home_of_a_release_is_the_project(tmp_path: Path) -> None:
    project, release = tmp_path / "project", tmp_path / "project" / ".infra" / "releases" / "abc"
    release.mkdir(parents=True)
    (release / ".infra").symlink_to(project / ".infra")
    assert layout.project_home(release) == release
    (release / layout.RELEASE_MARK).write_text("abc\n")
    assert layout.project_home(release) == project.resolve()


def test_a_server_that_ran_here(tmp_path: Path) -> None:
    folder = tmp_path / layout.server_directory("dev")
    folder.mkdir(parents=True)
    assert not layout.has_server(tmp_path)
    (folder / "prefect.db").touch()
    assert layout.has_server(tmp_path)


def test_notes_of_runs_are_beside_the_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    urn = "urn:pulumi:dev::p::prefect:index:Variable::a"
    assert notes_of(tmp_path, urn).where("") == str(tmp_path / ".infra")
    (tmp_path / "Pulumi.yaml").write_text("name: p\nruntime: python\n")
    assert notes_of(tmp_path, urn).where("") == str(tmp_path / ".infra" / "state" / ".pulumi" / "prefect" / "p" / "dev")
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path}/shared")
    assert notes_of(tmp_path, urn).where("") == str(tmp_path / "shared" / ".pulumi" / "prefect" / "p" / "dev")
    monkeypatch.setenv("PULUMI_BACKEND_URL", "https://api.pulumi.com")
    assert notes_of(tmp_path, urn).where("") == str(tmp_path / ".infra")
