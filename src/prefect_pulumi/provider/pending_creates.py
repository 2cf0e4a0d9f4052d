"""The creates that this project has started, logged beside it until the run has ended well.

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

from prefect_pulumi.project import layout

LONGEST_REQUEST = 60.0
"""Seconds after which no request that was under way reaches the server any more."""
KEPT_SECONDS = 30 * 86400.0
"""Seconds for which the log of a dead run is kept."""


class CreateLog:
    """The log of one provider process. A folder that cannot be written costs only this help."""

    def __init__(self, root: Path) -> None:
        self._folder = layout.creates_folder(root)
        self._path = self._folder / f"{os.getpid()}-{uuid.uuid4().hex[:8]}.jsonl"
        self._lock = threading.Lock()
        self._file: int | None = None
        self._open: set[str] = set()
        self._previous: dict[str, list[float]] | None = None

    def previous(self, urn: str) -> list[float]:
        """When runs that did not end well started to create `urn`: Unix seconds."""
        with self._lock:
            if self._previous is None:
                self._previous = self._read()
            return self._previous.get(urn, [])

    def start(self, urn: str) -> None:
        """Call right before the create."""
        with self._lock, contextlib.suppress(OSError):
            self._open.add(urn)
            if self._file is None:
                self._folder.mkdir(parents=True, exist_ok=True)
                (self._folder / ".gitignore").write_text("*\n")
                self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.write(self._file, (json.dumps({"urn": urn, "at": time.time()}) + "\n").encode())

    def finish(self, urn: str) -> None:
        """Call when it is known how the create ended."""
        with self._lock:
            self._open.discard(urn)

    def close(self, *, well: bool = True) -> None:
        """Deletes the log of a run that ended well and knows how each of its creates ended."""
        with self._lock, contextlib.suppress(OSError):
            if self._file is not None:
                os.close(self._file)
                self._file = None
                if well and not self._open:
                    self._path.unlink(missing_ok=True)

    def _read(self) -> dict[str, list[float]]:
        starts: dict[str, list[float]] = {}
        with contextlib.suppress(OSError):
            for path in self._folder.glob("*.jsonl"):
                if path == self._path:
                    continue
                if path.stat().st_mtime < time.time() - KEPT_SECONDS:
                    path.unlink(missing_ok=True)
                    continue
                for line in path.read_text("utf-8").splitlines():
                    with contextlib.suppress(ValueError, KeyError, TypeError):
                        note = json.loads(line)
                        starts.setdefault(note["urn"], []).append(float(note["at"]))
        return starts
