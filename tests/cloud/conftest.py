"""A workspace of Prefect Cloud as its contract has it, over the server that the tests share."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
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
        # The first request waits for the server's schema, on a busy machine longer than the provider does.
        httpx.post(f"{proxy.url}/work_pools/filter", json={}, timeout=180)
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
