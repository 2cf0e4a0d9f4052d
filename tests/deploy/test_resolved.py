"""`prefect.yaml` with the values of one stack."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from prefect_pulumi.deploy.file.document import read
from prefect_pulumi.deploy.file.loader import modelled
from prefect_pulumi.deploy.file.resolved import ResolvedFile, StackValues, resolve_file

TEXT = """name: p
deployments:
  - name: a
    entrypoint: f.py:f
    work_pool: {name: dev}
    schedules: [{cron: 0 6 * * *}, {slug: schedule-1, cron: 0 7 * * *}]
  - name: b
    entrypoint: f.py:f
    work_pool: {name: dev}
    schedule: {slug: s, interval: 60}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "f.py").write_text("from prefect import flow\n\n\n@flow\ndef f() -> None: ...\n")
    (tmp_path / "prefect.yaml").write_text(TEXT)
    return tmp_path


def made(project: Path, overrides: dict[str, Any] | None = None, ui: tuple[str, ...] = ()) -> ResolvedFile:
    return resolve_file(modelled(read(project / "prefect.yaml")), project, StackValues(overrides or {}, ui), {}, {})


def test_schedules_keep_what_the_file_calls_them(project: Path) -> None:
    found = made(project, {"f/a": {"schedules": {"schedule-1-1": {"active": False}}}}, ("active",))
    assert (found.names, found.faults) == (("f/a", "f/b"), ())
    assert [entry["schedules"] for entry in found.loaded.raw["deployments"]] == [
        [{"cron": "0 6 * * *", "active": False}, {"slug": "schedule-1", "cron": "0 7 * * *"}],
        [{"slug": "s", "interval": 60}],
    ]


def test_overrides_and_what_the_ui_owns(project: Path) -> None:
    overrides = {
        "*": {"work_pool": {"name": "prod"}},
        "f/b": {"schedules": {"s": {"active": False}}, "ui_owns": ["paused"]},
    }
    found = made(project, overrides, ("tags",))
    assert found.faults == ()
    a, b = found.loaded.raw["deployments"]
    assert (a["work_pool"]["name"], b["work_pool"]["name"]) == ("prod", "prod")
    assert b["schedules"] == [{"slug": "s", "interval": 60, "active": False}]
    assert found.ui == {"f/a": ("tags",), "f/b": ("paused",)}
    assert found.loaded.model.deployments[0].work_pool is not None


@pytest.mark.parametrize(
    ("overrides", "ui", "words"),
    [
        ({"f/c": {"tags": []}}, (), "no deployment of the file is called so; did you mean f/"),
        ({"f/b": {"ui_owns": ["name"]}}, (), "ui_owns names 'name'; the UI may own active, paused"),
        ({"f/b": {"schedules": {"t": {}}}}, (), "no schedule has the slug 't'; it has s"),
        ({"f/a": {"tagz": []}}, (), "unknown key"),
    ],
)
def test_faults_of_the_stacks_values(project: Path, overrides: Any, ui: tuple[str, ...], words: str) -> None:
    assert words in "\n".join(made(project, overrides, ui).faults)
