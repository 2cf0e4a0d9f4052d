"""Repositories of other teams, with a toolkit that is installed from its wheel, and the commands that they type."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from prefect_pulumi.testing.ports import free_port
from tests.support.wheels import install

REPOSITORIES = Path(__file__).parents[1] / "e2e" / "foreign" / "repositories"


@dataclass(frozen=True)
class ForeignRepository:
    """`bin`: of the virtual environment that is active in the team's shell. `port`: of the dev stack's server."""

    root: Path
    bin: Path
    port: int = field(default_factory=free_port)

    @staticmethod
    def make(name: str, folder: Path, wheel: Path, environment: str, *installed: str) -> ForeignRepository:
        """A copy of `repositories/name` in git. `environment`: path of the virtual environment, from the repository;
        `installed`: folders of its own code that are installed there."""
        root = folder / f"acme {name}"
        shutil.copytree(REPOSITORIES / name, root, ignore=shutil.ignore_patterns("__pycache__"))
        place = Path(os.path.normpath(root / environment))
        repository = ForeignRepository(root, install(wheel, place, *(root / part for part in installed)))
        for command in ("init -q -b main", "add -A", "-c user.name=a -c user.email=a@acme.example commit -qm first"):
            repository.shell(f"git {command}")
        return repository

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api"

    def shell(self, line: str, code: int = 0, **env: str) -> str:
        """What a line says, stdout first; it ends with `code`."""
        path = os.pathsep.join([str(self.bin), os.environ["PATH"]])
        done = subprocess.run(
            line,
            shell=True,
            cwd=self.root,
            env={**os.environ, "PATH": path, "VIRTUAL_ENV": str(self.bin.parent), **env},
            capture_output=True,
            text=True,
            timeout=280,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        assert done.returncode == code, f"{line} -> {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def move_server(self) -> None:
        """Another port for the dev stack's server than the one that was free when `infra init` looked."""
        stack = self.root / "Pulumi.dev.yaml"
        lines = stack.read_text().splitlines(keepends=True)
        stack.write_text("".join(f"      port: {self.port}\n" if "      port:" in line else line for line in lines))
