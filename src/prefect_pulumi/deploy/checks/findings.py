"""What the checks of a `prefect.yaml` have found, and what they look at; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prefect_pulumi.deploy.checks.context import DeployContext
from prefect_pulumi.deploy.file.document import Document, Finding, Keys, Severity
from prefect_pulumi.deploy.flows.inspector import ImportResult

STEP_KEYS = ("build", "push", "pull")


@dataclass
class Findings:
    """What the checks say, each once; see `Severity`."""

    document: Document
    found: dict[str, Finding] = field(default_factory=dict)

    def fault(self, keys: Keys, message: str) -> None:
        self._add(keys, message, Severity.FAULT)

    def warning(self, keys: Keys, message: str) -> None:
        self._add(keys, message, Severity.WARNING)

    def note(self, keys: Keys, message: str) -> None:
        self._add(keys, message, Severity.NOTE)

    def _add(self, keys: Keys, message: str, severity: Severity) -> None:
        finding = self.document.finding(keys, message, severity)
        self.found.setdefault(finding.text, finding)

    def of(self, *severities: Severity) -> list[Finding]:
        return [finding for finding in self.found.values() if finding.severity in severities]


@dataclass(frozen=True)
class Entry:
    """One entry of `deployments`. `raw` is as written, `data` with environment and known variables filled in."""

    index: int
    raw: Mapping[str, Any]
    data: Mapping[str, Any]

    @property
    def keys(self) -> tuple[str, int]:
        return ("deployments", self.index)

    @property
    def entrypoint(self) -> str:
        value = self.data.get("entrypoint")
        return value if isinstance(value, str) else ""

    @property
    def work_pool(self) -> Mapping[str, Any]:
        return mapping(self.data.get("work_pool"))

    @property
    def job_variables(self) -> Mapping[str, Any]:
        return mapping(self.work_pool.get("job_variables"))

    @property
    def schedules(self) -> list[tuple[Keys, Mapping[str, Any]]]:
        """Each with its place."""
        single = self.data.get("schedule")
        if isinstance(single, Mapping) and single:
            return [((*self.keys, "schedule"), single)]
        several = self.data.get("schedules")
        listed = enumerate(several) if isinstance(several, list) else ()
        return [
            ((*self.keys, "schedules", index), schedule) for index, schedule in listed if isinstance(schedule, Mapping)
        ]


@dataclass(frozen=True)
class Subject:
    """All that the checks look at: the file as it will be deployed, and what is known of its context."""

    raw: Mapping[str, Any]
    entries: tuple[Entry, ...]
    root: Path
    flows: Mapping[str, ImportResult]
    context: DeployContext
    env: Mapping[str, str]

    def entry(self, index: int) -> Entry:
        return next(entry for entry in self.entries if entry.index == index)

    def steps(self, entry: Entry, kind: str) -> Any:
        """The steps of a kind that an entry has: its own, else those of the whole file."""
        return entry.raw[kind] if kind in entry.raw else self.raw.get(kind)

    def sections(self) -> Iterator[tuple[Keys, str, list[Mapping[str, Any]]]]:
        """(place, build | push | pull, steps) of the file and of each entry."""
        parts: list[tuple[Keys, Mapping[str, Any]]] = [((), self.raw)]
        parts += [(entry.keys, entry.raw) for entry in self.entries]
        for keys, part in parts:
            for kind in STEP_KEYS:
                if part.get(kind):
                    yield (*keys, kind), kind, step_list(part[kind])


def step_list(value: Any) -> list[Mapping[str, Any]]:
    """Steps in the form of a list."""
    if isinstance(value, Mapping):
        return [value] if value else []
    return [step for step in value if isinstance(step, Mapping)] if isinstance(value, list) else []


def step_parts(step: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """Full name of the function, and its arguments."""
    name, arguments = next(iter(step.items()), ("", {}))
    return str(name), mapping(arguments)


def mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
