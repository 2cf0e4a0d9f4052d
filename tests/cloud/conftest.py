"""A workspace of Prefect Cloud as its contract has it, over the server that the tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from prefect_pulumi.provider.provider import PrefectProvider
from tests.provider.lifecycle import referred
from tests.support.cloud.proxy import CloudProxy
from tests.support.hosts import KeepingHost


@pytest.fixture(scope="session")
def said() -> KeepingHost:
    return KeepingHost()


@pytest.fixture(scope="session")
def cloud(prefect_server: str) -> Iterator[CloudProxy]:
    with CloudProxy(prefect_server) as proxy:
        yield proxy


@pytest.fixture
def judged(cloud: CloudProxy) -> Iterator[CloudProxy]:
    """Its faults are those of the test."""
    cloud.faults.clear()
    yield cloud
    assert cloud.faults == []


@pytest.fixture(scope="module")
def provider(
    cloud: CloudProxy, said: KeepingHost, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PrefectProvider]:
    provider = PrefectProvider(tmp_path_factory.mktemp("root"), said)
    provider.configure({"apiUrl": cloud.url})
    with referred(provider):
        yield provider
    provider.close()
