"""`templates/project`, as `pulumi new` and copier copy it. That it is what `infra init` writes shows test_resources."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.support.commands import infra
from tests.support.projects import REPOSITORY
from tests.support.wheels import environment_of

pytestmark = pytest.mark.e2e
TEMPLATE = REPOSITORY / "templates" / "project"


def need_project(folder: Path, name: str) -> None:
    """All files are there, under the name, and the program runs."""
    files = {path.relative_to(TEMPLATE) for path in TEMPLATE.rglob("*") if path.is_file() and path.suffix != ".pyc"}
    assert {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()} == files
    assert yaml.safe_load((folder / "Pulumi.yaml").read_text())["name"] == name
    assert not [path for path in files if "${" in (folder / path).read_text()]
    assert "to create" in infra(folder, "preview").stderr


def test_pulumi_new(tmp_path: Path, pulumi_cli: Path) -> None:
    if not shutil.which("pulumi-language-python"):
        pytest.skip("no pulumi-language-python, which the official installation has and `pulumi new` asks first")
    folder = tmp_path / "acme"
    env = {**os.environ, "PULUMI_HOME": str(tmp_path / "home"), "PULUMI_SKIP_UPDATE_CHECK": "true"}
    command = [pulumi_cli, "new", TEMPLATE, "--yes", "--generate-only", "--name", "acme", "--dir", folder]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    assert "Created project 'acme'" in done.stdout + done.stderr
    need_project(folder, "acme")


@pytest.mark.matrix
def test_copier(tmp_path: Path) -> None:
    bin, folder = environment_of(tmp_path / "tools", "copier"), tmp_path / "acme"
    command = [bin / "copier", "copy", "--vcs-ref", "HEAD", "--data", "PROJECT=acme", REPOSITORY, folder]
    subprocess.run(command, check=True, capture_output=True)
    need_project(folder, "acme")
    bad = [*command[:-3], "PROJECT=a b", REPOSITORY, tmp_path / "bad"]
    assert subprocess.run(bad, check=False, capture_output=True).returncode != 0
    assert not (tmp_path / "bad" / "Pulumi.yaml").exists()
