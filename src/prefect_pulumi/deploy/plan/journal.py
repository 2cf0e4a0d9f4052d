"""Records each deployment of an update as it ends, so that an update that was killed continues from there.

The state has a deploy only when all of it is over. The file (`deploy/<digest of the URN>.jsonl` beside the state) holds
one JSON object a line for the last update: `{"name", "id", "fingerprint", "automations"}`. It holds no values.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from prefect_pulumi.core.folders import make_folder
from prefect_pulumi.project import layout
from prefect_pulumi.project.stack import notes_folder


@dataclass(frozen=True)
class JournalEntry:
    """A deployment that ended well."""

    name: str
    id: str
    fingerprint: str
    automations: Mapping[str, str]


class DeployJournal:
    """The file of one resource."""

    def __init__(self, root: Path, urn: str) -> None:
        self._path = layout.deploy_journal(notes_folder(root, urn), hashlib.sha256(urn.encode()).hexdigest()[:16])

    def begin(self) -> None:
        """A new update: what the last one noted is in the state by now, or was taken up."""
        make_folder(self._path.parent)
        self._path.write_text("")

    def note(self, noted: JournalEntry) -> None:
        """On the disk when it returns."""
        with self._path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(asdict(noted)) + "\n")
            stream.flush()
            os.fsync(stream.fileno())

    def read(self) -> dict[str, JournalEntry]:
        """By name. A line that a crash cut short is as if it were not there."""
        entries: dict[str, JournalEntry] = {}
        if not self._path.is_file():
            return entries
        for line in self._path.read_text("utf-8").splitlines():
            try:
                noted = JournalEntry(**json.loads(line))
            except (ValueError, TypeError):
                continue
            entries[noted.name] = noted
        return entries
