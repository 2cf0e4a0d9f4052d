"""The documentation agrees with the code: commands parse, every command and option is listed, links lead somewhere."""

from __future__ import annotations

import argparse
import ast
import importlib
import inspect
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from prefect_pulumi import Project, ProjectStack
from prefect_pulumi.cli.main import make_parser

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])


def command_lines(page: Path) -> Iterator[str]:
    """The calls of `infra` in the page's shell blocks, without comments and placeholders for a URN."""
    for block in re.findall(r"```sh\n(.*?)```", page.read_text("utf-8"), flags=re.DOTALL):
        for call in re.findall(r"(?:^|&& |\$\()(infra [^#&|)\n]+)", block, flags=re.MULTILINE):
            yield re.sub(r"<[^>]*>", "X", call).strip()


def options_and_commands(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for subparser in action.choices.values():
                yield subparser.prog
                yield from options_and_commands(subparser)
        else:
            yield from (name for name in action.option_strings if name.startswith("--") and name != "--help")


def anchors(page: Path) -> set[str]:
    """Those that GitHub derives from headings."""
    heads = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_parse(page: Path) -> None:
    for line in command_lines(page):
        make_parser().parse_args(shlex.split(line)[1:])


def test_commands_are_found() -> None:
    assert sum(len(list(command_lines(page))) for page in PAGES) > 15


def test_every_command_and_option_is_listed() -> None:
    text = (ROOT / "docs" / "commands.md").read_text("utf-8")
    groups = {"infra config", "infra release", "infra stack", "infra state"}
    names = set(options_and_commands(make_parser())) - groups
    assert [name for name in sorted(names) if not re.search(rf"{re.escape(name)}\b", text)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if re.match(r"\w+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def python_blocks(page: Path) -> list[str]:
    return re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), flags=re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_imports_of_examples_exist(page: Path) -> None:
    for block in python_blocks(page):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("prefect_pulumi"):
                module = importlib.import_module(str(node.module))
                assert all(hasattr(module, alias.name) for alias in node.names), ast.unparse(node)


def test_the_python_api_is_listed() -> None:
    text = (ROOT / "docs" / "python-api.md").read_text("utf-8")
    members = {name for owner in (Project, ProjectStack) for name, _ in inspect.getmembers(owner) if name[0] != "_"}
    assert [name for name in sorted(members) if not re.search(rf"[`.]{name}\b", text)] == []
    for path, name in re.findall(r"`((?:api|app|core|engine|review)(?:\.[a-z_]+)+)\.(\w+)`", text):
        assert hasattr(importlib.import_module(f"prefect_pulumi.{path}"), name), f"{path}.{name}"


def test_names_of_the_architecture_exist() -> None:
    """Modules by their dotted path, classes and tables by their own name."""
    package = ROOT / "src" / "prefect_pulumi"
    rooms = {folder.name for folder in package.iterdir() if (folder / "__init__.py").is_file()}
    source = "\n".join(path.read_text("utf-8") for path in package.rglob("*.py"))
    missing = []
    for text in re.findall(r"`([\w.]+)`", (ROOT / "docs" / "architecture" / "README.md").read_text("utf-8")):
        path = package.joinpath(*text.split("."))
        if "." in text and text.split(".")[0] in rooms and not text.endswith(".yaml"):
            owner, name = path.parent.with_suffix(".py"), path.name
            found = path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()
            found = found or (owner.is_file() and re.search(rf"^(class|def) {name}\b", owner.read_text("utf-8"), re.M))
        else:
            found = not re.match(r"[A-Z]+[A-Za-z]+$", text) or re.search(
                rf"^(class {text}\b|{text}\b.* =)", source, re.M
            )
        missing += [] if found else [text]
    assert missing == []
