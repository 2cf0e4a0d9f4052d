"""Helpers beside the tests, loaded without putting the tests' folder on the import path."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import pytest


def _load(path: Path) -> ModuleType:
    if path.stem in sys.modules:
        return sys.modules[path.stem]
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


HERE = Path(__file__).parent
engines = _load(HERE.parent / "e2e" / "engines.py")
worlds = _load(HERE / "world.py")
proxies = _load(HERE / "proxy.py")
PULUMI = engines.find_pulumi()


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A process that forks itself to run `infra`: no start-up, and a real SIGKILL."""
    with worlds.warm(tmp_path_factory.mktemp("warm")) as process:
        yield process


@pytest.fixture(name="worlds")
def _worlds() -> Any:
    return worlds


@pytest.fixture(name="proxies")
def _proxies() -> Any:
    return proxies


@pytest.fixture
def small(tmp_path: Path, prefect_server: str) -> Any:
    return engines.Project.small(tmp_path / "a small project", prefect_server)


@pytest.fixture
def world(small: Any, prefect_server: str) -> Any:
    return worlds.World(small, prefect_server)


@pytest.fixture
def official(small: Any) -> Any:
    if PULUMI is None:
        pytest.skip("no official CLI: `make pulumi` builds it where Go is installed")
    return engines.Official(small, PULUMI)


@pytest.fixture
def proxy(prefect_server: str) -> Iterator[Any]:
    made = proxies.Proxy(urlsplit(prefect_server).port)
    yield made
    made.close()


@pytest.fixture
def faulty(small: Any, proxy: Any, prefect_server: str) -> Any:
    """A world whose provider speaks to the proxy."""
    small.edit("Pulumi.dev.yaml", prefect_server, proxy.api)
    return lambda size: worlds.World(small, prefect_server, size)


@pytest.fixture
def started(small: Any) -> Any:
    """Starts `infra` in a process of its own, as a shell does."""

    def start(*words: str, **options: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "prefect_pulumi.cli.main", *words],
            **{"cwd": small.root, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, **options},
        )

    return start


APART = """
import subprocess
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import engines
engines.Official(engines.Project(Path(sys.argv[2])), Path(sys.argv[3])).up()
"""


@pytest.fixture
def official_up_apart(official: Any) -> Any:
    """Starts `up` of the official CLI in a process of its own, to be watched and killed."""

    def start() -> subprocess.Popen[str]:
        words = [str(HERE.parent / "e2e"), str(official.project.root), str(official.cli)]
        return subprocess.Popen(
            [sys.executable, "-c", APART, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    return start
