"""Process workers on this machine: `prefect worker start --type process` under a supervisor."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from prefect_pulumi.errors import LocalProcessError
from prefect_pulumi.local.processes import (
    ProcessFile,
    clean_environment,
    reap,
    start_detached,
    stop_tree,
    tail,
    wait_until,
)

QUERY_SECONDS = 2
"""How often a local worker asks for runs; Prefect's default of 10 s is made for far-away servers."""

STOP_SECONDS = 20.0
SETTLE_SECONDS = 1.0


@dataclass(frozen=True)
class WorkerSpec:
    """One worker. `secret_env` (API key, auth string) goes into its environment only."""

    name: str
    work_pool: str
    directory: Path
    api_url: str
    prefect_home: Path
    working_directory: Path
    work_queues: tuple[str, ...] = ()
    limit: int | None = None
    secret_env: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def log(self) -> Path:
        return self.directory / "worker.log"

    @property
    def file(self) -> ProcessFile:
        return ProcessFile(self.directory / "worker.json")

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
        ]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()


@dataclass(frozen=True)
class WorkerStatus:
    running: bool
    pid: int | None


def status(spec: WorkerSpec) -> WorkerStatus:
    """Whether the supervisor of exactly this worker runs; costs a look at the process table."""
    ours = spec.file.read().get("fingerprint") == spec.fingerprint
    process = spec.file.process() if ours else None
    return WorkerStatus(process is not None, process.pid if process else None)


def start(spec: WorkerSpec) -> WorkerStatus:
    """Starts the worker under its supervisor unless it runs. One started for other settings is stopped first."""
    known = status(spec)
    if known.running:
        return known
    stop(spec)
    spec.prefect_home.mkdir(parents=True, exist_ok=True)
    environment = clean_environment(
        {
            "PREFECT_HOME": str(spec.prefect_home.resolve()),
            "PREFECT_API_URL": spec.api_url,
            "PREFECT_WORKER_QUERY_SECONDS": str(QUERY_SECONDS),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
            **spec.secret_env,
        }
    )
    command = [sys.executable, "-m", "prefect_pulumi.local.supervise", *spec.command]
    start_detached(
        command,
        file=spec.file,
        log=spec.log,
        env=environment,
        cwd=spec.working_directory,
        facts={"fingerprint": spec.fingerprint},
    )
    if wait_until(lambda: not status(spec).running, seconds=SETTLE_SECONDS):
        raise LocalProcessError(f"worker {spec.name} ended at once; its log ends with:\n{tail(spec.log)}")
    return status(spec)


def stop(spec: WorkerSpec) -> None:
    """Stops supervisor, worker and the flow runs under it; nothing happens when none runs."""
    process = spec.file.process()
    if process is not None:
        stop_tree(process, grace=STOP_SECONDS)
    else:
        pid = spec.file.read().get("pid")
        if isinstance(pid, int):
            reap(pid)
    spec.file.remove()
