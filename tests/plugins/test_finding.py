"""Where plugins are looked for, in which order."""

from __future__ import annotations

from pathlib import Path

import pytest

from prefect_pulumi.plugins.locations import LocalPlugin, Wanted, find, partial_mark


def make(folder: Path, package: str = "x") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    executable = folder / f"pulumi-resource-{package}"
    executable.write_text("#!/bin/sh\n")
    executable.chmod(0o755)
    return executable


def test_order_of_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, ambient, local = tmp_path / "home", tmp_path / "path", tmp_path / "local"
    wanted = Wanted("x", "1.2.3")
    monkeypatch.setenv("PATH", str(ambient))
    assert find(wanted, home=home) is None
    installed = make(home / "resource-x-v1.2.3")
    assert find(wanted, home=home) == installed
    on_path = make(ambient)
    assert find(wanted, home=home) == on_path
    monkeypatch.setenv("PULUMI_IGNORE_AMBIENT_PLUGINS", "true")
    assert find(wanted, home=home) == installed
    named = make(local)
    assert find(wanted, [LocalPlugin("x", local)], home) == named
    assert find(wanted, [LocalPlugin("x", local, "v1.2.3")], home) == named
    assert find(wanted, [LocalPlugin("x", local, "9.9.9"), LocalPlugin("y", local)], home) == installed


def test_versions_of_installed_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    made = {v: make(tmp_path / f"resource-x-v{v}") for v in ("1.9.0", "1.10.0", "2.0.0-rc.1", "3.0.0")}
    make(tmp_path / "resource-x-more-v9.0.0", "x-more")
    partial_mark(made["3.0.0"].parent).touch()
    assert find(Wanted("x"), home=tmp_path) == made["1.10.0"]
    assert find(Wanted("x", "2.0.0-rc.1"), home=tmp_path) == made["2.0.0-rc.1"]
    assert find(Wanted("x", "3.0.0"), home=tmp_path) is None
    assert find(Wanted("x", "1.9.1"), home=tmp_path) is None


def test_command_that_installs_it() -> None:
    assert Wanted("docker", "4.5.6").command == "pulumi plugin install resource docker v4.5.6"
    assert Wanted("x", "1.0.0", "https://example.com/p").command.endswith("x v1.0.0 --server https://example.com/p")
