"""What the measurements share: a project of the workload and a proxy that counts calls."""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from pathlib import Path

from bench.workload import PROGRAM
from tests.support.recorder import Recorder

INFRA = [sys.executable, "-m", "prefect_pulumi.cli.main"]
NAMES = re.compile(r"/(?:[0-9a-f-]{36}|(?:pool|secret|variable|limit)[-_]\d+|q\d+)(?=/|$|\?)")


def objects(usual: int = 1000) -> int:
    """How many the command line asks for."""
    return int(sys.argv[1]) if sys.argv[1:2] and sys.argv[1].isdigit() else usual


def project(folder: Path, api_url: str, size: int) -> dict[str, str]:
    """Writes a project that declares `size` objects; the environment for its commands, without a passphrase."""
    (folder / "infra").mkdir(parents=True)
    (folder / "infra" / "__main__.py").write_text(PROGRAM.format(size=size))
    (folder / "Pulumi.yaml").write_text(
        "name: bench\nruntime: python\nmain: infra\nplugins:\n  providers:\n  - {name: prefect, path: .venv/bin}\n"
    )
    (folder / "Pulumi.dev.yaml").write_text(f"config:\n  prefect:apiUrl: {api_url}\n")
    return {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}


class Proxy:
    """Hands every request on to the server at `port`, and counts."""

    def __init__(self, port: int) -> None:
        self._recorder = Recorder(f"http://127.0.0.1:{port}/api").__enter__()
        self.url = self._recorder.url

    @property
    def calls(self) -> Counter[str]:
        """Since the last `forget`, by method and route, ids and names left out."""
        return Counter(f"{method} {NAMES.sub('/{}', path)}" for method, path in self._recorder.seen)

    def forget(self) -> None:
        self._recorder.seen.clear()

    def close(self) -> None:
        self._recorder.__exit__(None, None, None)
