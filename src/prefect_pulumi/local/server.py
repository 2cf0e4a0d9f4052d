"""A Prefect server on this machine: SQLite, loopback only, no telemetry, its files in one folder."""

from __future__ import annotations

import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from prefect_pulumi.core.deadline import remaining
from prefect_pulumi.core.errors import LocalProcessError, PortInUseError
from prefect_pulumi.core.folders import make_folder
from prefect_pulumi.interpreter.interpreters import Interpreter
from prefect_pulumi.local.database_template import DATABASE, DatabaseTemplate
from prefect_pulumi.local.processes import (
    ProcessFile,
    own_environment,
    reap,
    start_detached,
    stop_tree,
    tail,
)
from prefect_pulumi.local.server_packages import need_server_packages

POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class StartLimits:
    """In seconds. The first start creates the database, which takes minutes on a busy machine.

    `total`: for the whole start, unless the operation has a time limit of its own. `idle`: without progress, which is
    a log or a database that grows, or processor time. `notice`: between two lines that say what is waited for.
    """

    total: float = 1800.0
    idle: float = 90.0
    notice: float = 20.0


LIMITS = StartLimits()
ENDED = "its process ended"


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
    def origins(self) -> list[str]:
        """Of its own page: no other page in a browser may read its answers."""
        names = {"127.0.0.1": ["127.0.0.1", "localhost"], "[::1]": ["[::1]", "localhost"]}
        host = self.ui_url.removeprefix("http://").rpartition(":")[0]
        return [f"http://{name}:{self.port}" for name in names.get(host, [host])]

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


SERVER_MODULES = ("prefect.cli.server", "prefect.cli._server_utils", "prefect.server.api.server")
"""What a `WarmInterpreter` imports for servers."""


def start(
    spec: ServerSpec,
    say: Callable[[str], None] | None = None,
    limits: StartLimits = LIMITS,
    interpreter: Interpreter | None = None,
) -> ServerStatus:
    """Starts the server unless it runs, and waits until it answers, as long as its process makes progress. A new one
    begins with the database of the user's cache (`DatabaseTemplate`), and leaves its own there where none is.

    `say` gets a line now and then while that takes long; `interpreter` starts its process. Raises `PortInUseError`
    when another program listens there, `LocalProcessError` when it does not start, or with packages that it is known
    not to work with.
    """
    template, copied, fresh = DatabaseTemplate.of_user(), False, False
    known = status(spec)
    if not known.running:
        need_server_packages()
        need_port(spec)
        copied = template.copy(spec.directory)
        fresh = not copied and not (spec.directory / DATABASE).exists()
        _launch(spec, interpreter)
    reason = _wait_for_answer(spec, say or (lambda line: None), limits)
    if reason:
        stop(spec)
        if copied and reason == ENDED:
            template.remove()  # the next start makes its own
            for path in spec.directory.glob(f"{DATABASE}*"):
                path.unlink()
        raise LocalProcessError(
            f"the Prefect server did not start: {reason}; its log ends with:\n{tail(spec.log)}",
            where=str(spec.log),
            remedy="a slow machine may need a longer environment.server.start_timeout in Pulumi.<stack>.yaml",
        )
    if fresh:
        template.keep(spec.directory)
    return status(spec)


def _wait_for_answer(spec: ServerSpec, say: Callable[[str], None], limits: StartLimits) -> str:
    """Why there is no answer; "" when there is one."""
    began = moved = noticed = time.monotonic()
    left = remaining()
    end = began + (limits.total if left is None else left)
    seen = _Progress.of(spec)
    while True:
        healthy_now = healthy(spec.api_url)
        current, now = _Progress.of(spec), time.monotonic()
        if current is None:
            return ENDED
        if healthy_now:
            return ""
        if current != seen:
            seen, moved = current, now
        if now > end:
            return f"it gave no answer within {now - began:.0f} s; {current}"
        if now - moved > limits.idle:
            return f"it made no progress for {limits.idle:.0f} s, after {now - began:.0f} s; {current}"
        if now - noticed > limits.notice:
            noticed = now
            say(f"the Prefect server is starting since {now - began:.0f} s; {current}")
        time.sleep(POLL_SECONDS)


@dataclass(frozen=True, slots=True)
class _Progress:
    """How far a server has come that does not answer yet: bytes of its log and database, seconds of the processor."""

    log: int
    database: int
    processor: float

    @staticmethod
    def of(spec: ServerSpec) -> _Progress | None:
        """None when its process does not run."""
        if not status(spec).running:
            return None
        process = spec.file.process()
        try:
            times = [member.cpu_times() for member in (process, *process.children(recursive=True))] if process else []
        except psutil.Error:
            times = []
        used = sum(spent.user + spent.system for spent in times)
        return _Progress(
            _size(spec.log), sum(_size(path) for path in spec.directory.glob(f"{DATABASE}*")), round(used, 1)
        )

    def __str__(self) -> str:
        return (
            f"its log has {self.log / 1000:.0f} kB, its database {self.database / 1000:.0f} kB, and it used "
            f"{self.processor:.0f} s of the processor"
        )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _launch(spec: ServerSpec, interpreter: Interpreter | None) -> None:
    make_folder(spec.directory)
    for path in spec.directory.glob(f"{DATABASE}*"):
        path.chmod(0o600)
    database = (spec.directory / DATABASE).resolve()
    environment = own_environment(
        {
            "PREFECT_HOME": str(spec.directory.resolve()),
            "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{database}",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
            "PREFECT_UI_API_URL": spec.api_url,
            "PREFECT_API_URL": spec.api_url,
            "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": ",".join(spec.origins),
            "DO_NOT_TRACK": "1",
        }
    )
    start_detached(
        "prefect_pulumi.local.serve",
        ["--host", spec.host, "--port", str(spec.port)],
        file=spec.file,
        log=spec.log,
        env=environment,
        cwd=spec.directory,
        facts={"host": spec.host, "port": spec.port},
        interpreter=interpreter,
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
