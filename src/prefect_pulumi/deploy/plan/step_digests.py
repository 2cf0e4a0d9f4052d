"""What build and push steps read, as one digest: they run again only when it changes."""

from __future__ import annotations

import fnmatch
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from prefect_pulumi.deploy.file.environment import DeployEnvironment, used_variables
from prefect_pulumi.project import git
from prefect_pulumi.project.layout import WORK_FOLDER

NEVER = {".git", ".venv", WORK_FOLDER, "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", "node_modules"}


def build_and_push(entry: Mapping[str, Any], shared: Mapping[str, Any]) -> dict[str, Any]:
    """The steps of an entry: its own, else those of the file, as Prefect chooses."""
    steps_by_key = {key: entry[key] if key in entry else shared.get(key) for key in ("build", "push")}
    return {key: steps for key, steps in steps_by_key.items() if steps}


class StepDigests:
    """Digests for one project; its files are read once. `patterns`: globs of the files that the steps read (empty: all
    that git does not ignore). `besides`: a file that is none of them, `prefect.yaml`: its steps count by themselves."""

    def __init__(self, root: Path, patterns: Sequence[str] = (), besides: str = "") -> None:
        self._root, self._patterns, self._besides = root, patterns, besides
        self._files: str | None = None

    def digest(self, steps: Mapping[str, Any], env: DeployEnvironment, key: str) -> str:
        """ "" for no steps."""
        if not steps:
            return ""
        if self._files is None:
            self._files = self._digest_of_files()
        text = json.dumps([steps, self._files], sort_keys=True, default=str)
        variables = "".join(f"\0{name}={env.digest(name, key)}" for name in sorted(used_variables(dict(steps))))
        return hashlib.sha256((text + variables).encode()).hexdigest()

    def _digest_of_files(self) -> str:
        digest = hashlib.sha256()
        for name in sorted(project_files(self._root)):
            if name == self._besides:
                continue
            if self._patterns and not any(fnmatch.fnmatchcase(name, pattern) for pattern in self._patterns):
                continue
            path = self._root / name
            if path.is_file():
                digest.update(f"\0{name}\0{path.stat().st_mode & 0o111}\0".encode())
                digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()


def project_files(root: Path) -> Iterator[str]:
    """Relative paths of the files below `root` that git knows or would add; without git, all but caches."""
    names = git.list_files(root)
    if names is not None:
        yield from (name for name in names if not NEVER & set(name.split("/")))
        return
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in NEVER]
        for name in files:
            yield (Path(folder) / name).relative_to(root).as_posix()
