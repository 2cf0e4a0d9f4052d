"""The shell commands of a tutorial's page, typed one block after the other in one shell's state."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from prefect_pulumi.local import server
from prefect_pulumi.testing.ports import free_port
from tests.support.projects import REPOSITORY
from tests.support.servers import filled_template
from tests.support.wheels import install

PAGES = REPOSITORY / "docs" / "tutorial"
BLOCK = re.compile(r"^```sh\n(.*?)^```", flags=re.DOTALL | re.MULTILINE)
PORT = re.compile(r"\b4[23]00\b")
INSTALLATION = ("python3 -m venv ", "pip install ")
"""What these lines of a page install, `install` installs without an index."""
PERSON = {"NAME": "Ana", "EMAIL": "ana@acme.example"}


def blocks(name: str) -> list[str]:
    """The shell blocks of a page."""
    found = BLOCK.findall((PAGES / name).read_text("utf-8"))
    assert found
    return found


@dataclass
class TutorialShell:
    """`folder` is the one beside the clone of the toolkit. Two things are not as in a reader's shell: the ports, which
    are free ones, and, with a `wheel`, what installs the toolkit."""

    folder: Path
    wheel: Path | None = None
    ports: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.folder / "prefect-pulumi").symlink_to(REPOSITORY)
        filled_template().copy(self.folder / "prefect home")

    @property
    def state(self) -> Path:
        return self.folder / "shell"

    def type_page(self, name: str) -> str:
        """What all its blocks print; each ends with 0."""
        return "\n".join(self.type(block) for block in blocks(name))

    def type(self, block: str) -> str:
        installs = self.wheel is not None and any(line.startswith(INSTALLATION) for line in block.splitlines())
        if installs:
            before, _, _ = block.partition("source .venv/bin/activate")
            self._run("".join(line for line in before.splitlines(True) if not line.startswith(INSTALLATION)))
            assert self.wheel is not None
            install(self.wheel, self.directory / ".venv")
            block = "source .venv/bin/activate\n"
        said = self._run(PORT.sub(lambda match: self.ports.setdefault(match[0], str(free_port())), block))
        if "infra init" in block:
            self._settle_port()
        return said

    def _run(self, block: str) -> str:
        """A block in a shell that begins with the folder and the variables that the last one ended with."""
        before = self.state.read_text("utf-8") if self.state.exists() else ""
        after = f'{{ echo "cd $(printf %q "$PWD")"; export -p; }} > {shlex.quote(str(self.state))}'
        # Into a file, not a pipe: a server in the background keeps it open.
        with (self.folder / "said").open("w+") as said:
            done = subprocess.run(
                ["bash", "-c", f"{before}\nset -e\n{block}\n{after}"],
                cwd=self.folder,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                timeout=280,
                check=False,
            )
            said.seek(0)
            text = said.read()
        assert done.returncode == 0, f"{block} -> {done.returncode}\n{text}"
        return text

    def _environment(self) -> dict[str, str]:
        names = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in PERSON.items()}
        path = os.pathsep.join([os.environ["PATH"], str(Path(sys.executable).parent)])
        return {
            **os.environ,
            **names,
            "PATH": path,
            "PREFECT_HOME": str(self.folder / "prefect home"),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        }

    @property
    def directory(self) -> Path:
        """The folder that the shell is in."""
        return Path(self._run("pwd").splitlines()[-1])

    def _settle_port(self) -> None:
        """Another port than the one that was free when `infra init` looked."""
        config = self.directory / "Pulumi.dev.yaml"
        config.write_text(re.sub(r"(\bport: )\d+", rf"\g<1>{free_port()}", config.read_text("utf-8")))

    def stop(self) -> None:
        """Whatever a page that failed has left: servers of stacks, and a server in the background."""
        for directory in self.folder.glob("*/.infra/*/server"):
            server.stop(server.ServerSpec(directory))
        state = self.state.read_text("utf-8") if self.state.exists() else ""
        if (found := re.search(r'SERVER="(\d+)"', state)) and psutil.pid_exists(int(found[1])):
            psutil.Process(int(found[1])).terminate()
