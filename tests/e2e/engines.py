"""Two drivers with one interface: the embedded engine as its own command, the official CLI by the Automation API."""

from __future__ import annotations

import json
import os
import re
import runpy
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from prefect_pulumi.cli.project import NO_SALT

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


def find_pulumi() -> Path | None:
    """The official CLI: from PATH, or as `make pulumi` builds it."""
    built = REPOSITORY / ".infra" / "bin" / "pulumi"
    found = shutil.which("pulumi") or (str(built) if built.is_file() else None)
    return Path(found) if found else None


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
        # As git sees it: the salt of this very clone, where it has been brought up, is no part of the project.
        text = re.sub(r"(?m)^encryptionsalt: .*", f"encryptionsalt: {NO_SALT}", config.read_text())
        config.write_text(text.replace("port: 4200", f"port: {port}"))
        (root / ".venv").mkdir()
        (root / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
        return Project(root)

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
        return Project(root)

    def write(self, program: str) -> None:
        (self.root / "infra" / "__main__.py").write_text(program)

    def infra(
        self, *arguments: str, check: bool = True, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Runs the command `infra` in the project's folder."""
        done = subprocess.run(
            [sys.executable, "-m", "prefect_pulumi.cli.main", *arguments],
            cwd=self.root,
            env={**os.environ, **(env or {})},
            capture_output=True,
            text=True,
            timeout=280,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        if check and done.returncode != 0:
            raise AssertionError(f"infra {' '.join(arguments)} -> {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.root / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))


class Engine(Protocol):
    """`up` and `destroy` raise on failure; `changes` counts what a preview would do, `same` left out."""

    name: str

    def up(self, *, refresh: bool = False) -> None: ...

    def changes(self, *, refresh: bool = False) -> dict[str, int]: ...

    def refresh(self) -> None: ...

    def destroy(self) -> None: ...


@dataclass
class Embedded:
    project: Project
    name: str = "embedded"

    def up(self, *, refresh: bool = False) -> None:
        self.project.infra("up", "--yes", "--json", *(["--refresh"] if refresh else []))

    def changes(self, *, refresh: bool = False) -> dict[str, int]:
        flags = ["--refresh"] if refresh else []
        shown = json.loads(self.project.infra("preview", "--json", *flags).stdout)
        assert shown["changed"] == any(op != "same" for op in shown["summary"])
        return {op: count for op, count in shown["summary"].items() if op != "same"}

    def refresh(self) -> None:
        self.project.infra("refresh", "--yes", "--json")

    def destroy(self) -> None:
        self.project.infra("destroy", "--yes", "--json")


@dataclass
class Official:
    project: Project
    cli: Path
    name: str = "pulumi"
    project_name: str = "prefect-infra"

    def _stack(self) -> Any:
        from pulumi import automation

        exports = json.loads(self.project.infra("env", "--json").stdout)
        path = f"{self.cli.parent}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        home = self.project.root / ".infra" / "pulumi-home"

        def program() -> None:
            runpy.run_path(str(self.project.root / "infra"), run_name="__main__")
            for name, module in list(sys.modules.items()):
                if (getattr(module, "__file__", None) or "").startswith(str(self.project.root / "infra")):
                    del sys.modules[name]

        options = automation.LocalWorkspaceOptions(
            work_dir=str(self.project.root),
            pulumi_command=automation.PulumiCommand(root=str(self.cli.parent.parent)),
            env_vars={**exports, "PATH": path, "PULUMI_HOME": str(home), "PULUMI_SKIP_UPDATE_CHECK": "true"},
        )
        return automation.create_or_select_stack("dev", self.project_name, program, opts=options)

    def up(self, *, refresh: bool = False) -> None:
        self._stack().up(refresh=refresh)

    def changes(self, *, refresh: bool = False) -> dict[str, int]:
        summary = self._stack().preview(refresh=refresh).change_summary
        return {
            str(getattr(op, "value", op)): count
            for op, count in summary.items()
            if str(getattr(op, "value", op)) != "same"
        }

    def refresh(self) -> None:
        self._stack().refresh()

    def destroy(self) -> None:
        self._stack().destroy()
