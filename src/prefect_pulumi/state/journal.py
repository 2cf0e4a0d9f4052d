"""The journal: an intent is synced before each mutation, its result after, so that no crash loses an object.

One JSON object a line, secrets encrypted, beside the state. An update that ends folds it into the checkpoint and
clears it; after a crash the next update reads it back.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from prefect_pulumi.errors import StateError
from prefect_pulumi.state import integrity
from prefect_pulumi.state.checkpoint import parse_entry, render_entry
from prefect_pulumi.state.entries import PendingOperation, ResourceEntry, Snapshot
from prefect_pulumi.state.secrets import PassphraseManager

_DELETES = frozenset({"delete", "delete-replaced"})
_PENDING = {"create": "creating", "replace": "creating", "update": "updating"}


@dataclass(frozen=True, slots=True)
class Record:
    """`outcome` "" for an intent; else done, partial or failed. `entry` is None after a delete or a failure."""

    token: int
    op: str
    entry: ResourceEntry | None
    outcome: str = ""


class Journal:
    """Appends records; may be used from several threads."""

    def __init__(self, root: Path, project: str, stack: str, manager: PassphraseManager | None) -> None:
        self.path = root / ".pulumi" / "journal" / project / f"{stack}.jsonl"
        self._manager = manager
        self._lock = threading.Lock()
        self._file: TextIO | None = None
        self._next = 0

    def intent(self, op: str, entry: ResourceEntry) -> int:
        """Records that `op` on `entry` is about to begin; synced when it returns. Returns the record's token."""
        stamped = replace(entry, created=entry.created or datetime.now(UTC).isoformat())
        raw = render_entry(stamped, self._manager)
        with self._lock:
            self._next += 1
            self._append({"token": self._next, "op": op, "entry": raw})
            return self._next

    def result(self, token: int, entry: ResourceEntry | None, outcome: str) -> None:
        """Records how the intent of `token` ended; synced when it returns."""
        raw = render_entry(entry, self._manager) if entry is not None else None
        with self._lock:
            self._append({"token": token, "outcome": outcome, "entry": raw})

    def note(self, op: str, entry: ResourceEntry) -> None:
        """Records an entry that needed no call, such as a component; the next intent's sync covers it."""
        raw = render_entry(entry, self._manager)
        with self._lock:
            self._next += 1
            self._append({"token": self._next, "op": op, "entry": raw, "outcome": "done"}, sync=False)

    def _append(self, record: dict[str, Any], *, sync: bool = True) -> None:
        try:
            if self._file is None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
                self._file = os.fdopen(descriptor, "a", encoding="utf-8")
            self._file.write(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n")
            self._file.flush()
            if sync:
                os.fsync(self._file.fileno())
        except OSError as error:
            raise StateError(f"the journal cannot be written: {error.strerror}", where=str(self.path)) from error

    def replay(self) -> list[Record]:
        """What a run that did not end left behind; a torn last line is what was never synced, and is dropped."""
        try:
            *lines, _ = self.path.read_text("utf-8").split("\n")
        except FileNotFoundError:
            return []
        records = []
        for number, line in enumerate(lines):
            try:
                raw = json.loads(line)
            except ValueError as error:
                raise StateError("the journal is broken", where=f"{self.path}:{number + 1}") from error
            entry = parse_entry(raw["entry"], self._manager) if raw.get("entry") else None
            records.append(Record(raw["token"], raw.get("op", ""), entry, raw.get("outcome", "")))
        return records

    def clear(self) -> None:
        """Call once the checkpoint holds everything."""
        self.close()
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None


def fold(snapshot: Snapshot, records: Iterable[Record]) -> Snapshot:
    """The snapshot with every finished operation in it; intents without a result become pending operations."""
    resources = list(snapshot.resources)
    intents: dict[int, Record] = {}
    for record in records:
        if not record.outcome:
            intents[record.token] = record
            continue
        subject = intents.pop(record.token, record).entry
        if subject is None or record.outcome == "failed":
            continue
        resources = [
            entry
            for entry in resources
            if entry.urn != subject.urn or (entry.delete != subject.delete and not entry.delete)
        ]
        if record.entry is not None:
            resources.append(record.entry)
    pending = [*snapshot.pending_operations]
    for record in intents.values():
        if record.entry is not None:
            kind = "deleting" if record.op in _DELETES else _PENDING.get(record.op, "updating")
            pending.append(PendingOperation(record.entry, kind))
    return replace(snapshot, resources=integrity.sort(resources), pending_operations=pending)
