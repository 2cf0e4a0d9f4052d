"""Projects in folders of their own: a copy of this repository's, or one of a single file."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from prefect_pulumi.project.passphrase import NO_SALT
from tests.support import warm_infra
from tests.support.buckets import project_backend

REPOSITORY = Path(__file__).parents[2]
PROJECT_FILES = (
    ".gitattributes",
    ".gitignore",
    "infra",
    "flows",
    "prefect.yaml",
    "Pulumi.yaml",
    "Pulumi.dev.yaml",
    "Pulumi.prod.yaml",
)


@dataclass(frozen=True)
class Project:
    """A copy of this repository's project in a folder of its own."""

    root: Path

    @staticmethod
    def make(root: Path, port: int) -> Project:
        root.mkdir(parents=True)
        for name in PROJECT_FILES:
            source = REPOSITORY / name
            if source.is_dir():
                shutil.copytree(source, root / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, root / name)
        config = root / "Pulumi.dev.yaml"
        # As git sees it: the salt of this clone, once its stack was deployed, is no part of the project.
        text = re.sub(r"(?m)^encryptionsalt: .*", f"encryptionsalt: {NO_SALT}", config.read_text())
        config.write_text(text.replace("port: 4200", f"port: {port}"))
        (root / ".venv").mkdir()
        (root / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
        return Project(root).with_backend()

    @staticmethod
    def small(root: Path, api_url: str, program: str = "") -> Project:
        """A project of one file whose default provider is an existing server."""
        (root / "infra").mkdir(parents=True)
        (root / "infra" / "__main__.py").write_text(program)
        (root / "Pulumi.yaml").write_text(
            "name: prefect-infra\nruntime: python\nmain: infra\n"
            "plugins:\n  providers:\n  - {name: prefect, path: .venv/bin}\n"
        )
        (root / "Pulumi.dev.yaml").write_text(f"config:\n  prefect:apiUrl: {api_url}\n")
        (root / ".venv").mkdir()
        (root / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
        private = root / ".infra" / "dev"
        private.mkdir(parents=True)
        (private / "passphrase").write_text("a passphrase of the tests\n")
        return Project(root).with_backend()

    def with_backend(self) -> Project:
        """Its state is where this run of the tests keeps states."""
        backend = project_backend()
        if backend:
            with (self.root / "Pulumi.yaml").open("a") as file:
                file.write(f"backend: {json.dumps(backend)}\n")
        return self

    def write(self, program: str) -> None:
        (self.root / "infra" / "__main__.py").write_text(program)

    def infra(
        self, *arguments: str, check: bool = True, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Runs the command `infra` in the project's folder."""
        done = warm_infra.run(arguments, folder=self.root, env={**os.environ, **(env or {})}, timeout=280)
        if check and done.returncode != 0:
            raise AssertionError(f"infra {' '.join(arguments)} -> {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.root / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))
