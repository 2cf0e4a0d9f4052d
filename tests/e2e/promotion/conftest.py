"""Two stacks of one small program, for the tests of promotions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.promotion_project import PROGRAM, promotion_project


@pytest.fixture
def two(tmp_path: Path, prefect_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "of the tests")
    servers = {"dev": prefect_server, "prod": prefect_server}
    with promotion_project(tmp_path, PROGRAM, ["dev", "prod"], servers) as made:
        yield made
