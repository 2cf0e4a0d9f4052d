"""Environments of other versions of Prefect: the newest patch of each minor, with the packages of its own time.

    python -m tests.support.prefect_versions [MINOR ...]

makes those of the given minors, or all; each is made once, in the user's cache (`PREFECT_VERSIONS` names another
folder).
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from prefect_pulumi.local.processes import stop_tree
from prefect_pulumi.testing.ports import free_port
from tests.support.wait import until

FOLDER = "PREFECT_VERSIONS"


@dataclass(frozen=True)
class PrefectVersion:
    """`before`: the day until which its packages are taken: a later one of them may not fit it. `pins`: requirements
    besides Prefect's own."""

    version: str
    before: str
    pins: tuple[str, ...] = ()

    @property
    def minor(self) -> str:
        return self.version.rpartition(".")[0]

    @property
    def folder(self) -> Path:
        return _folder() / self.version

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @contextmanager
    def server(self, folder: Path) -> Iterator[str]:
        """API address of a server of this version, with its files in `folder`."""
        port = free_port()
        url = f"http://127.0.0.1:{port}/api"
        command = [self.make().parent / "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]

        def healthy() -> bool:
            assert process.poll() is None, (folder / "server.log").read_text()[-2000:]
            try:
                return httpx.get(f"{url}/health", timeout=5).status_code == 200
            except httpx.HTTPError:
                return False

        with self._process(command, url, folder, "server") as process:
            until(healthy)
            yield url

    @contextmanager
    def worker(self, pool: str, api_url: str, folder: Path) -> Iterator[None]:
        """A process worker of this version, in `folder`."""
        command = [self.python.parent / "prefect", "worker", "start", "--pool", pool, "--type", "process"]
        with self._process([*command, "--install-policy", "never"], api_url, folder, "worker"):
            yield

    @contextmanager
    def _process(self, command: Sequence[str | Path], api_url: str, folder: Path, name: str) -> Iterator[psutil.Popen]:
        environment = {
            **os.environ,
            "PREFECT_HOME": str(folder / f"{name} home"),
            "PREFECT_API_URL": api_url,
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
        }
        with (folder / f"{name}.log").open("wb") as log:
            process = psutil.Popen(command, env=environment, cwd=folder, stdout=log, stderr=log)
        try:
            yield process
        finally:
            stop_tree(process)
            process.wait()

    def make(self) -> Path:
        """Its interpreter; installs what is missing."""
        with _lock(self.version):
            ready = self.folder / "-".join((".ready", self.before, *self.pins))
            if not ready.exists():
                subprocess.run([sys.executable, "-m", "venv", "--without-pip", "--clear", self.folder], check=True)
                subprocess.run(
                    [
                        *(sys.executable, "-m", "pip", "--python", self.python, "install", "--quiet", "--compile"),
                        *("--disable-pip-version-check", "--uploaded-prior-to", self.before),
                        *(f"prefect=={self.version}", *self.pins),
                    ],
                    check=True,
                )
                ready.touch()
        return self.python


VERSIONS = {
    row.minor: row
    for row in (
        PrefectVersion("3.0.11", "2024-11-01"),
        PrefectVersion("3.1.15", "2025-02-06"),
        PrefectVersion("3.2.15", "2025-04-04"),
        PrefectVersion("3.3.7", "2025-05-05"),
        PrefectVersion("3.4.25", "2025-10-30"),
        PrefectVersion("3.5.0", "2025-11-07"),
        PrefectVersion("3.6.29", "2026-05-08"),
        PrefectVersion("3.7.8", "2026-07-16"),
        PrefectVersion("3.8.8", "2026-10-13", ("sqlalchemy<2.1",)),
        PrefectVersion("3.9.1", "2026-11-06"),
    )
}
"""Minor -> its newest patch. Without a day 3.0 to 3.7 get packages that their servers do not start with; the scheduler
of 3.8 makes no runs under sqlalchemy 2.1, which was there on its day."""


def _folder() -> Path:
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get(FOLDER) or cache / "prefect-pulumi" / "prefect")


@contextmanager
def _lock(version: str) -> Iterator[None]:
    _folder().mkdir(parents=True, exist_ok=True)
    with (_folder() / f"{version}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def main() -> None:
    for minor in sys.argv[1:] or VERSIONS:
        print(VERSIONS[minor].version, VERSIONS[minor].make(), flush=True)


if __name__ == "__main__":
    main()
