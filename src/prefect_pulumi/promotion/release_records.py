"""What a stack carries: its release, the ones that it can go back to, and the evidence of their verification."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from prefect_pulumi.core.values import unwrap
from prefect_pulumi.state.entries import ResourceEntry

TYPE = "prefect:index:Release"


@dataclass(frozen=True, slots=True)
class Record:
    """One release of one stack. `time`: RFC 3339. `promoted`: stage, release, plan and forced gates of its pin."""

    id: str
    commit: str
    time: str = ""
    by: str = ""
    deployments: Mapping[str, str] = field(default_factory=dict)
    infrastructure: str = ""
    images: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    promoted: Mapping[str, Any] = field(default_factory=dict)

    @staticmethod
    def parse(raw: Mapping[str, Any]) -> Record:
        known = {name: raw[name] for name in Record.__dataclass_fields__ if raw.get(name) is not None}
        return Record(**known)

    @property
    def origin(self) -> str:
        """The release that this one is of, by the name that it had in its first stage."""
        return str(self.promoted.get("release") or self.id)

    def document(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Check:
    """One declared check and what was seen. `evidence`: plain data such as run ids and times."""

    name: str
    passed: bool
    text: str
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verification:
    """The evidence for one release. Times: RFC 3339."""

    release: str
    began: str
    ended: str
    by: str
    checks: tuple[Check, ...] = ()

    @property
    def passed(self) -> bool:
        return bool(self.checks) and all(check.passed for check in self.checks)

    @property
    def failed(self) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if not check.passed)

    @staticmethod
    def parse(raw: Mapping[str, Any]) -> Verification:
        checks = tuple(
            Check(str(each["name"]), bool(each["passed"]), str(each["text"]), dict(each.get("evidence") or {}))
            for each in raw.get("checks", ())
        )
        return Verification(
            str(raw.get("release", "")),
            str(raw.get("began", "")),
            str(raw.get("ended", "")),
            str(raw.get("by", "")),
            checks,
        )

    def document(self) -> dict[str, Any]:
        found = asdict(self)
        return {**found, "checks": list(found["checks"]), "passed": self.passed}


@dataclass(frozen=True, slots=True)
class Carried:
    """`record` is None when the stack was last brought up from a tree that was not exactly a commit; `known` is False
    when its program declares no release, or it has never been up."""

    known: bool = False
    record: Record | None = None
    kept: tuple[Record, ...] = ()
    verifications: Mapping[str, Verification] = field(default_factory=dict)

    def find(self, id: str) -> Record | None:
        return next((record for record in self.kept if record.id == id), None)

    def verification(self, id: str) -> Verification | None:
        return self.verifications.get(id)


def carried(entries: Iterable[ResourceEntry]) -> Carried:
    """From the entries of a stack's state."""
    entry = release_entry(entries)
    if entry is None:
        return Carried()
    outputs = unwrap(dict(entry.outputs))
    record = outputs.get("record") or {}
    return Carried(
        True,
        Record.parse(record) if record else None,
        tuple(Record.parse(each) for each in outputs.get("kept") or ()),
        {str(id): Verification.parse(raw) for id, raw in (outputs.get("verifications") or {}).items()},
    )


def release_entry(entries: Iterable[ResourceEntry]) -> ResourceEntry | None:
    return next((entry for entry in entries if entry.type == TYPE and not entry.delete), None)


def with_verification(entry: ResourceEntry, found: Verification) -> ResourceEntry:
    """The entry of a state that holds the evidence, too."""
    before = unwrap(entry.outputs.get("verifications") or {})
    return replace(entry, outputs={**entry.outputs, "verifications": {**before, found.release: found.document()}})
