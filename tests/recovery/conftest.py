"""Projects whose runs are killed or meet faults, and processes to be watched and signalled."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support import official_engine
from tests.support.child import Child
from tests.support.engines import Official
from tests.support.fault_proxy import FaultProxy
from tests.support.fork_server import ForkServer, fork_server
from tests.support.mixed_project import MixedProject
from tests.support.projects import REPOSITORY, Project


@pytest.fixture(scope="session")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkServer]:
    """A process that forks itself to run `infra`: no start-up, and a real SIGKILL."""
    with fork_server(tmp_path_factory.mktemp("warm")) as process:
        yield process


@pytest.fixture
def world(small: Project, prefect_server: str) -> MixedProject:
    return MixedProject(small, prefect_server)


@pytest.fixture
def official(small: Project, pulumi_cli: Path) -> Official:
    return Official(small, pulumi_cli)


@pytest.fixture
def proxy(prefect_server: str) -> Iterator[FaultProxy]:
    port = urlsplit(prefect_server).port
    assert port is not None
    faults = FaultProxy(port)
    yield faults
    faults.close()


@pytest.fixture
def faulty(small: Project, proxy: FaultProxy, prefect_server: str) -> Callable[[int], MixedProject]:
    """A mixed project of that size whose provider speaks to the proxy."""
    small.edit("Pulumi.dev.yaml", prefect_server, proxy.api)
    return lambda size: MixedProject(small, prefect_server, size)


@pytest.fixture
def started(small: Project) -> Callable[..., subprocess.Popen[str]]:
    """Starts `infra` in a process of its own, as a shell does."""

    def start(*words: str, **options: Any) -> subprocess.Popen[str]:
        return Child(
            [sys.executable, "-m", "prefect_pulumi.cli.main", *words],
            **{"cwd": small.root, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, **options},
        )

    return start


@pytest.fixture
def official_up_apart(official: Official) -> Callable[[], subprocess.Popen[str]]:
    """Starts `up` of the official CLI in a process of its own, to be watched and killed."""

    def start() -> subprocess.Popen[str]:
        return Child(
            official_engine.command(official),
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    return start
