"""Errors as diagnostics, and the paths of diagnostics as a code host knows them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from prefect_pulumi.core import yaml_source
from prefect_pulumi.core.diagnostics import Diagnostic, Severity, code_of
from prefect_pulumi.core.errors import ManyErrors, PrefectPulumiError
from prefect_pulumi.core.masking import Masker
from prefect_pulumi.project.stack import RULES_FILE

_FILE = re.compile(rf"(Pulumi(?:\.[\w.-]+)?\.ya?ml|{re.escape(RULES_FILE)})(?:: (.+))?")
"""`where` of an error about a file of the project: its name, and the path of a key."""
_KEY = re.compile(r"(?:^|\n)\s*(environment(?:\.[^\s:]+)?): ")
"""The place of a fault, in the message of several faults of one stack file."""


def of_error(error: PrefectPulumiError, root: Path, masker: Masker) -> list[Diagnostic]:
    """What the error says of files of the project in `root`; nothing where it says nothing of one."""
    diagnostics: list[Diagnostic] = []
    for cause in error.errors if isinstance(error, ManyErrors) else (error,):
        diagnostics += cause.diagnostics or _located(cause, root)
    return [replace(each, message=masker.text(each.message), remedy=masker.text(each.remedy)) for each in diagnostics]


def in_repository(diagnostics: Iterable[Diagnostic], root: Path) -> tuple[Diagnostic, ...]:
    """With the paths from the repository's top folder, by place, each once. `root`: the project's folder."""
    top = next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), root)
    prefix = root.relative_to(top).as_posix()
    moved = {replace(each, file=each.file if prefix == "." else f"{prefix}/{each.file}") for each in diagnostics}
    return tuple(sorted(moved, key=lambda each: (each.file, each.line, each.column, each.severity, each.message)))


def _located(error: PrefectPulumiError, root: Path) -> Iterator[Diagnostic]:
    """Of an error whose `where` is `file` or `file: path.of.key`; each fault of several by its own key."""
    match = _FILE.fullmatch(error.where)
    if match is None or not (root / match[1]).is_file():
        return
    file, key = match[1], match[2] or ""
    starts = list(_KEY.finditer(error.message)) if not key else []
    if not starts:
        line, column = _position(root / file, key)
        yield Diagnostic(file, line, column, Severity.ERROR, code_of(file), _text(key, error.message), error.remedy)
        return
    ends = [start.start() for start in starts[1:]] + [len(error.message)]
    for start, end in zip(starts, ends, strict=True):
        line, column = _position(root / file, start[1])
        text = error.message[start.start() : end].strip()
        yield Diagnostic(file, line, column, Severity.ERROR, code_of(file), text, error.remedy)


def _text(key: str, message: str) -> str:
    return f"{key}: {message}" if key else message


def _position(path: Path, key: str) -> tuple[int, int]:
    """Line and column of a key that is spelled with dots; of the nearest part of it that the file has."""
    try:
        source = yaml_source.parse(path.read_bytes(), path.name)
    except (OSError, PrefectPulumiError):
        return 1, 1
    keys = _keys(key.removeprefix("config."), source.data) if key else []
    return source.locate(keys)


def _keys(key: str, data: Any) -> list[str | int]:
    """The path in the file. A key of the config is there with a namespace, or without it."""
    parts: list[str | int] = [int(part) if part.isdigit() else part for part in re.split(r"\.|\[(\d+)\]", key) if part]
    config = data.get("config") if isinstance(data, dict) else None
    for name in config if isinstance(config, dict) else ():
        bare = str(name).rpartition(":")[2]
        spelled = next((text for text in (str(name), bare) if key == text or key.startswith(f"{text}.")), None)
        if spelled is not None:
            rest = key.removeprefix(spelled).removeprefix(".")
            return ["config", str(name), *_keys(rest, None)] if rest else ["config", str(name)]
    return parts
