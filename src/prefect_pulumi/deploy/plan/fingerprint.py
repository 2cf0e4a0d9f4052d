"""A deployment's fingerprint: SHA-256 over all that decides what `prefect deploy` would write."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from prefect_pulumi.deploy.file.environment import DeployEnvironment, used_variables
from prefect_pulumi.deploy.file.placeholders import filled_from
from prefect_pulumi.deploy.file.resolved import ResolvedFile
from prefect_pulumi.deploy.flows.source import Entrypoint, needed_files

_SHARED_STEPS = ("build", "push", "pull")


def fingerprints(
    effective: ResolvedFile,
    root: Path,
    env: DeployEnvironment,
    *,
    key: str,
    target: str,
    step_digests: Mapping[str, str],
    files: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, str]:
    """Full name -> hex digest, in file order.

    It covers the entry with the stack's values, the flow's file and the project modules that it imports, the target
    (address of the API) and the environment variables that it reads: their values enter as keyed hashes (`key`).
    `step_digests`: full name -> what its build and push steps read. `files`: entrypoint -> the project's files that its
    import read, where that is known; else the source tells them.
    """
    sources, prefect = _Sources(root.resolve(), files or {}), version("prefect")
    digests = {}
    for index, name in enumerate(effective.names):
        entry: dict[str, Any] = effective.loaded.raw["deployments"][index]
        raw = effective.loaded.raw
        steps = {kind: entry.get(kind, raw.get(kind)) for kind in _SHARED_STEPS}
        shown = {
            "entry": entry,
            "steps": steps,
            "read": step_digests.get(name, ""),
            "project": raw.get("name"),
            "prefect": prefect,
            "target": target,
            "ui": sorted(effective.ui.get(name, ())),
        }
        if not steps["pull"]:
            # Without a pull step Prefect notes this very folder as the flow's.
            shown["folder"] = str(root.resolve())
        digest = hashlib.sha256(json.dumps(shown, sort_keys=True, default=str).encode())
        for variable in sorted(used_variables([entry, steps])):
            digest.update(f"\0{variable}={env.digest(variable, key)}".encode())
        digest.update(sources.of(filled_from(entry["entrypoint"], env.values)))
        digests[name] = digest.hexdigest()
    return digests


class _Sources:
    """Digests of flow files with what they import; each file is read once for all deployments."""

    def __init__(self, root: Path, files: Mapping[str, Sequence[str]]) -> None:
        self._root, self._named = root, files
        self._known: dict[str, bytes] = {}
        self._files: dict[str, bytes] = {}

    def of(self, entrypoint: str) -> bytes:
        if entrypoint not in self._known:
            digest = hashlib.sha256()
            for name in sorted(self._named.get(entrypoint) or self._told(entrypoint)):
                digest.update(f"\0{name}\0".encode())
                digest.update(self._content(name))
            self._known[entrypoint] = digest.digest()
        return self._known[entrypoint]

    def _told(self, entrypoint: str) -> list[str]:
        path = Entrypoint.parse(entrypoint, self._root).path
        return needed_files(path, self._root)

    def _content(self, name: str) -> bytes:
        if name not in self._files:
            path = self._root / name
            self._files[name] = hashlib.sha256(path.read_bytes()).digest() if path.is_file() else b""
        return self._files[name]
