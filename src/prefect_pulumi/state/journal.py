"""The journal: an intent is synced before each mutation, its result after, so that no crash loses an object.

One JSON object a line, secrets encrypted, beside the state. An update that ends folds it into the checkpoint and
clears it; after a crash the next update reads it back. Its first line names the checkpoint that it goes with.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from prefect_pulumi.core.errors import StateError
from prefect_pulumi.state.checkpoint import parse_entry, render_entry
from prefect_pulumi.state.entries import ResourceEntry
from prefect_pulumi.state.secrets import PassphraseManager
from prefect_pulumi.state.store import Store, TakenLogError


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
        self, store: Store, project: str, stack: str, manager: PassphraseManager | None, base: str | None = None
    ) -> None:
        self._log = store.log(f".pulumi/journal/{project}/{stack}.jsonl")
        self._remedy = store.remedy
        self.where = self._log.where
        self.base = base
        self._manager = manager
        self._lock = threading.Lock()
        self._begun = False
        self._next = 0

    def exists(self) -> bool:
        """Whether a run that did not end has left one. Raises `StateError`."""
        with self._faults("read"):
            return self._log.exists()

    def intent(self, op: str, entry: ResourceEntry, was: str = "") -> int:
        """Records that `op` on `entry` is about to begin; synced when it returns. Returns the record's token."""
        stamped = replace(entry, created=entry.created or datetime.now(UTC).isoformat())
        raw = render_entry(stamped, self._manager)
        token = self._token()
        self._append({"token": token, "op": op, "entry": raw, "was": was})
        return token

    def result(self, token: int, entry: ResourceEntry | None, outcome: str) -> None:
        """Records how the intent of `token` ended; synced when it returns, or on its way to a bucket: an operation
        whose result was lost is looked up."""
        raw = render_entry(entry, self._manager) if entry is not None else None
        self._append({"token": token, "outcome": outcome, "entry": raw}, wait=False)

    def note(self, op: str, entry: ResourceEntry, was: str = "") -> None:
        """Records an entry that needed no call, such as a component; the next intent's sync covers it."""
        raw = render_entry(entry, self._manager)
        record = {"token": self._token(), "op": op, "entry": raw, "was": was, "outcome": "done"}
        self._append(record, sync=False, wait=False)

    def _token(self) -> int:
        with self._lock:
            self._next += 1
            return self._next

    def _append(self, record: dict[str, Any], *, sync: bool = True, wait: bool = True) -> None:
        with self._faults("written"):
            self._begin()
            self._log.append(_line(record), sync=sync, wait=wait)

    def _begin(self) -> None:
        """The first line of a new journal says which checkpoint it goes with."""
        with self._lock:
            if not self._begun and self.base is not None and not self._log.exists():
                self._log.append(_line({"base": self.base}), sync=False, wait=False)
            self._begun = True

    @contextlib.contextmanager
    def _faults(self, verb: str) -> Iterator[None]:
        try:
            yield
        except TakenLogError as error:
            raise StateError(
                "another run has taken over: it removed this run's journal",
                where=self.where,
                remedy="let it end, then run again",
            ) from error
        except OSError as error:
            raise StateError(
                f"the journal cannot be {verb}: {error.strerror or error}", where=self.where, remedy=self._remedy
            ) from error

    def replay(self, *, seize: bool = False) -> list[Record]:
        """What a run that did not end left behind; what was never synced may be missing at its end.

        Sets `base` to the journal's own. `seize`: that run, if it still goes on, begins nothing more.
        """
        with self._faults("read"):
            lines = self._log.seize() if seize else self._log.lines()
        records = []
        self.base = None
        for number, line in enumerate(lines):
            where = f"{self.where}:{number + 1}"
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
        with self._faults("removed"):
            self._log.clear()

    def close(self) -> None:
        with self._faults("written"):
            self._log.close()


def _line(record: dict[str, Any]) -> bytes:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()
