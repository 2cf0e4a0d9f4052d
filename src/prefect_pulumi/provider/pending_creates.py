"""The creates that this project has started, logged beside its state until the run has ended well.

An engine learns of an object only from the answer to its create. When the provider or the engine is killed before
that, the next create of the same URN finds the start in this log: an object created right after it is ours.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
import uuid
from pathlib import Path

from prefect_pulumi.core.errors import ConfigError
from prefect_pulumi.project import layout
from prefect_pulumi.project.stack import notes_of
from prefect_pulumi.state.store import Log, Store, TakenLogError

LONGEST_REQUEST = 60.0
"""Seconds after which no request that was under way reaches the server any more."""
KEPT_SECONDS = 30 * 86400.0
"""Seconds for which the log of a dead run is kept."""
FAULTS = (OSError, ConfigError, TakenLogError)


class CreateLog:
    """The log of one provider process. A place that cannot be written costs only this help.

    `journaled`: the engine has a journal of its own, so no create waits until it is logged.
    """

    def __init__(self, root: Path, *, journaled: bool = False) -> None:
        self._root = root
        self._journaled = journaled
        self._key = f"{layout.CREATES}/{os.getpid()}-{uuid.uuid4().hex[:8]}.jsonl"
        self._lock = threading.Lock()
        self._log: Log | None = None
        self._open: dict[str, float] = {}
        self._previous: dict[str, list[tuple[float, float]]] | None = None

    def previous(self, urn: str) -> list[tuple[float, float]]:
        """When runs that did not end well started to create `urn`, and when they gave up: Unix seconds of the server.

        The two are one where it is not known that they gave up.
        """
        with self._lock:
            if self._previous is None:
                self._previous = self._read(self._notes(urn))
            return self._previous.get(urn, [])

    def start(self, urn: str, now: float) -> None:
        """Call right before the create. `now`: Unix seconds of the clock that dates the object."""
        with contextlib.suppress(*FAULTS):
            self._append(urn, now, now, log=self._begun(urn, now))

    def _begun(self, urn: str, now: float) -> Log:
        with self._lock:
            self._open[urn] = now
            if self._log is None:
                notes = self._notes(urn)
                if not notes.is_bucket:
                    notes.write(f"{layout.CREATES}/.gitignore", b"*\n")
                self._log = notes.log(self._key)
            return self._log

    def give_up(self, urn: str, now: float) -> None:
        """Call when no answer to the create is awaited any longer: its request was repeated until `now`."""
        with contextlib.suppress(*FAULTS):
            if self._log is not None and urn in self._open:
                self._append(urn, self._open[urn], now, log=self._log)

    def _append(self, urn: str, start: float, end: float, *, log: Log) -> None:
        line = json.dumps({"urn": urn, "at": start, "until": end}).encode()
        log.append(line, sync=False, wait=not self._journaled)

    def finish(self, urn: str) -> None:
        """Call when it is known how the create ended."""
        with self._lock:
            self._open.pop(urn, None)

    def close(self, *, well: bool = True) -> None:
        """Deletes the log of a run that ended well and knows how each of its creates ended."""
        with self._lock, contextlib.suppress(*FAULTS):
            if self._log is not None:
                log, self._log = self._log, None
                if well and not self._open:
                    log.clear()
                else:
                    log.close()

    def _notes(self, urn: str) -> Store:
        """A provider process serves one stack."""
        return notes_of(self._root, urn)

    def _read(self, notes: Store) -> dict[str, list[tuple[float, float]]]:
        starts: dict[str, list[tuple[float, float]]] = {}
        with contextlib.suppress(*FAULTS):
            for item in notes.list(layout.CREATES):
                if item.key == self._key or item.key.count("/") > 1 or not item.key.endswith(".jsonl"):
                    continue
                log = notes.log(item.key)
                if item.modified < time.time() - KEPT_SECONDS:
                    log.clear()
                    continue
                for line in log.lines():
                    with contextlib.suppress(ValueError, KeyError, TypeError):
                        note = json.loads(line)
                        at = float(note["at"])
                        starts.setdefault(note["urn"], []).append((at, float(note.get("until", at))))
        return starts
