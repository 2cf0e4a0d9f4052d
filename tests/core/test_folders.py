"""The work folder is its owner's alone, whatever the umask."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from prefect_pulumi.cli.main import main
from prefect_pulumi.core.errors import ConfigError, ExitCode
from prefect_pulumi.core.folders import link_folder, make_folder, protect


@pytest.fixture(params=[0o000, 0o022])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.usefixtures("umask")
def test_a_new_one_and_an_old_one(tmp_path: Path) -> None:
    make_folder(tmp_path / ".infra" / "state" / "x")
    assert mode(tmp_path / ".infra") == 0o700
    (tmp_path / ".infra").chmod(0o755)
    make_folder(tmp_path / ".infra" / "state" / "y")
    assert mode(tmp_path / ".infra") == 0o700


@pytest.mark.usefixtures("umask")
def test_a_command_protects_what_an_earlier_version_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "x")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Pulumi.yaml").write_text("name: p\nruntime: python\nmain: infra\n")
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {}\n")
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "__main__.py").write_text("import pulumi\n")
    (tmp_path / ".infra").mkdir()
    assert main(["preview"]) == ExitCode.DONE
    assert mode(tmp_path / ".infra") == 0o700


def test_a_link_to_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / ".infra").symlink_to(tmp_path / "other")
    for protected in (tmp_path / ".infra", tmp_path / ".infra" / "state"):
        with pytest.raises(ConfigError, match="the work folder is a link to"):
            make_folder(protected)
    (tmp_path / ".prefect-release").write_text("of a release\n")
    make_folder(tmp_path / ".infra" / "state")
    assert mode(tmp_path / "other") == 0o700


def test_the_link_of_a_copy(tmp_path: Path) -> None:
    make_folder(tmp_path / "project" / ".infra")
    (tmp_path / "copy").mkdir()
    link_folder(tmp_path / "copy" / ".infra", tmp_path / "project" / ".infra")
    make_folder(tmp_path / "copy" / ".infra" / "cache")
    assert (tmp_path / "project" / ".infra" / "cache").is_dir()


def test_another_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_folder(tmp_path / ".infra")
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(ConfigError, match="the work folder belongs to user"):
        protect(tmp_path / ".infra")


def test_a_file(tmp_path: Path) -> None:
    (tmp_path / ".infra").write_text("")
    with pytest.raises(ConfigError, match="the work folder is a file"):
        protect(tmp_path / ".infra")
