"""The selected stack: read and written where the official CLI has it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from prefect_pulumi.cli.main import main
from prefect_pulumi.core.errors import ConfigError, ExitCode
from prefect_pulumi.project.selection import select, selected_stack, unchanged, unselect
from prefect_pulumi.project.stack import Stack

BACKEND = "file:///srv/states"
PROD = "file:///srv/prod"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text(
        f"name: p\nruntime: python\nbackend: {{url: '{BACKEND}'}}\npromotion: {{backends: {{prod: '{PROD}'}}}}\n"
    )
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(folder)
    return folder


def file_of(root: Path) -> Path:
    digest = hashlib.sha1(str(root / "Pulumi.yaml").encode()).hexdigest()
    return root.parent / "home" / "workspaces" / f"p-{digest}-workspace.json"


def written(root: Path, document: Any) -> None:
    file_of(root).parent.mkdir(parents=True, exist_ok=True)
    file_of(root).write_text(json.dumps(document))


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({}, ""),
        ({"stack": "organization/p/old"}, "old"),
        ({"stack": "bare"}, "bare"),
        ({"stack": "organization/q/other"}, ""),
        ({"stacks": {BACKEND: "organization/p/eu"}, "stack": "old"}, "eu"),
        ({"stacks": {"https://api.pulumi.com": "me/p/eu"}}, ""),
        ({"stacks": {"https://api.pulumi.com": "me/p/eu"}, "stack": "old"}, "old"),
        ({"stacks": {PROD: "organization/p/prod"}}, "prod"),
    ],
)
def test_the_cli_selects(root: Path, document: dict[str, Any], expected: str) -> None:
    assert selected_stack(root) == ""
    written(root, document)
    assert selected_stack(root) == expected


def test_the_variable_comes_first(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(root, {"stack": "old"})
    monkeypatch.setenv("PULUMI_STACK", "organization/p/of-the-variable")
    assert selected_stack(root) == "of-the-variable"


def test_one_stack_is_selected_in_its_own_backend(root: Path) -> None:
    written(root, {"stack": "old", "stacks": {"https://api.pulumi.com": "me/p/eu"}})
    select(Stack(root, "dev"))
    assert json.loads(file_of(root).read_text())["stacks"][BACKEND] == "organization/p/dev"
    select(Stack(root, "prod"))
    assert json.loads(file_of(root).read_text()) == {
        "stacks": {"https://api.pulumi.com": "me/p/eu", PROD: "organization/p/prod"}
    }
    assert selected_stack(root) == "prod"
    unselect(Stack(root, "dev"))
    assert selected_stack(root) == "prod"
    unselect(Stack(root, "prod"))
    assert selected_stack(root) == ""
    assert json.loads(file_of(root).read_text()) == {"stacks": {"https://api.pulumi.com": "me/p/eu"}}


def test_a_folder_that_is_reached_by_a_link_has_one_selection(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = root.parent / "link"
    link.symlink_to(root)
    monkeypatch.chdir(link)
    monkeypatch.setenv("PWD", str(link))
    select(Stack(root, "dev"))
    assert file_of(root).is_file()
    assert file_of(link).is_file()
    unselect(Stack(root, "dev"))
    assert not file_of(root).exists()
    assert not file_of(link).exists()


def test_what_is_selected_in_between_is_undone(root: Path) -> None:
    with unchanged(Stack(root, "dev")):
        written(root, {"stacks": {BACKEND: "organization/p/eu"}})
    assert selected_stack(root) == ""
    select(Stack(root, "dev"))
    with unchanged(Stack(root, "prod")):
        written(root, {"stacks": {BACKEND: "organization/p/prod"}})
    assert selected_stack(root) == "dev"


@pytest.mark.parametrize("content", ["{", "[]", '{"stacks": []}'])
def test_a_broken_selection_is_no_absence_of_one(root: Path, content: str) -> None:
    written(root, {})
    file_of(root).write_text(content)
    with pytest.raises(ConfigError, match="the selected stack cannot be read") as raised:
        selected_stack(root)
    assert raised.value.where == str(file_of(root))


def test_a_command_takes_the_selected_stack_and_says_so(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "Pulumi.eu.yaml").write_text("config: {p:where: europe}\n")
    (root / "Pulumi.dev.yaml").write_text("config: {p:where: here}\n")
    assert main(["config", "ls", "--json"]) == ExitCode.DONE
    assert json.loads(capsys.readouterr().out)["p:where"]["value"] == "here"
    select(Stack(root, "eu"))
    assert main(["config", "ls", "--json"]) == ExitCode.DONE
    shown = capsys.readouterr()
    assert json.loads(shown.out)["p:where"]["value"] == "europe"
    assert shown.err == "stack eu is selected; -s names another one\n"
    assert main(["config", "ls", "--json", "-s", "dev"]) == ExitCode.DONE
    assert json.loads(capsys.readouterr().out)["p:where"]["value"] == "here"
