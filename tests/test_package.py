"""The wheel and the sdist are complete: what the toolkit reads at run time is in them, and they work where the
repository is not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import tomllib
from functools import partial
from pathlib import Path
from zipfile import ZipFile

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.prefect_versions import VERSIONS
from tests.support.projects import REPOSITORY
from tests.support.wheels import build_wheel, environment_of
from tools.plugin_archive import write_archives

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
    # Another author's package has a folder of this name: none of its files lies among the wheel's, nor the other way.
    assert [name for name in packed if not name.startswith("prefect_pulumi/")] == ["pulumi_prefect.py"]


def test_the_plugins_archives_start_the_wheel_that_they_hold(wheel: Path, tmp_path: Path) -> None:
    archives = write_archives(wheel, tmp_path)
    assert [path.name.rsplit("-", 2)[1:] for path in archives] == [
        [system, f"{machine}.tar.gz"] for system in ("linux", "darwin") for machine in ("amd64", "arm64")
    ]
    folder = tmp_path / "plugin"
    with tarfile.open(archives[0]) as archive:
        archive.extractall(folder, filter="data")
    assert yaml.safe_load((folder / "PulumiPlugin.yaml").read_text())["runtime"]["name"] == "python"
    [requirement] = (folder / "requirements.txt").read_text().split()
    with ZipFile(folder / requirement) as content:
        content.extractall(folder / "installed")
    environment = {**os.environ, "PYTHONPATH": str(folder / "installed")}
    done = subprocess.run(
        [sys.executable, folder, "--version"], env=environment, check=True, capture_output=True, text=True
    )
    assert f"v{done.stdout.strip()}-linux" in archives[0].name


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


def test_extras_hold_what_only_some_need() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    extras = {
        name: {Requirement(text).name for text in texts} for name, texts in project["optional-dependencies"].items()
    }
    assert {"local", "docker", "kubernetes", "s3", "gcs", "azure", "dev"} == {*extras}
    assert extras["docker"] < extras["kubernetes"]
    everybody = {Requirement(text).name for text in project["dependencies"]}
    assert not everybody & {name for names in extras.values() for name in names}


@pytest.mark.matrix
@pytest.mark.timeout(1200)
def test_what_an_index_and_a_linter_say_of_them(tmp_path: Path) -> None:
    bin = environment_of(tmp_path / "tools", "build", "twine", "check-wheel-contents")
    run = partial(subprocess.run, check=True, capture_output=True, text=True)
    run([bin / "python", "-m", "build", "--outdir", tmp_path / "dist", REPOSITORY])
    [sdist], [built] = (tmp_path / "dist").glob("*.tar.gz"), (tmp_path / "dist").glob("*.whl")
    assert "PASSED" in run([bin / "twine", "check", "--strict", sdist, built]).stdout
    # Two packages on purpose: `pulumi_prefect` is the name under which `pulumi import` writes the classes.
    assert run([bin / "check-wheel-contents", "--ignore", "W009", built]).stdout.strip().endswith("OK")
    with tarfile.open(sdist) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    assert {"src/prefect_pulumi/py.typed", "worker/Dockerfile", "templates/project/Pulumi.yaml", "LICENSE"} <= names
    assert not {name for name in names if name.startswith(("tests/", ".infra/", ".venv/"))}


@pytest.mark.matrix
@pytest.mark.parametrize("sqlalchemy", ["sqlalchemy<2.1", "sqlalchemy>=2.1"])
@pytest.mark.parametrize("minor", ["3.6", "3.7", "3.8", "3.9"])
def test_it_resolves_beside_what_teams_have(wheel: Path, minor: str, sqlalchemy: str) -> None:
    """With the newest releases of the index, but dbt-core from 1.11, which downloads a part from elsewhere as it is
    built. Nothing is installed."""
    prefect = f"prefect=={VERSIONS[minor].version}"
    wanted = [prefect, sqlalchemy, "dbt-core<1.11", "pandas>=3", "great-expectations>=1.10"]
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet", "--report", "-"]
    done = subprocess.run([*command, str(wheel), *wanted], check=True, capture_output=True, text=True)
    packages = [item["metadata"] for item in json.loads(done.stdout)["install"]]
    versions = {canonicalize_name(package["name"]): package["version"] for package in packages}
    assert all(Requirement(text).specifier.contains(versions[Requirement(text).name]) for text in wanted), versions


@pytest.mark.matrix
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    "beside", [(), ("dbt-core<1.11", "pandas", "prefect")], ids=["empty", "dbt-core, pandas, prefect"]
)
def test_installed_into_an_environment(wheel: Path, tmp_path: Path, beside: tuple[str, ...]) -> None:
    """With the extra `local` alone: a stack with containers says what it lacks."""
    bin = environment_of(tmp_path / ".venv", *beside, f"{wheel}[local]")
    root = tmp_path / "repository"
    root.mkdir()

    def infra(*words: str, code: int = 0) -> str:
        done = subprocess.run([bin / "infra", *words], cwd=root, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    subprocess.run([bin / "python", "-m", "pip", "check"], check=True)
    assert infra("--version").startswith("infra ")
    infra("init", "--server", "http://127.0.0.1:9/api")
    assert "to create" in infra("preview")
    stack = root / "Pulumi.dev.yaml"
    stack.write_text(stack.read_text().replace("server:", "pools: {boxes: {type: docker, workers: 1}}\n    server:", 1))
    assert "pip install 'prefect-pulumi[docker]'" in infra("preview", code=2)
