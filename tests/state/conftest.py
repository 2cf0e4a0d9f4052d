"""Stores of each kind, each empty."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from prefect_pulumi.state.file_store import FileStore
from prefect_pulumi.state.store import Store
from prefect_pulumi.state.store_urls import bucket_store
from tests.support.buckets import BucketService
from tests.support.fault_proxy import FaultProxy


@pytest.fixture
def proxy(s3: BucketService) -> Iterator[FaultProxy]:
    faults = FaultProxy(s3.port)
    yield faults
    faults.close()


@pytest.fixture(params=["file", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "file":
        return FileStore(tmp_path / "a store")
    service: BucketService = request.getfixturevalue("s3")
    return bucket_store(service.url(f"{request.getfixturevalue('bucket')}/a/prefix"), "a test")
