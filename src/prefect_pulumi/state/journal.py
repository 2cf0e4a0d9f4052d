"""The journal: an intent is synced before each mutation, its result after, so that no crash loses an object.

One JSON object a line, secrets encrypted, beside the state. An update that ends folds it into the checkpoint and
clears it; after a crash the next update reads it back. Its first line names the checkpoint that it goes with.
"""

from __future__ import annotations

import json
import os
import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prefect_pulumi.core.errors import StateError
from prefect_pulumi.core.folders import make_folder
from prefect_pulumi.state.checkpoint import parse_entry, render_entry
from prefect_pulumi.state.entries import ResourceEntry
from prefect_pulumi.state.secrets import PassphraseManager


@dataclass(frozen=True, slots=True)
class Record:
    """`outcome` "" for an intent; else done, partial or failed. `entry` is None after a delete or a failure.

    `was`: the URN that the resource had before, when the program renamed or moved it.
    """

    token: int
    op: str
    entry: ResourceEntry | None
    outcome: str = ""
    was: str = ""


class Journal:
    """Appends records; may be used from several threads. `base` identifies the checkpoint that they go with."""

    def __init__(
        self, root: Path, project: str, stack: str, manager: PassphraseManager | None, base: str | None = None
    ) -> None:
        self.path = root / ".pulumi" / "journal" / project / f"{stack}.jsonl"
        self.base = base
        self._manager = manager
        self._lock = threading.Lock()
        self._file: int | None = None
        self._size = 0
        self._fault: StateError | None = None
        self._next = 0

    def intent(self, op: str, entry: ResourceEntry, was: str = "") -> int:
        """Records that `op` on `entry` is about to begin; synced when it returns. Returns the record's token."""
        stamped = replace(entry, created=entry.created or datetime.now(UTC).isoformat())
        raw = render_entry(stamped, self._manager)
        with self._lock:
            self._next += 1
            self._append({"token": self._next, "op": op, "entry": raw, "was": was})
            return self._next

    def result(self, token: int, entry: ResourceEntry | None, outcome: str) -> None:
        """Records how the intent of `token` ended; synced when it returns."""
        raw = render_entry(entry, self._manager) if entry is not None else None
        with self._lock:
            self._append({"token": token, "outcome": outcome, "entry": raw})

    def note(self, op: str, entry: ResourceEntry, was: str = "") -> None:
        """Records an entry that needed no call, such as a component; the next intent's sync covers it."""
        raw = render_entry(entry, self._manager)
        with self._lock:
            self._next += 1
            self._append({"token": self._next, "op": op, "entry": raw, "was": was, "outcome": "done"}, sync=False)

    def _append(self, record: dict[str, Any], *, sync: bool = True) -> None:
        """Whole lines only: what a full disk cut off is taken back, and nothing is appended after that."""
        if self._fault is not None:
            raise self._fault
        try:
            if self._file is None:
                self._open()
            assert self._file is not None  # noqa: S101 - opened above
            if os.fstat(self._file).st_nlink == 0:
                raise self._removed()
            self._write(self._file, record)
            if sync:
                os.fsync(self._file)
        except OSError as error:
            self._fault = StateError(
                f"the journal cannot be written: {error.strerror}",
                where=str(self.path),
                remedy="free the disk or correct the folder's permissions, then run again",
            )
            raise self._fault from error

    def _removed(self) -> StateError:
        """Another run has taken the journal for a dead run's: nothing further is begun."""
        self._fault = StateError(
            "another run has taken over: it removed this run's journal",
            where=str(self.path),
            remedy="let it end, then run again",
        )
        return self._fault

    def _open(self) -> None:
        make_folder(self.path.parent)
        new = not self.path.exists()
        self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._size = os.fstat(self._file).st_size
        if self._size == 0 and self.base is not None:
            self._write(self._file, {"base": self.base})
        if new:
            sync_folder(self.path.parent)

    def _write(self, file: int, record: dict[str, Any]) -> None:
        data = memoryview((json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n").encode())
        total = len(data)
        try:
            while data:
                data = data[os.write(file, data) :]
        except OSError:
            os.ftruncate(file, self._size)
            raise
        self._size += total

    def replay(self) -> list[Record]:
        """What a run that did not end left behind; a torn last line is what was never synced, and is dropped.

        Sets `base` to the journal's own.
        """
        try:
            *lines, _ = self.path.read_text("utf-8").split("\n")
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError) as error:
            raise StateError(f"the journal cannot be read: {error}", where=str(self.path)) from error
        records = []
        self.base = None
        for number, line in enumerate(lines):
            where = f"{self.path}:{number + 1}"
            try:
                raw = json.loads(line)
                if number == 0 and "base" in raw:
                    self.base = raw["base"]
                    continue
                entry = parse_entry(raw["entry"], self._manager, where) if raw.get("entry") else None
                record = Record(raw["token"], raw.get("op", ""), entry, raw.get("outcome", ""), raw.get("was", ""))
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                raise StateError(
                    "the journal is broken",
                    where=where,
                    remedy="move the file away; then `infra refresh` and `infra import` bring back what it held",
                ) from error
            records.append(record)
        return records

    def clear(self) -> None:
        """Call once the checkpoint holds everything."""
        self.close()
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        with self._lock:
            if self._file is not None:
                os.close(self._file)
                self._file = None


def sync_folder(folder: Path) -> None:
    """Makes a new or renamed name in `folder` last through a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
