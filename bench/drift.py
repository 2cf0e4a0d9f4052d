"""Measures `infra drift` on 1,000 objects: seconds, HTTP calls, memory; writes docs/drift-cost.md.

Starts its own server.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from bench.fixtures import INFRA, Proxy, objects, project
from prefect_pulumi.api.blocking import BlockingClient
from prefect_pulumi.local.server import ServerSpec, start, stop
from prefect_pulumi.testing.ports import free_port
from tests.support.projects import REPOSITORY as ROOT

RUNS = (
    ("nothing changed", "text"),
    ("1 in 10 changed live", "text"),
    ("1 in 10 changed live", "json"),
    ("1 in 10 changed live", "markdown"),
    ("1 in 10 changed live", "html"),
)
OBJECTS = objects()
TRIES = 3
EXPECTED = {"nothing changed": 0, "1 in 10 changed live": 3}


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
            "# Cost of a drift report",
            "",
            f"{OBJECTS} objects on a self-hosted server (10 % pools, 20 % queues, 30 % variables, 20 % secret blocks,",
            "20 % limits), read through a proxy on loopback. Seconds are wall and processor time of the whole command,",
            "including its start and the run of the program, the best of three. Measured by `python -m bench.drift` on",
            f"a machine with {os.cpu_count()} processors and a load of {os.getloadavg()[1]:.0f}.",
            "",
            "| on the server | `infra drift --format` | wall s | processor s | calls | memory MB |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
        ]
    )
    (ROOT / "docs" / "drift-cost.md").write_text(text)
    sys.stdout.write(text)


def measure(folder: Path, proxy: Proxy) -> list[str]:
    env = project(folder, proxy.url, OBJECTS)
    env["PULUMI_CONFIG_PASSPHRASE"] = "bench"  # noqa: S105 - of a folder that is deleted at the end
    subprocess.run([*INFRA, "up", "--yes"], cwd=folder, env=env, check=True, capture_output=True)
    rows, before = [], ""
    for what, format in RUNS:
        if what != before and EXPECTED[what]:
            _change(proxy.url)
        before = what
        out = folder / "report"
        tries = []
        for _ in range(TRIES):
            proxy.forget()
            tries.append(timed([*INFRA, "drift", "--format", format, "--out", str(out)], folder, env))
            if tries[-1][3] != EXPECTED[what]:
                raise SystemExit(f"infra drift ended with {tries[-1][3]}: {out.read_text()[:2000]}")
        wall, processor, memory, _ = min(tries)
        calls = proxy.calls.total()
        rows.append(f"| {what} | {format} | {wall:.1f} | {processor:.1f} | {calls} | {memory:.0f} |")
    return rows


def timed(command: list[str], cwd: Path, env: dict[str, str]) -> tuple[float, float, float, int]:
    """Wall seconds, processor seconds, peak resident megabytes, exit code."""
    began = time.perf_counter()
    process = psutil.Popen(command, cwd=cwd, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status)


def _change(url: str) -> None:
    """Every third variable, which is about one object in ten."""
    client = BlockingClient(url)
    for number in range(0, OBJECTS * 3 // 10, 3):
        client.request("PATCH", f"/variables/name/variable_{number}", json={"value": "changed live"})
    client.close()


if __name__ == "__main__":
    main()
