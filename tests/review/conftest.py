"""The sample report that this folder's tests render."""

from __future__ import annotations

from types import ModuleType

import pytest

from tests.review import sample as sample_module


@pytest.fixture(scope="session")
def sample() -> ModuleType:
    return sample_module
