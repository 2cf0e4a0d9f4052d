"""Stores of each kind, each empty."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from prefect_pulumi.state.file_store import FileStore
from prefect_pulumi.state.store import Store
from prefect_pulumi.state.store_urls import bucket_store
from tests.support.buckets import AZURITE_KEY, BucketService, azure_container, azure_service, find_azurite
from tests.support.fault_proxy import FaultProxy
from tests.support.gcs_server import gcs_server


@pytest.fixture
def proxy(s3: BucketService) -> Iterator[FaultProxy]:
    faults = FaultProxy(s3.port)
    yield faults
    faults.close()


@pytest.fixture(scope="session")
def gcs() -> Iterator[int]:
    """Port of a service of Google Cloud Storage's protocol, with the bucket `states`."""
    with gcs_server("states") as server:
        yield server.server_port


@pytest.fixture(scope="session")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    program = find_azurite()
    if program is None:
        pytest.skip("no Azurite: `make azurite` installs it where npm is")
    with azure_service(program, tmp_path_factory.mktemp("azurite")) as port:
        yield port


@pytest.fixture(params=["file", "s3", "gcs", "azure"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    if request.param == "file":
        return FileStore(tmp_path / "a store")
    if request.param == "gcs":
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"127.0.0.1:{request.getfixturevalue('gcs')}")
        url = f"gs://states/{uuid4().hex}"
    elif request.param == "azure":
        monkeypatch.setenv("AZURE_STORAGE_KEY", AZURITE_KEY)
        url = azure_container(request.getfixturevalue("azure"), f"c{uuid4().hex[:12]}")
    else:
        service: BucketService = request.getfixturevalue("s3")
        url = service.url(f"{request.getfixturevalue('bucket')}/a/prefix")
    return bucket_store(url, "a test")
