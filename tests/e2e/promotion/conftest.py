"""Two stacks of one small program, for the tests of promotions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.promotion_project import two_stacks


@pytest.fixture
def two(tmp_path: Path, prefect_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with two_stacks(tmp_path, prefect_server, monkeypatch) as made:
        yield made
