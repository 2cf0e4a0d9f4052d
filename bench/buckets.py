"""Measures `infra up` of 1,000 objects with its state in files and in a bucket; writes docs/bucket-speed.md.

The bucket is moto's server of S3's protocol, which waits 20 ms before each answer. Starts its own Prefect server.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.fixtures import INFRA, objects, project
from prefect_pulumi.local.server import ServerSpec, start, stop
from prefect_pulumi.testing.ports import free_port
from tests.support.buckets import s3_service
from tests.support.projects import REPOSITORY as ROOT

OBJECTS = objects()
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "3"))
DELAY = 0.02


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, s3_service(delay=DELAY) as service:
        root = Path(folder)
        server = ServerSpec(root / "server", port=free_port())
        start(server)
        service.bucket("bench")
        env = project(root / "project", server.api_url, OBJECTS)
        env.update({**service.environment, "PULUMI_CONFIG_PASSPHRASE": "bench"})
        seconds: dict[str, list[float]] = {"files": [], "bucket": []}
        try:
            for number in range(ROUNDS):
                for name, taken in seconds.items():
                    url = service.url(f"bench/{number}") if name == "bucket" else f"file://{root}/state-{number}"
                    Path(root / f"state-{number}").mkdir(exist_ok=True)
                    taken.append(measure(root / "project", {**env, "PULUMI_BACKEND_URL": url}))
        finally:
            stop(server)
    medians = {name: statistics.median(taken) for name, taken in seconds.items()}
    text = "\n".join(
        [
            "# State in a bucket",
            "",
            f"`infra up` of {OBJECTS} new objects. Each call of the bucket takes {DELAY * 1000:.0f} ms longer than",
            "moto's server needs itself. Measured by `python -m bench.buckets`, all on one machine.",
            "",
            "| state in | median s | rounds |",
            "|---|---|---|",
            *(f"| {name} | {medians[name]:.1f} | {', '.join(f'{s:.1f}' for s in seconds[name])} |" for name in seconds),
            "",
            f"Ratio: {medians['bucket'] / medians['files']:.2f}.",
            "",
        ]
    )
    (ROOT / "docs" / "bucket-speed.md").write_text(text)
    sys.stdout.write(text)


def measure(folder: Path, env: dict[str, str]) -> float:
    """Wall seconds of `up`; the objects are deleted after it."""
    began = time.perf_counter()
    subprocess.run([*INFRA, "up", "--yes", "-s", "dev"], cwd=folder, env=env, check=True, capture_output=True)
    seconds = time.perf_counter() - began
    subprocess.run([*INFRA, "destroy", "--yes", "-s", "dev"], cwd=folder, env=env, check=True, capture_output=True)
    return seconds


if __name__ == "__main__":
    main()
