"""The stack that commands work on when none is named: chosen by `infra stack select` or `pulumi stack select`.

Both write the official CLI's own file, one for each folder of a project (`pkg/workspace/workspace.go`):
`workspaces/<project>-<SHA-1 of the project file's path>-workspace.json` in the CLI's home, with the chosen stack of
each backend's URL under `stacks`, or of all under `stack`, as older versions wrote it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from prefect_pulumi.core.errors import ConfigError, PrefectPulumiError
from prefect_pulumi.project import layout, pulumi_home
from prefect_pulumi.project.stack import Stack

VARIABLE = "PULUMI_STACK"
"""As for the official CLI, it comes before what was selected."""
ORGANIZATION = "organization"
"""The one organization of a backend that is not Pulumi Cloud."""


def selected_stack(root: Path) -> str:
    """The name of the project's selected stack, "" when there is none. Raises `ConfigError` for a file of selections
    that cannot be read: what it says might be another stack."""
    if os.environ.get(VARIABLE):
        return os.environ[VARIABLE].rpartition("/")[2]
    if not _folder().is_dir():
        return ""
    nameless = Stack(root, "")
    for file in _files(nameless):
        chosen = _read(file)
        for url in [*_all_urls(nameless), ""]:
            if name := _bare(chosen.get(url), nameless.project.name):
                return name
    return ""


def select(stack: Stack) -> None:
    """Selects the stack for both engines, in its own backend and in no other one of the project."""
    name = f"{ORGANIZATION}/{stack.project.name}/{stack.name}"
    others = {"", *_all_urls(stack)}
    _edit(
        stack, lambda chosen: {k: v for k, v in chosen.items() if k not in others} | dict.fromkeys(_urls(stack), name)
    )


def unselect(stack: Stack) -> None:
    """Of a stack that is gone: where it was selected, none is."""

    def without(chosen: dict[str, str]) -> dict[str, str]:
        return {k: v for k, v in chosen.items() if _bare(v, stack.project.name) != stack.name}

    _edit(stack, without)


@contextmanager
def unchanged(stack: Stack) -> Iterator[None]:
    """What commands of the official CLI select in the block is undone: the Automation API selects each stack that it
    opens."""
    before = {file: _read(file) for file in _files(stack)}
    try:
        yield
    finally:
        for file, chosen in before.items():
            if _read(file) != chosen:
                _write(file, chosen)


def _folder() -> Path:
    return pulumi_home.folder() / "workspaces"


def _files(stack: Stack) -> list[Path]:
    """The files of the project's folder, by its path as the shell has it and without links: which of the two the CLI
    takes depends on where it is called."""
    root, shell = stack.project_dir.resolve(), Path(os.environ.get("PWD", ""))
    folders = [folder for folder in (shell, *shell.parents) if shell.is_absolute() and folder.resolve() == root]
    paths = dict.fromkeys(str(layout.project_file(folder)) for folder in [*folders[:1], root])
    digests = [hashlib.sha1(path.encode(), usedforsecurity=False).hexdigest() for path in paths]
    return [_folder() / f"{stack.project.name}-{digest}-workspace.json" for digest in digests]


def _urls(stack: Stack) -> list[str]:
    """Of the stack's backend, as it was given, and for a folder as `infra env` exports it; none for a backend that is
    in error."""
    with contextlib.suppress(PrefectPulumiError):
        given = stack.backend_url
        if urlsplit(given).scheme not in {"", "file"}:
            return [given]
        return [*([given] if given else []), stack.cli_environment["PULUMI_BACKEND_URL"]]
    return []


def _all_urls(stack: Stack) -> list[str]:
    """Of all backends of the project: its own first."""
    promotion = stack.project.promotion
    backends = promotion.get("backends") if isinstance(promotion, dict) else None
    names = ["", *map(str, backends if isinstance(backends, dict) else ())]
    urls = [url for name in names for url in _urls(Stack(stack.root, name))]
    return [*dict.fromkeys([*urls, f"file://{layout.state_folder(stack.project_dir).resolve()}"])]


def _bare(name: str | None, project: str) -> str:
    """`organization/project/stack` -> `stack`; "" for a stack of another project."""
    parts = (name or "").split("/")
    return parts[-1] if len(parts) < 3 or parts[-2] == project else ""


def _read(file: Path) -> dict[str, str]:
    """URL -> qualified name; that of older versions, for all, under ""."""
    try:
        document: Any = json.loads(file.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise _unreadable(file) from error
    stacks = document.get("stacks") if isinstance(document, dict) else []
    if not isinstance(document, dict) or not isinstance(stacks, dict | None):
        raise _unreadable(file)
    chosen = {"": document.get("stack"), **(stacks or {})}
    return {url: name for url, name in chosen.items() if isinstance(name, str) and name}


def _unreadable(file: Path) -> ConfigError:
    return ConfigError(
        "the selected stack cannot be read", where=str(file), remedy="delete the file, then: infra stack select NAME"
    )


def _edit(stack: Stack, change: Callable[[dict[str, str]], dict[str, str]]) -> None:
    for file in _files(stack):
        chosen = _read(file)
        edited = change(chosen)
        if edited != chosen:
            _write(file, edited)


def _write(file: Path, chosen: dict[str, str]) -> None:
    """As the CLI writes it: no file where nothing is selected."""
    stacks = {url: name for url, name in chosen.items() if url}
    document = ({"stack": chosen[""]} if "" in chosen else {}) | ({"stacks": stacks} if stacks else {})
    try:
        if not document:
            file.unlink(missing_ok=True)
            return
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = file.with_name(f".{file.name}.{os.getpid()}.tmp")
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as text:
            json.dump(document, text, indent=4)
        temporary.replace(file)
    except OSError as error:
        raise ConfigError(f"the selection cannot be written: {error.strerror}", where=str(file)) from error
