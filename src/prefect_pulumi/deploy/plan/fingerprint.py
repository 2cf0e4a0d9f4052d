"""A deployment's fingerprint: SHA-256 over all that decides what `prefect deploy` would write."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from prefect_pulumi.deploy.file.environment import DeployEnvironment, used_variables
from prefect_pulumi.deploy.file.placeholders import filled_from
from prefect_pulumi.deploy.file.resolved import ResolvedFile
from prefect_pulumi.deploy.flows.source import Entrypoint, needed_files

_SHARED_STEPS = ("build", "push", "pull")
_SHORT = 12
"""Hex digits: enough to see a change."""
PREFECT, ENTRY = "Prefect", "its entry"
_CODE = "the code of "
_LABELS = {
    "project": "the name of the project",
    "target": "the address of the server",
    "ui": "what the UI owns",
    "folder": "the folder of the flows",
}


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """`digest`: hex SHA-256; `parts`: what it covers -> a short digest of it, or its version, to say what changed."""

    digest: str
    parts: Mapping[str, str]


def fingerprints(
    effective: ResolvedFile,
    root: Path,
    env: DeployEnvironment,
    *,
    key: str,
    target: str,
    step_digests: Mapping[str, str],
    files: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, Fingerprint]:
    """By full name, in file order.

    It covers the entry with the stack's values, the flow's file and the project modules that it imports, the target
    (address of the API) and the environment variables that it reads: their values enter as keyed hashes (`key`).
    `step_digests`: full name -> what its build and push steps read. `files`: entrypoint -> the project's files that its
    import read, where that is known; else the source tells them.
    """
    sources, prefect = _Sources(root.resolve(), files or {}), version("prefect")
    result = {}
    for index, name in enumerate(effective.names):
        entry: dict[str, Any] = effective.loaded.raw["deployments"][index]
        raw = effective.loaded.raw
        steps = {kind: entry.get(kind, raw.get(kind)) for kind in _SHARED_STEPS}
        shown: dict[str, Any] = {
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
        digest = hashlib.sha256(_json(shown))
        variables = {variable: env.digest(variable, key) for variable in sorted(used_variables([entry, steps]))}
        for variable, value in variables.items():
            digest.update(f"\0{variable}={value}".encode())
        code = sources.of(filled_from(entry["entrypoint"], env.values))
        digest.update(code.digest)
        own = {part: value for part, value in entry.items() if part not in _SHARED_STEPS}
        parts = {
            ENTRY: _short(own, key),
            **{f"a {kind} step": _short(value, key) for kind, value in steps.items() if value},
            **{label: _short(shown[part], key) for part, label in _LABELS.items() if part in shown},
            "the files of its steps": step_digests.get(name, "")[:_SHORT],
            PREFECT: prefect,
            **{f"the variable {variable}": value[:_SHORT] for variable, value in variables.items()},
            **{f"{_CODE}{file}": value[:_SHORT] for file, value in code.files.items()},
        }
        result[name] = Fingerprint(digest.hexdigest(), {part: value for part, value in parts.items() if value})
    return result


def reasons(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """What differs between the parts of two fingerprints: `the code of flows/orders.py`, `Prefect 3.8.7 -> 3.8.8`."""
    changed = [part for part in {**new, **old} if old.get(part) != new.get(part)]
    return [
        f"{PREFECT} {old[part]} -> {new[part]}" if part == PREFECT and part in old and part in new else part
        for part in changed
    ]


def changed_parts(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """As `reasons`, apart: files of code, and what else differs but for the folder, which is another in each clone."""
    texts = [text for text in reasons(old, new) if text != _LABELS["folder"]]
    files = [text.removeprefix(_CODE) for text in texts if text.startswith(_CODE)]
    return files, [text for text in texts if not text.startswith(_CODE)]


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, default=str).encode()


def _short(value: Any, key: str) -> str:
    return hmac.new(key.encode(), _json(value), hashlib.sha256).hexdigest()[:_SHORT]


@dataclass(frozen=True, slots=True)
class _Code:
    """`files`: path -> hex digest of the content."""

    digest: bytes
    files: Mapping[str, str]


class _Sources:
    """Digests of flow files with what they import; each file is read once for all deployments."""

    def __init__(self, root: Path, files: Mapping[str, Sequence[str]]) -> None:
        self._root, self._named = root, files
        self._known: dict[str, _Code] = {}
        self._files: dict[str, bytes] = {}

    def of(self, entrypoint: str) -> _Code:
        if entrypoint not in self._known:
            digest, files = hashlib.sha256(), {}
            for name in sorted(self._named.get(entrypoint) or self._told(entrypoint)):
                content = self._content(name)
                digest.update(f"\0{name}\0".encode())
                digest.update(content)
                files[name] = content.hex()
            self._known[entrypoint] = _Code(digest.digest(), files)
        return self._known[entrypoint]

    def _told(self, entrypoint: str) -> list[str]:
        path = Entrypoint.parse(entrypoint, self._root).path
        return needed_files(path, self._root)

    def _content(self, name: str) -> bytes:
        if name not in self._files:
            path = self._root / name
            self._files[name] = hashlib.sha256(path.read_bytes()).digest() if path.is_file() else b""
        return self._files[name]
