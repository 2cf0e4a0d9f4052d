"""`prefect.yaml` as plain data with the lines of its keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any

from prefect_pulumi.core import diagnostics, yaml_source
from prefect_pulumi.core.diagnostics import Diagnostic
from prefect_pulumi.core.errors import PreflightError
from prefect_pulumi.core.yaml_source import YamlError, YamlFault, YamlSource, dotted

Keys = Sequence[str | int]


class Severity(Enum):
    """A fault stops the command; a warning does so under `strict`; a note never does: nothing in the file is wrong."""

    FAULT = "fault"
    WARNING = "warning"
    NOTE = "note"


_SEVERITIES = {
    Severity.FAULT: diagnostics.Severity.ERROR,
    Severity.WARNING: diagnostics.Severity.WARNING,
    Severity.NOTE: diagnostics.Severity.NOTE,
}


@dataclass(frozen=True)
class Finding:
    """What is said of one place of the file. `place` is `line 12: deployments[0].schedule.cron`."""

    line: int
    place: str
    message: str
    keys: tuple[str | int, ...]
    severity: Severity = Severity.FAULT
    column: int = 1

    @property
    def text(self) -> str:
        return f"{self.place}: {self.message}"

    def diagnostic(self, file: str) -> Diagnostic:
        """`file`: the document's, relative to the repository."""
        message = self.text.removeprefix(f"line {self.line}: ")
        return Diagnostic(file, self.line, self.column, _SEVERITIES[self.severity], "prefect-yaml", message)


@dataclass(frozen=True)
class Document:
    """`data` has its anchors and merges resolved. `path` names the file in messages."""

    path: Path
    data: dict[str, Any]
    source: YamlSource

    def place(self, keys: Keys) -> str:
        """`line 12: deployments[0].schedule.cron`; the nearest known line where the key itself is missing."""
        line, _, spelled = self.source.trace(keys)
        return f"line {line}: {dotted(spelled)}" if spelled else f"line {line}"

    def finding(self, keys: Keys, message: str, severity: Severity = Severity.FAULT) -> Finding:
        line, column = self.source.locate(keys)
        return Finding(line, self.place(keys), message, tuple(keys), severity, column)


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
        faults = [_words(fault) for fault in error.faults]
        raise PreflightError(faults, where=path.name, diagnostics=error.diagnostics) from error
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


def shared_once(findings: Iterable[Finding], data: Mapping[str, Any]) -> list[Finding]:
    """By line, else in the given order; what several deployments share by one line (an anchor) once, with all that
    share it."""
    groups: dict[Any, list[Finding]] = {}
    for finding in sorted(findings, key=lambda finding: finding.line):
        key = (finding.line, finding.message, finding.keys[-1:], finding.severity)
        groups.setdefault(key, []).append(finding)
    entries = data.get("deployments")
    return [_with_sharers(group, entries if isinstance(entries, list) else []) for group in groups.values()]


def _with_sharers(group: Sequence[Finding], entries: Sequence[Any]) -> Finding:
    first = group[0]
    indices = dict.fromkeys(
        index for finding in group if (index := _entry_index(finding.keys)) is not None and index < len(entries)
    )
    sharers = [f"deployments[{index}]{_label(entries[index])}" for index in list(indices)[1:]]
    if not sharers:
        return first
    return replace(first, message=f"{first.message} (the line also serves {', '.join(sharers)})")


def _entry_index(keys: Keys) -> int | None:
    """Index of the deployment that a place belongs to."""
    return keys[1] if len(keys) > 1 and keys[0] == "deployments" and isinstance(keys[1], int) else None


def _label(entry: Any) -> str:
    name = entry.get("name") if isinstance(entry, Mapping) else None
    return f" ({name})" if isinstance(name, str) and name else ""


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
