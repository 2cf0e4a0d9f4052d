"""200 files in the styles of the field beside plain `prefect deploy`: its verdict and its fields, or a reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from prefect_pulumi.deploy.file.model import ConcurrencyLimit, DeploymentEntry, PrefectFile, Schedule, WorkPoolUse
from tests.deploy.real_files import REAL_FILES, WRITTEN
from tests.deploy.real_files.comparison import (
    Verdict,
    is_deployed,
    make_project,
    own_verdicts,
    plain_deploy,
    stored_differences,
)
from tests.deploy.real_files.differences import DIFFERENCES, REASONS
from tests.support.projects import REPOSITORY

SLICE = {**WRITTEN, **dict(list(REAL_FILES.items())[::12])}


@pytest.fixture(
    scope="module",
    params=[pytest.param(SLICE, id="slice"), pytest.param(REAL_FILES, id="all", marks=pytest.mark.matrix)],
)
def files(request: pytest.FixtureRequest) -> dict[str, str]:
    table: dict[str, str] = request.param
    return table


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_project(tmp_path_factory.mktemp("real files"))


@pytest.fixture(scope="module")
def plain(files: dict[str, str], root: Path) -> dict[str, Any]:
    return plain_deploy(files, root)


@pytest.fixture(scope="module")
def own(files: dict[str, str], root: Path) -> dict[str, Verdict]:
    return own_verdicts(files, root)


def test_there_are_200() -> None:
    assert len(REAL_FILES) >= 200


def test_each_verdict_is_prefects_or_has_a_reason(
    files: dict[str, str], plain: dict[str, Any], own: dict[str, Verdict]
) -> None:
    others = {
        name: (own[name].faults, plain["files"][name]["errors"], plain["files"][name]["said"])
        for name, text in files.items()
        if is_deployed(plain["files"][name], text) == bool(own[name].faults)
    }
    assert {name: why for name, why in others.items() if name not in DIFFERENCES} == {}
    assert DIFFERENCES.keys() - others.keys() == set()


def test_the_declared_fields_are_those_that_prefect_stores(
    files: dict[str, str], plain: dict[str, Any], own: dict[str, Verdict]
) -> None:
    wrong = {}
    for name, text in files.items():
        result = plain["files"][name]
        if own[name].fields is None or not is_deployed(result, text):
            continue
        for full_name, declared in (own[name].fields or {}).items():
            if difference := stored_differences(result, full_name.rpartition("/")[2], declared):
                wrong[f"{name}: {full_name}"] = difference
    assert wrong == {}


def test_the_model_knows_the_keys_of_prefects_schema(plain: dict[str, Any]) -> None:
    parts = plain["schema"]["$defs"]
    for part, model, own_keys in (
        (plain["schema"], PrefectFile, {"description", "definitions"}),
        (parts["DeploymentConfig"], DeploymentEntry, set()),
        (parts["WorkPoolConfig"], WorkPoolUse, set()),
        (parts["ConcurrencyLimitSpec"], ConcurrencyLimit, set()),
        (parts["RawScheduleConfig"], Schedule, set()),
    ):
        assert set(model.keys()) == {*part["properties"], *own_keys}, model.__name__


def test_each_reason_stands_in_the_docs() -> None:
    page = " ".join((REPOSITORY / "docs" / "prefect-yaml.md").read_text("utf-8").split())
    assert {reason for reason in REASONS.values() if reason not in page} == set()
    assert set(DIFFERENCES.values()) == set(REASONS)
