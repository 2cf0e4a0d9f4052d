"""The toolkit as a wheel, and virtual environments that have it installed."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

from tests.support.projects import REPOSITORY

PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")


def build_wheel(folder: Path) -> Path:
    """Of this repository, into the folder."""
    subprocess.run([*PIP, "wheel", "--no-deps", "--wheel-dir", str(folder), str(REPOSITORY)], check=True)
    [wheel] = folder.glob("*.whl")
    return wheel


def install(wheel: Path, environment: Path, *folders: Path) -> Path:
    """A new virtual environment with the wheel alone; what it requires is there already, in the environment of the
    tests. `folders`: those of the code that its team has installed as editable. Returns its `bin`."""
    venv.create(environment, symlinks=True, with_pip=False)
    target = [*PIP[:1], "-m", "pip", "--python", str(environment / "bin" / "python"), *PIP[3:]]
    subprocess.run([*target, "install", "--no-deps", "--no-index", str(wheel)], check=True)
    packages = next((environment / "lib").glob("python*/site-packages"))
    # A .pth file adds folders behind the environment's own; the .pth files in them do not count.
    paths = [*map(str, folders), sysconfig.get_path("purelib")]
    (packages / "requirements.pth").write_text("".join(f"{path}\n" for path in paths))
    return environment / "bin"


def environment_of(folder: Path, *requirements: str) -> Path:
    """A new virtual environment with these packages, as a person installs them. Returns its `bin`."""
    venv.create(folder, symlinks=True, with_pip=True)
    bin = folder / "bin"
    subprocess.run([bin / "python", "-m", "pip", "install", "--quiet", *requirements], check=True)
    return bin
