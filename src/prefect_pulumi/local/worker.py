"""Process workers on this machine: `prefect worker start --type process` under a supervisor."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
from packaging.version import Version

from prefect_pulumi.core.errors import LocalProcessError
from prefect_pulumi.core.folders import make_folder
from prefect_pulumi.local.processes import (
    ProcessFile,
    own_environment,
    reap,
    start_detached,
    stop_tree,
    tail,
    wait_until,
)

QUERY_SECONDS = 2
"""How often a local worker asks for runs; Prefect's default of 10 s is made for far-away servers."""

HEARTBEAT_SECONDS = 10
"""How often it reports to the server, which counts it as offline after three silent intervals."""

OLDEST_PREFECT = "3.6.29"
"""The first whose worker can be told to create no pool (`--no-create-pool-if-not-found`)."""

STOP_SECONDS = 20.0
SETTLE_SECONDS = 1.0


@dataclass(frozen=True)
class WorkerSpec:
    """One worker. `connection_env` (TLS, time limits) and `secret_env` (API key, auth string, headers) go into its
    environment only, `env` is what the user adds."""

    name: str
    work_pool: str
    directory: Path
    api_url: str
    prefect_home: Path
    working_directory: Path
    work_queues: tuple[str, ...] = ()
    limit: int | None = None
    restart_on: Mapping[str, Any] = field(default_factory=dict)
    connection_env: Mapping[str, str] = field(default_factory=dict, repr=False)
    secret_env: Mapping[str, str] = field(default_factory=dict, repr=False)
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def log(self) -> Path:
        return self.directory / "worker.log"

    @property
    def file(self) -> ProcessFile:
        """Of the supervisor."""
        return ProcessFile(self.directory / "worker.json")

    @property
    def child_file(self) -> ProcessFile:
        """Of the worker under it; `starts` counts how often it was started."""
        return ProcessFile(self.directory / "worker-child.json")

    @property
    def drained(self) -> Path:
        """Is there while the pool is paused for the sake of this worker's restart."""
        return self.directory / "drained"

    @property
    def command(self) -> list[str]:
        """The worker's own command, without secrets."""
        arguments = ["--pool", self.work_pool, "--type", "process", "--name", self.name]
        for queue in self.work_queues:
            arguments += ["--work-queue", queue]
        if self.limit is not None:
            arguments += ["--limit", str(self.limit)]
        start = ["worker", "start", "--no-create-pool-if-not-found", "--install-policy", "never"]
        return [sys.executable, "-m", "prefect", "--no-prompt", *start, *arguments]

    @property
    def fingerprint(self) -> str:
        """Tells a worker that was started for other settings."""
        # Without the interpreter: it has several names in one virtual environment.
        facts = [
            self.command[1:],
            self.api_url,
            str(self.working_directory.resolve()),
            str(self.prefect_home.resolve()),
            prefect_version(),
            dict(self.restart_on),
            *([dict(self.env)] if self.env else []),
        ]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


@cache
def prefect_version() -> str:
    """Of the installed Prefect, which a worker that is started now would run."""
    return version("prefect")


def need_prefect(installed: str) -> None:
    """Raises `LocalProcessError` for one whose worker would create a pool that it does not find."""
    if Version(installed) < Version(OLDEST_PREFECT):
        raise LocalProcessError(
            f"the worker of Prefect {installed} creates the pools that it does not find",
            remedy=f"pip install 'prefect>={OLDEST_PREFECT}'",
        )


@dataclass(frozen=True)
class WorkerStatus:
    """`pid` is the supervisor's. `starts`: how often the worker under it was started, 0 when that is not known."""

    running: bool
    pid: int | None
    starts: int = 0


def status(spec: WorkerSpec) -> WorkerStatus:
    """Whether the supervisor of exactly this worker runs; costs a look at the process table."""
    ours = spec.file.read().get("fingerprint") == spec.fingerprint
    process = spec.file.process() if ours else None
    if process is None:
        return WorkerStatus(False, None)
    starts = spec.child_file.read().get("starts")
    return WorkerStatus(True, process.pid, starts if isinstance(starts, int) else 0)


def start(spec: WorkerSpec) -> WorkerStatus:
    """Starts the worker under its supervisor unless it runs. One started for other settings is stopped first."""
    known = status(spec)
    if known.running:
        return known
    need_prefect(prefect_version())
    stop(spec)
    make_folder(spec.prefect_home)
    environment = own_environment(
        {
            "PREFECT_HOME": str(spec.prefect_home.resolve()),
            "PREFECT_API_URL": spec.api_url,
            "PREFECT_WORKER_QUERY_SECONDS": str(QUERY_SECONDS),
            "PREFECT_WORKER_HEARTBEAT_SECONDS": str(HEARTBEAT_SECONDS),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
            **spec.connection_env,
            **spec.env,
            **spec.secret_env,
        }
    )
    child = str(spec.child_file.path.resolve())
    start_detached(
        "prefect_pulumi.local.supervise",
        [child, *spec.command],
        file=spec.file,
        log=spec.log,
        env=environment,
        cwd=spec.working_directory,
        facts={"fingerprint": spec.fingerprint, "prefect": prefect_version()},
    )
    if wait_until(lambda: not status(spec).running, seconds=SETTLE_SECONDS):
        raise LocalProcessError(f"worker {spec.name} ended at once; its log ends with:\n{tail(spec.log)}")
    return status(spec)


def running(spec: WorkerSpec) -> bool:
    """Whether anything of this worker runs: its supervisor, or a worker whose supervisor was killed."""
    return spec.file.process() is not None or spec.child_file.process() is not None


def stop(spec: WorkerSpec) -> None:
    """Stops supervisor, worker and the flow runs under it; nothing happens when none runs."""
    supervisor, child = spec.file.process(), spec.child_file.process()
    if supervisor is not None:
        stop_tree(supervisor, grace=STOP_SECONDS)
    else:
        pid = spec.file.read().get("pid")
        if isinstance(pid, int):
            reap(pid)
    if child is not None and _alive(child):
        stop_tree(child, grace=STOP_SECONDS)
    spec.file.remove()
    spec.child_file.remove()


def _alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False
