"""A deployment's fingerprint: SHA-256 over all that decides what `prefect deploy` would write."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from prefect_pulumi.deploy.load import Loaded
from prefect_pulumi.deploy.preflight import full_name, used_variables
from prefect_pulumi.deploy.source import Entrypoint, needed_files

_SHARED_STEPS = ("build", "push", "pull")


def fingerprints(loaded: Loaded, root: Path, env: Mapping[str, str]) -> dict[str, str]:
    """Full name -> hex digest, in file order. Environment values enter only as part of the digest."""
    return {
        full_name(entry, root): _digest(loaded, index, root, env)
        for index, entry in enumerate(loaded.model.deployments)
    }


def _digest(loaded: Loaded, index: int, root: Path, env: Mapping[str, str]) -> str:
    entry: dict[str, Any] = loaded.raw["deployments"][index]
    steps = {key: entry.get(key, loaded.raw.get(key)) for key in _SHARED_STEPS}
    shown = {"entry": entry, "steps": steps, "project": loaded.raw.get("name"), "prefect": version("prefect")}
    if not steps["pull"]:
        # Without a pull step Prefect notes this very folder as the flow's.
        shown["folder"] = str(root.resolve())
    digest = hashlib.sha256(json.dumps(shown, sort_keys=True, default=str).encode())
    for name in sorted(used_variables([entry, steps])):
        digest.update(f"\0{name}={env.get(name, '')}".encode())
    for path in needed_files(Entrypoint.parse(entry["entrypoint"], root).path, root):
        digest.update(f"\0{path.relative_to(root.resolve()).as_posix()}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
