"""A stack's work pools and their workers, as the server knows them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from prefect_pulumi.api.cloud import server_version, worker_metadata
from prefect_pulumi.api.protocol import ApiClient
from prefect_pulumi.api.workers import find_pool, versions, workers
from prefect_pulumi.app.session.connection import Connection
from prefect_pulumi.app.session.view import StackView
from prefect_pulumi.core.values import unwrap
from prefect_pulumi.state.entries import ResourceEntry

MISSING = "MISSING"


@dataclass(frozen=True)
class Worker:
    """`declared`: by this stack. `status`: ONLINE, OFFLINE, or MISSING when the server has never heard of it.

    `last_heartbeat` is RFC 3339. `skew`: it runs another version of Prefect than the server.
    """

    name: str
    status: str
    declared: bool
    last_heartbeat: str | None = None
    version: str | None = None
    skew: bool = False
    stale_template: bool = False

    @property
    def online(self) -> bool:
        return self.status == "ONLINE"


@dataclass(frozen=True)
class Pool:
    """`template` says why the pool's base job template is an old one, or "" when it is not."""

    name: str
    type: str
    status: str
    paused: bool
    template: str = ""
    workers: list[Worker] = field(default_factory=list)


@dataclass(frozen=True)
class WorkerReport:
    stack: str
    api_url: str
    version: str
    pools: list[Pool]

    def warnings(self) -> list[str]:
        warnings = []
        for pool in self.pools:
            if pool.template:
                warnings.append(f"work pool {pool.name}: {pool.template}")
            for worker in pool.workers:
                where = f"worker {worker.name} of work pool {pool.name}"
                if worker.skew:
                    warnings.append(f"{where} runs Prefect {worker.version}, the server {self.version}")
                if worker.stale_template:
                    warnings.append(
                        f"{where} started before the pool's base job template changed: infra up restarts it"
                    )
                if worker.declared and worker.status != "ONLINE":
                    warnings.append(f"{where} is {worker.status.lower()}: infra up heals it")
        return warnings


def stack_workers(view: StackView) -> WorkerReport:
    """Reads only. Raises `ServerUnavailableError` when the server does not answer."""
    client = view.client()
    try:
        return worker_report(client, view.name, view.connection, view.entries)
    finally:
        client.close()


def worker_report(
    client: ApiClient, stack: str, connection: Connection, entries: Iterable[ResourceEntry]
) -> WorkerReport:
    """`entries`: the stack's state. Routes: those of `api.workers`, version and templates."""
    entries = list(entries)
    version = server_version(client, cloud=connection.cloud)
    metadata = worker_metadata(client, cloud=connection.cloud)
    own = {
        kind: worker_type["default_base_job_configuration"]
        for types in metadata.values()
        for kind, worker_type in types.items()
    }
    declared, marks = _declared(entries)
    pods = _pods(entries)
    names = [str(unwrap(entry.inputs)["name"]) for entry in entries if entry.type == "prefect:index:WorkPool"]
    pools = []
    for name in sorted({*names, *declared}):
        row = find_pool(client, name)
        if not row:
            pools.append(Pool(name, "", MISSING, False))
            continue
        known = versions(client, name)
        # A pod that is gone never comes back under its name.
        rows = {
            worker: row
            for worker, row in workers(client, name).items()
            if row["status"] == "ONLINE" or not worker.startswith(pods)
        }
        template = row.get("base_job_template") or {}
        pools.append(
            Pool(
                name,
                row["type"],
                str(row.get("status") or ""),
                bool(row["is_paused"]),
                _outdated(template, own.get(row["type"], {})),
                [
                    Worker(
                        worker,
                        rows.get(worker, {}).get("status", MISSING),
                        worker in declared.get(name, []) or worker.startswith(pods),
                        rows.get(worker, {}).get("last_heartbeat_time"),
                        known.get(worker),
                        version != "" and worker in known and known[worker] != version,
                        worker in marks and marks[worker] != _fingerprint(template),
                    )
                    for worker in sorted({*rows, *declared.get(name, [])})
                ],
            )
        )
    return WorkerReport(stack, connection.api_url, version, pools)


def _declared(entries: Iterable[ResourceEntry]) -> tuple[dict[str, list[str]], dict[str, str]]:
    """Pool -> its workers, and worker -> mark of the template that it was started with, from the state."""
    declared: dict[str, list[str]] = {}
    marks: dict[str, str] = {}
    for entry in entries:
        values = unwrap(entry.inputs)
        if entry.type == "prefect:index:ProcessWorker":
            declared.setdefault(values["workPool"], []).append(values["name"])
            mark = (values.get("restartOn") or {}).get("baseJobTemplate")
            if mark:
                marks[values["name"]] = mark
        elif entry.type == "prefect:index:WorkerOnline":
            declared.setdefault(values["workPool"], []).extend(values["workers"])
    return declared, marks


def _pods(entries: Iterable[ResourceEntry]) -> tuple[str, ...]:
    """What the names of this stack's workers in a cluster begin with: they are those of their deployment's pods."""
    found = [unwrap(entry.inputs) for entry in entries if entry.type == "kubernetes:apps/v1:Deployment"]
    return tuple(f"{values['metadata']['name']}-" for values in found)


def _fingerprint(template: Any) -> str:
    """As `components.pool.fingerprint`."""
    return hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()[:16]


def _outdated(template: dict[str, Any], own: dict[str, Any]) -> str:
    """A template that lacks variables of its type's own was written by a worker of an earlier version."""
    have = set((template.get("variables") or {}).get("properties") or {})
    lacks = sorted(set((own.get("variables") or {}).get("properties") or {}) - have)
    if not template or not lacks:
        return ""
    return f"the base job template lacks {', '.join(lacks)}, which the server's own for this type has"


COLUMNS = ("pool", "type", "worker", "status", "last heartbeat", "Prefect")


def worker_rows(report: WorkerReport, now: datetime) -> list[tuple[str, ...]]:
    """A row for each worker, and for each pool without one, under `COLUMNS`."""
    rows: list[tuple[str, ...]] = []
    for pool in report.pools:
        state = "paused" if pool.paused else pool.status.lower().replace("_", " ")
        if not pool.workers:
            rows.append((pool.name, pool.type, "-", state, "-", "-"))
        for worker in pool.workers:
            status = worker.status.lower() + (" (paused)" if pool.paused else "")
            name = worker.name if worker.declared else f"{worker.name} (not of this stack)"
            version = (worker.version or "?") + (" (skew)" if worker.skew else "")
            rows.append((pool.name, pool.type, name, status, _age(worker.last_heartbeat, now), version))
    return rows


def _age(stamp: str | None, now: datetime) -> str:
    if stamp is None:
        return "never"
    seconds = max(0, round((now - datetime.fromisoformat(stamp)).total_seconds()))
    return f"{seconds} s ago" if seconds < 120 else f"{seconds // 60} min ago"
