"""`Pulumi.yaml`: its own keys, plugins, backends and the stages of promotion."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

HEAD = "name: p\nruntime: python\nmain: infra\n"
FILES: dict[str, tuple[str | bytes, str]] = {
    "nothing": ("", "name: the project's name must be a text"),
    "a list": ("- name\n", "mapping"),
    "a text": ("name\n", "mapping"),
    "not UTF-8": (b"name: caf\xe9\n", "it is not UTF-8 text"),
    "a bracket": ("name: [\n", "Pulumi.yaml:"),
    "a key twice": ("name: p\nname: q\n", "name: the key is here twice"),
    "no name": ("runtime: python\n", "name: the project's name must be a text"),
    "a name that is a list": ("name: [p]\nruntime: python\n", "name: the project's name must be a text"),
    "a name that is a number": ("name: 3\nruntime: python\n", "name: the project's name must be a text"),
    "an empty name": ("name: ''\nruntime: python\n", "name: the project's name must be a text"),
    "no runtime": ("name: p\n", "runtime"),
    "nodejs": ("name: p\nruntime: nodejs\n", "runs Python programs, not 'nodejs'"),
    "a runtime that is a list": ("name: p\nruntime: [python]\n", "runtime: the embedded engine runs Python programs"),
    "a runtime without a name": ("name: p\nruntime: {options: {}}\n", "runtime: the embedded engine runs Python"),
    "options that are a number": ("name: p\nruntime: {name: python, options: 3}\n", "runtime.options"),
    "options that are a list": ("name: p\nruntime: {name: python, options: [a]}\n", "runtime.options"),
    "main a list": ("name: p\nruntime: python\nmain: [infra]\n", "main: the program's folder must be a text"),
    "main a number": ("name: p\nruntime: python\nmain: 3\n", "main: the program's folder must be a text"),
    "backend a text": (f"{HEAD}backend: url\n", "backend: the backend must be a mapping with a url"),
    "backend a list": (f"{HEAD}backend: [url]\n", "backend: the backend must be a mapping with a url"),
    "plugins a text": (f"{HEAD}plugins: x\n", "plugins.providers"),
    "providers a text": (f"{HEAD}plugins: {{providers: x}}\n", "plugins.providers"),
    "providers of texts": (f"{HEAD}plugins: {{providers: [x]}}\n", "plugins.providers[0]: it needs a name and a path"),
    "providers without path": (f"{HEAD}plugins: {{providers: [{{name: x}}]}}\n", "plugins.providers[0]"),
    "providers without name": (f"{HEAD}plugins: {{providers: [{{path: x}}]}}\n", "plugins.providers[0]"),
}
STAGES = {
    "a text": ("dev", "promotion"),
    "a list": ("[dev, prod]", "promotion"),
    "stages a text": ("{stages: dev}", "stages"),
    "stages a mapping": ("{stages: {dev: prod}}", "stages"),
    "stages of numbers": ("{stages: [1, 2]}", "stages.0"),
    "stages too deep": ("{stages: [[[dev]]]}", "stages.0"),
    "a stage twice": ("{stages: [dev, prod, dev]}", "dev: named twice"),
    "a stage twice in a level": ("{stages: [[dev, dev]]}", "dev: named twice"),
    "an unknown key": ("{stagse: [dev]}", "stagse"),
    "backends a list": ("{stages: [dev], backends: [x]}", "backends"),
    "backends of numbers": ("{stages: [dev], backends: {prod: 3}}", "backends.prod"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_project_file_is_refused_by_its_key(project: Path, refused: Callable[..., str], name: str) -> None:
    content, words = FILES[name]
    (project / "Pulumi.yaml").write_bytes(content if isinstance(content, bytes) else content.encode())
    said = refused("preview")
    assert "Pulumi.yaml" in said
    assert words in said, said


@pytest.mark.parametrize("name", STAGES)
def test_stages_are_refused_by_their_key(project: Path, refused: Callable[..., str], name: str) -> None:
    value, words = STAGES[name]
    (project / "Pulumi.yaml").write_text(f"{HEAD}promotion: {value}\n")
    said = refused("status", "--no-drift")
    assert "Pulumi.yaml: promotion" in said
    assert words in said, said


@pytest.mark.parametrize("url", ["https://api.pulumi.com", "postgres://x/y"])
def test_a_state_elsewhere_is_left_to_the_official_cli(project: Path, refused: Callable[..., str], url: str) -> None:
    (project / "Pulumi.yaml").write_text(f"{HEAD}backend: {{url: '{url}'}}\n")
    assert "keeps states in files and buckets" in refused("up", "--yes")


def test_no_project_here_or_above(project: Path, refused: Callable[..., str]) -> None:
    (project / "Pulumi.yaml").unlink()
    assert "no Pulumi.yaml here or above" in refused("preview")


def test_a_program_that_is_not_there(project: Path, refused: Callable[..., str]) -> None:
    (project / "Pulumi.yaml").write_text("name: p\nruntime: python\nmain: elsewhere\n")
    assert "there is no __main__.py" in refused("preview", code=1)
