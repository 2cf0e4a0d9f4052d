"""A deployment's fingerprint: SHA-256 over all that decides what `prefect deploy` would write."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from prefect_pulumi.deploy.effective import Effective
from prefect_pulumi.deploy.environment import DeployEnvironment, used_variables
from prefect_pulumi.deploy.source import Entrypoint, needed_files

_SHARED_STEPS = ("build", "push", "pull")


def fingerprints(
    effective: Effective,
    root: Path,
    env: DeployEnvironment,
    *,
    key: str,
    target: str,
    step_digests: Mapping[str, str],
) -> dict[str, str]:
    """Full name -> hex digest, in file order.

    It covers the entry with the stack's values, the flow's file and the project modules that it imports, the target
    (address of the API) and the environment variables that it reads: their values enter as keyed hashes (`key`).
    `step_digests`: full name -> what its build and push steps read.
    """
    sources = _Sources(root.resolve())
    found = {}
    for index, name in enumerate(effective.names):
        entry: dict[str, Any] = effective.loaded.raw["deployments"][index]
        raw = effective.loaded.raw
        steps = {each: entry.get(each, raw.get(each)) for each in _SHARED_STEPS}
        shown = {
            "entry": entry,
            "steps": steps,
            "read": step_digests.get(name, ""),
            "project": raw.get("name"),
            "prefect": version("prefect"),
            "target": target,
            "ui": sorted(effective.ui.get(name, ())),
        }
        if not steps["pull"]:
            # Without a pull step Prefect notes this very folder as the flow's.
            shown["folder"] = str(root.resolve())
        digest = hashlib.sha256(json.dumps(shown, sort_keys=True, default=str).encode())
        for variable in sorted(used_variables([entry, steps])):
            digest.update(f"\0{variable}={env.digest(variable, key)}".encode())
        digest.update(sources.of(Entrypoint.parse(entry["entrypoint"], root).path))
        found[name] = digest.hexdigest()
    return found


class _Sources:
    """Digests of flow files with what they import; each file is read once for all deployments."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[Path, bytes] = {}
        self._files: dict[Path, bytes] = {}

    def of(self, path: Path) -> bytes:
        if path not in self._known:
            digest = hashlib.sha256()
            for each in needed_files(path, self._root):
                digest.update(f"\0{each.relative_to(self._root).as_posix()}\0".encode())
                digest.update(self._content(each))
            self._known[path] = digest.digest()
        return self._known[path]

    def _content(self, path: Path) -> bytes:
        if path not in self._files:
            self._files[path] = hashlib.sha256(path.read_bytes()).digest()
        return self._files[path]
