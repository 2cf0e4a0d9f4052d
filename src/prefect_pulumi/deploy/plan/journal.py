"""Records each deployment of an update as it ends, so that an update that was killed continues from there.

The state has a deploy only when all of it is over. The notes (`deploy/<digest of the URN>.jsonl` beside the state) hold
one JSON object a line for the last update: `{"name", "id", "fingerprint", "automations"}`. They hold no values.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from prefect_pulumi.project import layout
from prefect_pulumi.project.stack import notes_of


@dataclass(frozen=True)
class JournalEntry:
    """A deployment that ended well."""

    name: str
    id: str
    fingerprint: str
    automations: Mapping[str, str]


class DeployJournal:
    """The notes of one resource."""

    def __init__(self, root: Path, urn: str) -> None:
        digest = hashlib.sha256(urn.encode()).hexdigest()[:16]
        self._log = notes_of(root, urn).log(layout.deploy_journal(digest))

    def begin(self) -> None:
        """A new update: what the last one noted is in the state by now, or was taken up."""
        self._log.clear()

    def note(self, noted: JournalEntry) -> None:
        """On the disk, or in the bucket, when it returns."""
        self._log.append(json.dumps(asdict(noted)).encode())

    def read(self) -> dict[str, JournalEntry]:
        """By name. A line that a crash cut short is as if it were not there."""
        entries: dict[str, JournalEntry] = {}
        for line in self._log.lines():
            try:
                noted = JournalEntry(**json.loads(line))
            except (ValueError, TypeError):
                continue
            entries[noted.name] = noted
        return entries
