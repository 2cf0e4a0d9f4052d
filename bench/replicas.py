"""Measures `infra up` of 1,000 objects on two Prefect servers that share a PostgreSQL behind nginx, by calls at a time.

Prints the table of docs/connection.md. Starts its own servers; each measurement has a database of its own.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from bench.fixtures import INFRA, objects, project
from tests.support.gateway import gateway
from tests.support.servers import AUTH, postgres, prefect_on

OBJECTS = objects()
CALLS = (2, 8, 16, 32)


def main() -> None:
    sys.stdout.write(f"| `--parallel` | s, {OBJECTS} objects |\n|---|---|\n")
    for calls in CALLS:
        with tempfile.TemporaryDirectory() as folder, ExitStack() as running:
            sys.stdout.write(f"| {calls} | {measure(Path(folder), running, calls):.1f} |\n")
            sys.stdout.flush()


def measure(root: Path, running: ExitStack, calls: int) -> float:
    """Wall seconds of `up` on empty servers, which stop with `running`."""
    folders = [root / name for name in ("postgres", "one", "two", "front")]
    for folder in folders:
        folder.mkdir()
    database = running.enter_context(postgres(folders[0]))
    servers = [running.enter_context(prefect_on(database, folder)) for folder in folders[1:3]]
    front = running.enter_context(gateway(servers, folders[3]))
    env = project(root / "project", front.url(), OBJECTS)
    env.update({"PULUMI_CONFIG_PASSPHRASE": "bench", "PREFECT_API_AUTH_STRING": AUTH})
    command = [*INFRA, "up", "--yes", "-s", "dev", "--parallel", str(calls)]
    began = time.perf_counter()
    subprocess.run(command, cwd=root / "project", env=env, check=True, capture_output=True)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
