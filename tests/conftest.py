"""What all tests have: a real Prefect server for the session, a clean environment for each test."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import settings

from prefect_pulumi.interpreter.interpreters import WarmInterpreter
from prefect_pulumi.local.database_template import DatabaseTemplate
from tests.support.browser import chromium, is_installed
from tests.support.buckets import CHOICE, S3_KEYS, BucketService, chosen_backend, s3_service
from tests.support.cloud.proxy import CHOICE as CONTRACT
from tests.support.cloud.proxy import chosen_contract
from tests.support.engines import NO_PULUMI, find_pulumi
from tests.support.projects import Project
from tests.support.servers import filled_template, scratch_server
from tests.support.shared_interpreter import fork_server

SETTINGS = ("PREFECT_", "PULUMI_", "AWS_", "AZURE_", "GOOGLE_", "STORAGE_EMULATOR")
TESTS = Path(__file__).parent
# On a busy machine one example may take long; pytest-timeout ends what hangs.
settings.register_profile("tests", deadline=None)
settings.load_profile("tests")


def pytest_xdist_auto_num_workers() -> int:
    """One more than processors: most tests wait for a server or a child half of their time."""
    return (os.cpu_count() or 1) + 1


def pytest_configure() -> None:
    """The children of the tests get hang-ups, also where this run ignores them, as under nohup."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow files first, so that no process is left with one at the end. A file's tests go to one process."""
    for item in items:
        if "prefect_server" in item.fixturenames:  # type: ignore[attr-defined]  # all items are functions
            item.add_marker(pytest.mark.server)
        if item.get_closest_marker("repeated") is not None and item.name.endswith("[pulumi]"):
            item.add_marker(pytest.mark.matrix)
    if CHOICE in os.environ:
        skipped = pytest.mark.skip(reason="it reads the files of a state")
        for item in items:
            if item.get_closest_marker("state_files") is not None:
                item.add_marker(skipped)
    if CONTRACT in os.environ:
        skipped = pytest.mark.skip(reason="it is of a server of one's own")
        for item in items:
            if item.get_closest_marker("self_hosted") is not None:
                item.add_marker(skipped)
    slow = {item.path for item in items if item.get_closest_marker("e2e") is not None}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session", autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> None:
    """A cache of a new user, which all processes of a run share."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "cache"
    folder.mkdir(exist_ok=True)
    os.environ["INFRA_CACHE"] = str(folder)


@pytest.fixture(scope="session")
def database_template() -> DatabaseTemplate:
    """The database of a server that was started before, as those have it that are started later."""
    return filled_template()


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """API address of a server that all tests of the session share: give objects names of their own."""
    with (
        scratch_server(tmp_path_factory.mktemp("prefect server")) as spec,
        chosen_contract(spec.api_url) as api_url,
    ):
        yield api_url


@pytest.fixture(scope="session", autouse=True)
def _interpreter() -> Iterator[None]:
    """All that import prefect fork from one process."""
    WarmInterpreter.shared = fork_server
    yield
    WarmInterpreter.shared = None


@pytest.fixture(scope="session", autouse=True)
def _backend() -> Iterator[None]:
    with chosen_backend():
        yield


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, no_login: Path) -> None:
    """No setting of the person who runs the tests reaches them."""
    for name in list(os.environ):
        if name.startswith(SETTINGS) and not (name in S3_KEYS and CHOICE in os.environ):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PULUMI_CREDENTIALS_PATH", str(no_login))
    monkeypatch.setenv("PREFECT_PROFILES_PATH", str(no_login / "profiles.toml"))
    if CONTRACT in os.environ:
        monkeypatch.setenv("PREFECT_API_KEY", "pnu_of-the-tests")  # without one Prefect's worker refuses Cloud


@pytest.fixture(scope="session")
def s3() -> Iterator[BucketService]:
    """A service of S3's protocol that all tests of the session share: give buckets names of their own."""
    with s3_service() as service:
        yield service


@pytest.fixture
def bucket(s3: BucketService, monkeypatch: pytest.MonkeyPatch) -> str:
    """A new bucket, whose keys are in the environment."""
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    name = f"b{uuid4().hex[:12]}"
    s3.bucket(name)
    return name


@pytest.fixture(scope="session")
def no_login(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of credentials without any."""
    return tmp_path_factory.mktemp("no login")


@pytest.fixture
def pulumi_cli() -> Path:
    """The official CLI; the test is skipped where there is none."""
    cli = find_pulumi()
    if cli is None:
        pytest.skip(NO_PULUMI)
    return cli


@pytest.fixture
def small(tmp_path: Path, prefect_server: str) -> Project:
    """A project of one empty program on the server that the tests share."""
    return Project.small(tmp_path / "a small project", prefect_server)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A Chromium without a window; what its console says can be read by `get_log("browser")`."""
    if not is_installed():
        pytest.skip("no Chromium: apt-get install chromium chromium-driver")
    with chromium() as driver:
        yield driver
