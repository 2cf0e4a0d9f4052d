"""The wheel is complete: what the toolkit reads at run time is in it, and it works where the repository is not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.support.projects import REPOSITORY
from tests.support.wheels import build_wheel

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


def test_every_file_of_the_packages_is_in_it(wheel: Path) -> None:
    tracked = subprocess.run(["git", "ls-files", "src"], cwd=REPOSITORY, check=True, capture_output=True, text=True)
    expected = {name.removeprefix("src/") for name in tracked.stdout.split()}
    with ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert packed == expected
    assert "prefect_pulumi/py.typed" in packed


def test_its_command_makes_a_project_elsewhere(wheel: Path, tmp_path: Path) -> None:
    installed, project = tmp_path / "installed", tmp_path / "project"
    project.mkdir()
    with ZipFile(wheel) as archive:
        archive.extractall(installed)
    script = "import prefect_pulumi; print(prefect_pulumi.__file__); from prefect_pulumi.cli.main import run; run()"
    done = subprocess.run(
        [sys.executable, "-c", script, "init", "--name", "elsewhere"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(installed)},
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.splitlines()[0].startswith(str(installed))
    assert (project / "infra" / "__main__.py").is_file()
    assert "elsewhere:environment" in (project / "Pulumi.prod.yaml").read_text()
