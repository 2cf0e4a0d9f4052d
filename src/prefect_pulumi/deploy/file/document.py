"""`prefect.yaml` as plain data with the lines of its keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from prefect_pulumi.core import yaml_source
from prefect_pulumi.core.errors import PreflightError
from prefect_pulumi.core.yaml_source import YamlError, YamlFault, YamlSource, dotted

Keys = Sequence[str | int]


@dataclass(frozen=True)
class Document:
    """`data` has its anchors and merges resolved. `path` names the file in messages."""

    path: Path
    data: dict[str, Any]
    source: YamlSource
    filled: frozenset[tuple[str | int, ...]] = field(default=frozenset())
    """Places whose value does not come from the file."""

    def place(self, keys: Keys) -> str:
        """`line 12: deployments[0].schedule.cron`; the nearest known line where the key itself is missing."""
        line, _, spelled = self.source.trace(keys)
        return f"line {line}: {dotted(spelled)}" if spelled else f"line {line}"

    def line(self, keys: Keys) -> int:
        return self.source.locate(keys)[0]


def read(path: Path) -> Document:
    """Raises `PreflightError` for what is no YAML mapping."""
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise PreflightError(
            ["there is no such file"],
            where=path.name,
            remedy=f"write one in {path.parent}, or name another as `prefect_file` (and `directory`)",
        ) from error
    except OSError as error:
        raise PreflightError([error.strerror or str(error)], where=path.name) from error
    return parse(data, path)


def parse(text: str | bytes, path: Path) -> Document:
    """As `read`, of a file's content."""
    try:
        source = yaml_source.parse(text, path.name)
    except YamlError as error:
        raise PreflightError([_words(fault) for fault in error.faults], where=path.name) from error
    data = source.data
    if data is None:
        raise PreflightError(
            ["line 1: the file is empty"], where=path.name, remedy="write `deployments: []` when there is none"
        )
    if not isinstance(data, dict):
        kind = "a list" if isinstance(data, list) else "a single value"
        raise PreflightError(
            [f"line 1: it must be a mapping of keys to values, not {kind}; begin with `deployments:`"],
            where=path.name,
        )
    return Document(path, data, source)


def plain(value: Any) -> Any:
    """The JSON value that Prefect makes of a YAML value: dates become texts."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def _words(fault: YamlFault) -> str:
    if fault.keys is None:
        return f"line {fault.line}, column {fault.column}: {fault.message}"
    return f"line {fault.line}: {f'{dotted(fault.keys)}: ' if fault.keys else ''}{fault.message}"
