"""Pulumi.yaml as this engine reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from prefect_pulumi.core.errors import ConfigError
from prefect_pulumi.project.stack_file import PluginEntry, ProjectFile, StackConfig


def load(tmp_path: Path, text: str) -> ProjectFile:
    path = tmp_path / "Pulumi.yaml"
    path.write_text(text)
    return ProjectFile.load(path)


def test_plugins_and_runtime_options(tmp_path: Path) -> None:
    text = """
name: p
runtime: {name: python, options: {virtualenv: .venv}}
main: infra
plugins:
  providers:
  - {name: prefect, path: .venv/bin}
  - {name: x, path: bin, version: 1.2.3}
"""
    found = load(tmp_path, text)
    assert found.plugins == (PluginEntry("prefect", ".venv/bin"), PluginEntry("x", "bin", "1.2.3"))
    assert found.runtime_options == {"virtualenv": ".venv"}


@pytest.mark.parametrize("runtime", ["nodejs", "go", "dotnet", "java", "yaml"])
@pytest.mark.parametrize("form", ["{0}", "{{name: {0}}}"])
def test_other_languages_are_refused_by_name(runtime: str, form: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=f"runs Python programs, not '{runtime}'") as raised:
        load(tmp_path, f"name: p\nruntime: {form.format(runtime)}\n")
    assert "official CLI" in raised.value.remedy


@pytest.mark.parametrize("plugins", ["{providers: x}", "{providers: [x]}", "{providers: [{name: x}]}", "x"])
def test_plugins_that_are_none(plugins: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"plugins\.providers"):
        load(tmp_path, f"name: p\nruntime: python\nplugins: {plugins}\n")


def test_a_key_twice_is_refused_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"Pulumi\.yaml:3:1: name: the key is here twice \(first: line 1\)"):
        load(tmp_path, "name: p\nruntime: python\nname: q\n")
    path = tmp_path / "Pulumi.dev.yaml"
    path.write_text("config:\n  p:a: 1\n  p:b: 2\n  p:a: 3\n")
    with pytest.raises(ConfigError, match=r"Pulumi\.dev\.yaml:4:3: config\.p:a: the key is here twice"):
        StackConfig.load(path, "p")


def test_a_file_that_is_not_utf8_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.dev.yaml"
    path.write_bytes(b"config:\n  p:a: caf\xe9\n")
    with pytest.raises(ConfigError, match=r"Pulumi\.dev\.yaml:2:11: it is not UTF-8 text; save it as UTF-8"):
        StackConfig.load(path, "p")
