"""One control plane for all tests that need no node."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.components.cluster.control_plane import ControlPlane, NoCluster, control_plane


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    try:
        with control_plane(tmp_path_factory.mktemp("cluster")) as started:
            yield started
    except NoCluster as reason:
        pytest.skip(str(reason))
