"""A Prefect server on this machine: SQLite, loopback only, no telemetry, its files in one folder."""

from __future__ import annotations

import socket
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from prefect_pulumi.core.errors import LocalProcessError, PortInUseError
from prefect_pulumi.local.processes import (
    ProcessFile,
    clean_environment,
    reap,
    start_detached,
    stop_tree,
    tail,
    wait_until,
)

START_SECONDS = 90.0
"""The first start creates the database; on a busy machine that takes a while."""


@dataclass(frozen=True)
class ServerSpec:
    """`directory` holds database, log and pid file."""

    directory: Path
    host: str = "127.0.0.1"
    port: int = 4200

    @property
    def ui_url(self) -> str:
        """Of every address it listens on, the loopback one is where this machine reaches it."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)  # noqa: S104 - compared only
        return f"http://{host}:{self.port}"

    @property
    def api_url(self) -> str:
        return f"{self.ui_url}/api"

    @property
    def log(self) -> Path:
        return self.directory / "server.log"

    @property
    def file(self) -> ProcessFile:
        return ProcessFile(self.directory / "server.json")


@dataclass(frozen=True)
class ServerStatus:
    running: bool
    pid: int | None
    api_url: str
    ui_url: str


def status(spec: ServerSpec) -> ServerStatus:
    """Whether our own server of this folder and port runs; costs a look at the process table."""
    noted = spec.file.read()
    process = spec.file.process() if noted.get("port") == spec.port and noted.get("host") == spec.host else None
    return ServerStatus(process is not None, process.pid if process else None, spec.api_url, spec.ui_url)


def need_port(spec: ServerSpec) -> None:
    """Raises `PortInUseError` when another program listens where this server should."""
    ours = spec.file.process() is not None and spec.file.read().get("port") == spec.port
    if not ours and _listening(spec):
        raise PortInUseError(
            f"port {spec.port} is used by another program",
            where="Pulumi.<stack>.yaml: environment.server.port",
            remedy="stop that program or choose another port there",
        )


def start(spec: ServerSpec) -> ServerStatus:
    """Starts the server unless it runs, and waits until it answers.

    Raises `PortInUseError` when another program listens there, `LocalProcessError` when it does not start.
    """
    known = status(spec)
    if not known.running:
        need_port(spec)
        _launch(spec)
    if not wait_until(lambda: healthy(spec.api_url) or not status(spec).running, seconds=START_SECONDS) or (
        not status(spec).running
    ):
        stop(spec)
        raise LocalProcessError(
            f"the Prefect server did not start; its log ends with:\n{tail(spec.log)}", where=str(spec.log)
        )
    return status(spec)


def _launch(spec: ServerSpec) -> None:
    spec.directory.mkdir(parents=True, exist_ok=True)
    database = (spec.directory / "prefect.db").resolve()
    environment = clean_environment(
        {
            "PREFECT_HOME": str(spec.directory.resolve()),
            "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{database}",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
            "PREFECT_UI_API_URL": spec.api_url,
            "PREFECT_API_URL": spec.api_url,
            "DO_NOT_TRACK": "1",
        }
    )
    command = [sys.executable, "-m", "prefect_pulumi.local.serve", "--host", spec.host, "--port", str(spec.port)]
    start_detached(
        command,
        file=spec.file,
        log=spec.log,
        env=environment,
        cwd=spec.directory,
        facts={"host": spec.host, "port": spec.port},
    )


def stop(spec: ServerSpec) -> None:
    """Stops our server; nothing happens when it does not run. The database stays."""
    process = spec.file.process()
    if process is not None:
        stop_tree(process)
    else:
        pid = spec.file.read().get("pid")
        if isinstance(pid, int):
            reap(pid)
    spec.file.remove()


def healthy(api_url: str, timeout: float = 2.0) -> bool:
    """GET /health answers true."""
    try:
        with urllib.request.urlopen(f"{api_url}/health", timeout=timeout) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError, ValueError):
        return False


def _listening(spec: ServerSpec) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((spec.host, spec.port)) == 0
