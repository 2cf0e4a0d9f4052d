"""The start of the local server on a machine that is slow: waited for while it makes progress, and no longer."""

from __future__ import annotations

import os
import signal
import stat
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from prefect_pulumi.core.errors import LocalProcessError
from prefect_pulumi.local import server
from prefect_pulumi.local.server import ServerSpec, StartLimits
from prefect_pulumi.testing.ports import free_port
from tests.support.wait import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def pid_of(spec: ServerSpec) -> int:
    return int(until(lambda: spec.file.read().get("pid"), 120))


@pytest.mark.usefixtures("database_template")
def test_a_server_that_stands_still_for_a_while(tmp_path: Path) -> None:
    spec = ServerSpec(tmp_path / "server", port=free_port())
    lines: list[str] = []
    with ThreadPoolExecutor(1) as pool:
        starting = pool.submit(server.start, spec, lines.append, StartLimits(idle=300, notice=0.5))
        pid = pid_of(spec)
        os.kill(pid, signal.SIGSTOP)
        until(lambda: len(lines) > 2)
        assert not starting.done()
        os.kill(pid, signal.SIGCONT)
        try:
            assert starting.result().running
            assert server.healthy(spec.api_url)
        finally:
            server.stop(spec)
    assert lines[0].startswith("the Prefect server is starting since ")
    assert "s of the processor" in lines[0]


def test_a_server_that_makes_no_progress(tmp_path: Path) -> None:
    spec = ServerSpec(tmp_path / "server", port=free_port())
    stopper = threading.Thread(target=lambda: os.kill(pid_of(spec), signal.SIGSTOP))
    stopper.start()
    with pytest.raises(LocalProcessError, match="it made no progress for 2 s") as raised:
        server.start(spec, limits=StartLimits(idle=2))
    stopper.join()
    assert "environment.server.start_timeout" in raised.value.remedy
    assert spec.file.process() is None


def test_a_start_that_takes_too_long(tmp_path: Path) -> None:
    spec = ServerSpec(tmp_path / "server", port=free_port())
    with pytest.raises(LocalProcessError, match="it gave no answer within"):
        server.start(spec, limits=StartLimits(total=0.5))
    assert spec.file.process() is None


def test_a_server_that_ends_is_not_waited_for(tmp_path: Path) -> None:
    spec = ServerSpec(tmp_path / "server", port=free_port())
    spec.directory.mkdir()
    (spec.directory / "prefect.db").write_text("no database")
    with pytest.raises(LocalProcessError, match="its process ended; its log ends with"):
        server.start(spec)


@pytest.mark.usefixtures("database_template")
def test_what_a_server_keeps_and_whom_it_answers(tmp_path: Path) -> None:
    """Its database is the owner's, whatever the umask; a page of another origin may not read its answers."""
    spec = ServerSpec(tmp_path / ".infra" / "server", port=free_port())
    before = os.umask(0)
    try:
        server.start(spec)
    finally:
        os.umask(before)
    try:
        for file in [*spec.directory.glob("prefect.db*"), spec.log, spec.file.path]:
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
        allowed = {
            origin: _allowed(spec, origin) for origin in (spec.ui_url, *spec.origins, "http://elsewhere.example")
        }
    finally:
        server.stop(spec)
    assert allowed.pop("http://elsewhere.example") is None
    assert allowed == {origin: origin for origin in allowed}


def _allowed(spec: ServerSpec, origin: str) -> str | None:
    request = urllib.request.Request(f"{spec.api_url}/health", headers={"Origin": origin})
    with urllib.request.urlopen(request) as answer:
        header: str | None = answer.headers["access-control-allow-origin"]
    return header
