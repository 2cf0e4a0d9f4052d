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
from prefect_pulumi.core.folders import make_folder
from prefect_pulumi.project import layout
from prefect_pulumi.project.stack import notes_folder

LONGEST_REQUEST = 60.0
"""Seconds after which no request that was under way reaches the server any more."""
KEPT_SECONDS = 30 * 86400.0
"""Seconds for which the log of a dead run is kept."""


class CreateLog:
    """The log of one provider process. A folder that cannot be written costs only this help."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._name = f"{os.getpid()}-{uuid.uuid4().hex[:8]}.jsonl"
        self._lock = threading.Lock()
        self._file: int | None = None
        self._path: Path | None = None
        self._open: dict[str, float] = {}
        self._previous: dict[str, list[tuple[float, float]]] | None = None

    def previous(self, urn: str) -> list[tuple[float, float]]:
        """When runs that did not end well started to create `urn`, and when they gave up: Unix seconds of the server.

        The two are one where it is not known that they gave up.
        """
        with self._lock:
            if self._previous is None:
                self._previous = self._read(self._folder(urn))
            return self._previous.get(urn, [])

    def start(self, urn: str, now: float) -> None:
        """Call right before the create. `now`: Unix seconds of the clock that dates the object."""
        with self._lock, contextlib.suppress(OSError, ConfigError):
            self._open[urn] = now
            if self._file is None:
                folder = self._folder(urn)
                make_folder(folder)
                (folder / ".gitignore").write_text("*\n")
                self._path = folder / self._name
                self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            self._write(self._file, urn, now, now)

    def give_up(self, urn: str, now: float) -> None:
        """Call when no answer to the create is awaited any longer: its request was repeated until `now`."""
        with self._lock, contextlib.suppress(OSError):
            if self._file is not None and urn in self._open:
                self._write(self._file, urn, self._open[urn], now)

    def _write(self, file: int, urn: str, start: float, end: float) -> None:
        os.write(file, (json.dumps({"urn": urn, "at": start, "until": end}) + "\n").encode())

    def finish(self, urn: str) -> None:
        """Call when it is known how the create ended."""
        with self._lock:
            self._open.pop(urn, None)

    def close(self, *, well: bool = True) -> None:
        """Deletes the log of a run that ended well and knows how each of its creates ended."""
        with self._lock, contextlib.suppress(OSError):
            if self._file is not None:
                os.close(self._file)
                self._file = None
                if well and not self._open and self._path is not None:
                    self._path.unlink(missing_ok=True)

    def _folder(self, urn: str) -> Path:
        """A provider process serves one stack."""
        return layout.creates_folder(notes_folder(self._root, urn))

    def _read(self, folder: Path) -> dict[str, list[tuple[float, float]]]:
        starts: dict[str, list[tuple[float, float]]] = {}
        with contextlib.suppress(OSError):
            for path in folder.glob("*.jsonl"):
                if path.name == self._name:
                    continue
                if path.stat().st_mtime < time.time() - KEPT_SECONDS:
                    path.unlink(missing_ok=True)
                    continue
                for line in path.read_text("utf-8").splitlines():
                    with contextlib.suppress(ValueError, KeyError, TypeError):
                        note = json.loads(line)
                        at = float(note["at"])
                        starts.setdefault(note["urn"], []).append((at, float(note.get("until", at))))
        return starts
