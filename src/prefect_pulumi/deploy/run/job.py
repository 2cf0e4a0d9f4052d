"""What one deploy asks of the child process: the document, its entries and how to run them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from prefect_pulumi.api.capabilities import Lacking

PARALLEL = 1
"""Deployments under way concurrently. On SQLite four took twice as long as one: its writers wait for one another."""

LINE_COLUMNS = 1000
"""Width that Prefect prints for: its sentences stay whole, and a terminal folds them itself."""


@dataclass(frozen=True)
class DeployEntry:
    """One deployment to deploy. `key`: its name and entrypoint as the document has them; `ui`: what the UI owns;
    `automations`: those that its triggers made, name -> UUID, None when the state does not know; `steps`: digest of
    what its build and push read; `anchored`: indexes of schedules with an anchor of their own."""

    name: str
    key: tuple[str, str]
    ui: Sequence[str] = ()
    adopt: bool = False
    automations: Mapping[str, str] | None = None
    steps: str = ""
    anchored: Sequence[int] = ()

    def as_json(self) -> dict[str, Any]:
        document = {"name": self.name, "key": list(self.key), "ui": list(self.ui), "adopt": self.adopt}
        automations = None if self.automations is None else dict(self.automations)
        return {**document, "automations": automations, "steps": self.steps, "anchored": list(self.anchored)}


@dataclass(frozen=True)
class DeployJob:
    """`document`: the plain data of the file with the stack's values in it and only `entries` as its deployments.

    `everything`: run with `--all`, else by `--name`. `step_outputs`: what build and push steps gave before, by digest.
    `lacking`: what the server does not take (`api.capabilities`). `labels_in_place`: whether it changes labels.
    `version_info`: of the commit, None where Prefect finds it out itself.
    """

    document: Mapping[str, Any]
    entries: Sequence[DeployEntry]
    everything: bool
    labels: Mapping[str, str]
    go_on: bool = False
    step_outputs: Mapping[str, Any] = field(default_factory=dict)
    lacking: Lacking = field(default_factory=dict)
    labels_in_place: bool = False
    version_info: Mapping[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        names = list(dict.fromkeys(entry.key[0] for entry in self.entries))
        by_name = not self.everything and not any("*" in name or "{{" in name for name in names)
        return {
            "document": yaml.safe_dump(dict(self.document), sort_keys=False, allow_unicode=True),
            "names": names if by_name else None,
            "entries": [entry.as_json() for entry in self.entries],
            "labels": dict(self.labels),
            "labels_in_place": self.labels_in_place,
            "version_info": self.version_info,
            "continue": self.go_on,
            "parallel": PARALLEL,
            "steps": dict(self.step_outputs),
            "lacking": {route: list(paths) for route, paths in self.lacking.items()},
        }
