"""What a project's own files require, and which modules that names."""

from __future__ import annotations

from pathlib import Path

import pytest

from prefect_pulumi.deploy.file.settings import default_pool
from prefect_pulumi.deploy.flows.requirements import names_module, requirements

LISTED = """\
# of the flows
pandas[parquet]>=2 ; python_version >= "3.9"  # tables
-r more/base.txt
-e ./lib
--index-url https://example.com/simple
acme-cloud==1.2 --hash=sha256:0000
git+https://example.com/tools.git@main#egg=our_tools
https://example.com/no-name.whl
"""
PROJECT = """\
[project]
dependencies = ["polars>=1", 3]
[project.optional-dependencies]
aws = ["boto3"]
[dependency-groups]
dev = ["pytest", {include-group = "x"}]
[tool.poetry.dependencies]
python = "^3.11"
duckdb = "^1"
[tool.poetry.group.ml.dependencies]
scikit-learn = "*"
[tool.prefect.deployments]
default_work_pool_name = "of-the-project"
"""


def test_requirements_of_the_usual_files(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "requirements.txt").write_text(LISTED)
    (tmp_path / "more" / "base.txt").write_text("PyYAML\n-r ../requirements.txt\n")
    (tmp_path / "requirements.x.txt").write_text("pandas\nruff\n")
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    first = dict.fromkeys(["pandas", "PyYAML", "acme-cloud", "our_tools"], "requirements.txt")
    declared = dict.fromkeys(["polars", "boto3", "pytest", "python", "duckdb", "scikit-learn"], "pyproject.toml")
    assert requirements([tmp_path, tmp_path / "nowhere"]) == {"ruff": "requirements.x.txt", **first, **declared}


def test_broken_files_name_nothing(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_bytes(b"\xff\xfe")
    (tmp_path / "pyproject.toml").write_text("[project\n")
    assert requirements([tmp_path]) == {}
    assert default_pool(tmp_path, {}) == ""


@pytest.mark.parametrize(
    ("package", "module", "named"),
    [
        ("pandas", "pandas", True),
        ("pandas", "pandas.io.sql", True),
        ("pandas", "pandas_gbq", False),
        ("acme-cloud", "acme.cloud", True),
        ("acme-cloud", "acme.cloud.storage", True),
        ("acme-cloud", "acme.lake", False),
        ("Acme_Cloud", "acme_cloud", True),
        ("acme", "acme.cloud", True),
        ("acme.cloud", "acme.cloud", True),
        ("PyYAML", "yaml", True),
        ("scikit-learn", "sklearn.svm", True),
    ],
)
def test_a_package_names_its_modules(package: str, module: str, named: bool) -> None:
    assert names_module(package, module) is named


def test_the_default_work_pool_of_prefects_settings(tmp_path: Path) -> None:
    assert default_pool(tmp_path, {}) == ""
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    assert default_pool(tmp_path, {}) == "of-the-project"
    (tmp_path / "prefect.toml").write_text('[deployments]\ndefault_work_pool_name = "of-the-folder"\n')
    assert default_pool(tmp_path, {}) == "of-the-folder"
    assert default_pool(tmp_path, {"PREFECT_DEFAULT_WORK_POOL_NAME": "old"}) == "old"
    both = {"PREFECT_DEFAULT_WORK_POOL_NAME": "old", "PREFECT_DEPLOYMENTS_DEFAULT_WORK_POOL_NAME": "new"}
    assert default_pool(tmp_path, both) == "new"
