"""Counts the HTTP calls of a refresh of 1,000 objects, through a proxy on loopback; writes docs/refresh-calls.md.

The mix: 10 % pools, 20 % queues, 30 % variables, 20 % secret blocks, 20 % limits. Starts its own server.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.fixtures import INFRA, Proxy, objects, project
from prefect_pulumi.local.server import ServerSpec, start, stop
from prefect_pulumi.testing.ports import free_port
from tests.support.projects import REPOSITORY as ROOT

OBJECTS = objects()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        server = ServerSpec(root / "server", port=free_port())
        start(server)
        proxy = Proxy(server.port)
        try:
            rows = measure(root / "project", proxy)
        finally:
            proxy.close()
            stop(server)
    text = "\n".join(
        [
            "# HTTP calls",
            "",
            f"{OBJECTS} objects on a self-hosted server (10 % pools, 20 % queues, 30 % variables, 20 % secret blocks,",
            "20 % limits), counted by a proxy on loopback. Measured by `python -m bench.refresh_calls`.",
            "",
            "| command | seconds | calls | which |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )
    (ROOT / "docs" / "refresh-calls.md").write_text(text)
    sys.stdout.write(text)


def measure(folder: Path, proxy: Proxy) -> list[str]:
    env = project(folder, proxy.url, OBJECTS)
    env["PULUMI_CONFIG_PASSPHRASE"] = "bench"  # noqa: S105 - of a folder that is deleted at the end
    rows = []
    for words in (["up", "--yes"], ["preview"], ["preview", "--refresh"], ["destroy", "--yes"]):
        proxy.forget()
        began = time.perf_counter()
        subprocess.run([*INFRA, *words, "-s", "dev"], cwd=folder, env=env, check=True, capture_output=True)
        seconds = time.perf_counter() - began
        calls = proxy.calls
        shown = ", ".join(f"{route} x {count}" for route, count in calls.most_common(6))
        rows.append(f"| `infra {' '.join(words)}` | {seconds:.1f} | {calls.total()} | {shown} |")
    return rows


if __name__ == "__main__":
    main()
