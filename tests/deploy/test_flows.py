"""Imports in a child process, and their memory."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from prefect_pulumi.deploy.flows.inspector import FlowInspector
from tests.deploy.fixtures import make_repository

ORDERS, WEEKLY = "flows/orders.py:import_orders", "company.reports.weekly:weekly"
STEP = "prefect.deployments.steps.git_clone"
NOSY = """import json, os
from pathlib import Path
from prefect import flow

REGION = os.environ.get("REGION", "none")
TABLE = json.loads(Path("table.json").read_text())
Path("seen.json").write_text(json.dumps(sorted(os.environ)))
print("noise")


@flow(name=f"of-{REGION}")
def run(n: int):
    pass
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_repository(tmp_path_factory.mktemp("flows") / "repository")


def inspector(root: Path, **env: str) -> FlowInspector:
    return FlowInspector(root, root / ".infra" / "cache.json", {**os.environ, **env})


def test_an_unchanged_project_starts_no_process(root: Path) -> None:
    first = inspector(root)
    found = first.inspect([ORDERS, WEEKLY, ORDERS], [STEP])
    assert first.started == 1
    first.keep()
    assert found[ORDERS].flow == "import-orders"
    assert found[ORDERS].schema is not None
    assert found[ORDERS].schema["required"] == ["day"]
    assert set(found[ORDERS].files) == {
        "flows/orders.py",
        "flows/currencies.py",
        "shared/__init__.py",
        "shared/money.py",
    }
    assert found[WEEKLY].flow == "weekly"
    assert found[STEP].arguments is not None
    assert found[STEP].arguments["repository"] is True

    again = inspector(root)
    assert again.inspect([ORDERS, WEEKLY], [STEP]) == found
    assert again.started == 0

    # A module that a flow imports changes: only that flow is imported again.
    (root / "shared" / "money.py").write_text("def total(amounts):\n    return 0\n")
    third = inspector(root)
    assert [each.flow for each in third.inspect([ORDERS, WEEKLY], [STEP]).values()] == ["", "import-orders", "weekly"]
    assert third.started == 1
    third.keep()
    assert json.loads((root / ".infra" / "cache.json").read_text()).keys() == {ORDERS, WEEKLY, STEP}

    (root / ".infra" / "cache.json").write_text("no longer JSON")
    fourth = inspector(root)
    assert fourth.inspect([WEEKLY]) == {WEEKLY: found[WEEKLY]}
    assert fourth.started == 1


def test_what_an_import_reads_counts_and_credentials_are_not_there(root: Path) -> None:
    (root / "nosy.py").write_text(NOSY)
    (root / "table.json").write_text("{}")
    credentials = {"PREFECT_API_KEY": "pnu_x", "PREFECT_API_AUTH_STRING": "a:b", "PULUMI_CONFIG_PASSPHRASE": "p"}
    first = inspector(root, REGION="eu", PREFECT_API_URL="http://127.0.0.1:9/api", **credentials)
    found = first.inspect(["nosy.py:run"])["nosy.py:run"]
    first.keep()
    assert found.flow == "of-eu"
    assert "REGION" in found.variables
    assert set(found.files) == {"nosy.py", "table.json"}
    seen = set(json.loads((root / "seen.json").read_text()))
    assert "REGION" in seen
    assert not seen & {*credentials, "PREFECT_API_URL"}
    kept = (root / ".infra" / "cache.json").read_text()
    assert (root / ".infra" / "cache.json").stat().st_mode & 0o777 == 0o600
    assert "pnu_x" not in kept

    same = inspector(root, REGION="eu", SOMETHING_ELSE="1")
    assert same.inspect(["nosy.py:run"])["nosy.py:run"].flow == "of-eu"
    assert same.started == 0
    other = inspector(root, REGION="us")
    assert other.inspect(["nosy.py:run"])["nosy.py:run"].flow == "of-us"
    (root / "table.json").write_text("[]")
    changed = inspector(root, REGION="eu")
    changed.inspect(["nosy.py:run"])
    assert (other.started, changed.started) == (1, 1)


def test_a_module_in_the_place_of_one_that_prefect_needs(root: Path) -> None:
    (root / "pydantic.py").write_text("X = 1\n")
    try:
        found = inspector(root).inspect([WEEKLY])[WEEKLY]
    finally:
        (root / "pydantic.py").unlink()
    assert found.fault.startswith("prefect itself cannot be imported in this folder: ImportError: cannot import name")
    assert str(root / "pydantic.py") in found.fault


def test_modules_of_one_name_are_kept_apart_and_nothing_is_written(root: Path) -> None:
    for folder in ("one", "two"):
        (root / folder).mkdir()
        (root / folder / "settings.py").write_text(f"NAME = {folder!r}\n")
        (root / folder / "job.py").write_text(
            "from prefect import flow\nfrom settings import NAME\n\n\n@flow(name=NAME)\ndef run():\n    pass\n"
        )
    before = sorted(root.rglob("*"))
    found = inspector(root).inspect(["one/job.py:run", "two/job.py:run"])
    assert [each.flow for each in found.values()] == ["one", "two"]
    assert sorted(root.rglob("*")) == before


def test_a_flow_outside_of_the_folder_is_watched_with_what_lies_beside_it(root: Path) -> None:
    (root.parent / "beside.py").write_text("N = 1\n")
    (root.parent / "outside.py").write_text(
        "from beside import N\nfrom prefect import flow\n\n\n@flow(name=f'of-{N}')\ndef run():\n    pass\n"
    )
    first = inspector(root)
    found = first.inspect(["../outside.py:run"])["../outside.py:run"]
    first.keep()
    assert (found.flow, found.files) == ("of-1", ("../beside.py", "../outside.py"))
    (root.parent / "beside.py").write_text("N = 2\n")
    again = inspector(root)
    assert again.inspect(["../outside.py:run"])["../outside.py:run"].flow == "of-2"
