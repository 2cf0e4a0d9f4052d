"""Prefect servers: scratch ones on SQLite, and one with basic auth on a PostgreSQL of its own."""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from prefect_pulumi.interpreter.interpreters import WarmInterpreter
from prefect_pulumi.local.database_template import DatabaseTemplate
from prefect_pulumi.local.processes import own_environment, stop_tree
from prefect_pulumi.local.server import SERVER_MODULES, ServerSpec, start, stop
from prefect_pulumi.testing.ports import free_port
from tests.support.wait import until


@contextmanager
def scratch_server(directory: Path) -> Iterator[ServerSpec]:
    """A running server with its files in `directory`."""
    filled_template()
    with _server(directory) as spec:
        yield spec


@contextmanager
def _server(directory: Path) -> Iterator[ServerSpec]:
    spec = ServerSpec(directory, port=free_port())
    start(spec, interpreter=WarmInterpreter(SERVER_MODULES, own_environment({})))
    try:
        yield spec
    finally:
        stop(spec)


def filled_template() -> DatabaseTemplate:
    """The template of the tests' cache. The first process that wants it makes it, and the others wait."""
    template = DatabaseTemplate.of_user()
    template.folder.mkdir(parents=True, exist_ok=True)
    with (template.folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not template.exists():
            with tempfile.TemporaryDirectory() as directory, _server(Path(directory)):
                """Its start leaves the database there."""
    assert template.exists()
    return template


AUTH = "admin:not-a-real-password"


PROGRAMS = ("initdb", "postgres", "pg_isready", "createdb", "psql")


def binaries() -> Path | None:
    """Folder of PostgreSQL's programs: where Debian puts them, or from PATH."""
    found = shutil.which("initdb")
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    folders += [Path(found).resolve().parent] if found else []
    return next((folder for folder in folders if all((folder / name).is_file() for name in PROGRAMS)), None)


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """Connection URL of a PostgreSQL that listens on a socket in a folder of its own; skips where there is none."""
    programs = binaries()
    if programs is None:
        pytest.skip("no PostgreSQL: apt-get install postgresql")
    identity: dict[str, Any] = {}
    if os.geteuid() == 0:  # the server refuses to run as root
        try:
            account = pwd.getpwnam("postgres")
        except KeyError:
            pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
        identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        os.chown(folder, account.pw_uid, account.pw_gid)
        # Of the folders above, pytest lets only their owner in.
        target = Path("/tmp") / f"prefect-pulumi-pg-{os.getpid()}"
        shutil.move(folder, target)
        folder = target
    data, port = folder / "data", free_port()
    initdb = [programs / "initdb", "-D", data, "-U", "prefect", "--auth=trust", "--no-sync", "-E", "UTF8"]
    subprocess.run(initdb, check=True, capture_output=True, cwd=folder, **identity)
    options = ["-D", data, "-p", str(port), "-c", "listen_addresses=127.0.0.1", "-k", folder, "-c", "fsync=off"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([programs / "postgres", *options], stdout=log, stderr=log, cwd=folder, **identity)
    try:
        ready = [str(programs / "pg_isready"), "-h", "127.0.0.1", "-p", str(port), "-q"]
        until(lambda: subprocess.run(ready, check=False).returncode == 0)
        create = [programs / "createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "prefect", "prefect"]
        subprocess.run(create, check=True)
        yield f"postgresql+asyncpg://prefect@127.0.0.1:{port}/prefect"
    finally:
        process.terminate()
        process.wait(timeout=60)
        shutil.rmtree(folder, ignore_errors=True)


def database(url: str, name: str) -> str:
    """Makes another database there; returns its address as the official CLI takes it for a backend."""
    programs = binaries()
    assert programs is not None
    port = url.rsplit(":", 1)[1].split("/")[0]
    create = [programs / "createdb", "-h", "127.0.0.1", "-p", port, "-U", "prefect", name]
    subprocess.run(create, check=True)
    return f"postgres://prefect@127.0.0.1:{port}/{name}?sslmode=disable"


@contextmanager
def prefect_on(database: str, folder: Path, settings: Mapping[str, str] | None = None) -> Iterator[str]:
    """API address of a Prefect server on that database, with basic auth. `settings`: more variables of it."""
    port = free_port()
    environment = {
        **os.environ,
        "PREFECT_HOME": str(folder / "prefect"),
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": database,
        "PREFECT_SERVER_API_AUTH_STRING": AUTH,
        "PREFECT_API_AUTH_STRING": AUTH,
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        **(settings or {}),
    }
    with (folder / "server.log").open("wb") as log:
        command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
        process = psutil.Popen(command, env=environment, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}/api"

    def healthy() -> bool:
        assert process.poll() is None, (folder / "server.log").read_text()[-2000:]
        try:
            return httpx.get(f"{url}/health", auth=("admin", AUTH.split(":")[1]), timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    try:
        until(healthy)
        yield url
    finally:
        stop_tree(process)
        process.wait()
