"""Draining a pool before its workers are swapped, and waiting until the new ones have reached the server."""

from __future__ import annotations

import time
from typing import Any

from typing_extensions import override

from prefect_pulumi.api.worker_waits import (
    drain,
    heartbeats,
    mark_lost_runs,
    wait_online,
    wait_versions,
    warn_version_skew,
)
from prefect_pulumi.api.workers import facts, find_pool, offline, set_paused
from prefect_pulumi.core.errors import LocalProcessError
from prefect_pulumi.core.provider_protocol import Changes, DiffKind, DiffResult, ProviderHost, ReadResult
from prefect_pulumi.core.values import unwrap
from prefect_pulumi.local.containers import ContainerFacts, look
from prefect_pulumi.models import Kind, WorkerDrain, WorkerOnline
from prefect_pulumi.provider.connection import Connection
from prefect_pulumi.provider.handlers.base import Call, HostHandler
from prefect_pulumi.provider.handlers.diff import diff

LOOK_SECONDS = 5.0
"""How often the containers are looked at while their workers are waited for."""

VERSION_SECONDS = 10.0
"""A worker in a container says its version in an event, which the server has a little after the first heartbeat."""

ONLINE = "online"

GENERATIONS = "generations"
"""Output of a drain: present, if empty, wherever lost workers are replaced. A preview takes an absent one for unknown,
and with it the label of each container."""

DIES_WITH_ITS_WORKER = "process"
"""Type of the pools whose flow runs are processes of the worker itself; others continue without it."""


class _PoolHandler(HostHandler):
    """What both kinds share: the id is the pool's name."""

    def __init__(self, model: type[Kind], connection: Connection, host: ProviderHost) -> None:
        super().__init__(model, host)
        self.connection = connection

    def resume(self, values: dict[str, Any]) -> None:
        """Ends a drain: the workers that were there before it are gone by now."""
        client, pool = self.connection.client(), values["workPool"]
        row = find_pool(client, pool)
        if row.get("is_paused") and not values["paused"]:
            if row["type"] == DIES_WITH_ITS_WORKER:
                mark_lost_runs(client, pool, values["workers"])
            set_paused(client, pool, False)

    def drain(self, call: Call, values: dict[str, Any], seconds: float) -> None:
        drain(self.connection.client(), values["workPool"], seconds, self.log(call), values["workers"])


class WorkerDrainHandler(_PoolHandler):
    def __init__(self, connection: Connection, host: ProviderHost) -> None:
        super().__init__(WorkerDrain, connection, host)

    @override
    def diff(self, call: Call) -> DiffResult:
        found = {"lost": DiffKind.UPDATE} if self._lost(call) else {}
        if unwrap(call.news.get("replaceLost")) and call.outputs.get(GENERATIONS) is None:
            # Of a state of before: the containers' labels would be unknown in each preview.
            found[GENERATIONS] = DiffKind.UPDATE
        return diff(self.model, call, found)

    @override
    def preview(self, call: Call) -> dict[str, Any]:
        return self._next(call)

    @override
    def create(self, call: Call) -> tuple[str, dict[str, Any]]:
        """Nothing runs yet that would have to end."""
        return str(unwrap(call.news["workPool"])), self._next(call)

    @override
    def update(self, call: Call) -> dict[str, Any]:
        values = self.plain(call.news)
        if unwrap(call.outputs.get("revision")) != values["revision"]:
            self.drain(call, values, values["timeout"])
        lost = self._lost(call)
        if lost:
            client = self.connection.client()
            if find_pool(client, values["workPool"])["type"] == DIES_WITH_ITS_WORKER:
                mark_lost_runs(client, values["workPool"], lost)
        return self._next(call)

    @override
    def read(self, call: Call) -> ReadResult:
        """A container that runs proves nothing: its worker may be dead, or cut from the server."""
        values = self.plain({**call.inputs, **call.outputs})
        outputs = {name: value for name, value in call.outputs.items() if name != "lost"}
        if values.get("replaceLost"):
            lost = offline(self.connection.client(), values["workPool"], values["workers"])
            outputs |= {"lost": lost} if lost else {}
        return ReadResult(call.id, dict(call.inputs), outputs)

    def _lost(self, call: Call) -> list[str]:
        """Of the workers that are still declared."""
        if not unwrap(call.news.get("replaceLost")):
            return []
        declared = unwrap(call.news.get("workers"))
        return [name for name in unwrap(call.outputs.get("lost")) or () if name in declared]

    def _next(self, call: Call) -> dict[str, Any]:
        generations = dict(unwrap(call.outputs.get(GENERATIONS)) or {})
        for name in self._lost(call):
            generations[name] = int(generations.get(name, 0)) + 1
        replaced = generations or unwrap(call.news.get("replaceLost"))
        return {**call.news, GENERATIONS: generations} if replaced else dict(call.news)

    @override
    def delete(self, call: Call) -> None:
        self.resume(self.plain({**call.inputs, **call.outputs}))


class WorkerOnlineHandler(_PoolHandler):
    def __init__(self, connection: Connection, host: ProviderHost) -> None:
        super().__init__(WorkerOnline, connection, host)

    @override
    def diff(self, call: Call) -> DiffResult:
        return diff(self.model, call, {} if call.outputs.get("status") == ONLINE else {"status": DiffKind.UPDATE})

    @override
    def preview(self, call: Call) -> dict[str, Any]:
        return {**call.news, "status": ONLINE}

    @override
    def create(self, call: Call) -> tuple[str, dict[str, Any]]:
        values = self.plain(call.news)
        client, pool, names = self.connection.client(), values["workPool"], list(values["workers"])
        self.resume(values)
        containers, host = list(values["containers"]), values["dockerHost"]
        looked = time.monotonic()

        def dead() -> str:
            nonlocal looked
            if time.monotonic() - looked < LOOK_SECONDS:
                return ""
            looked = time.monotonic()
            return _text([container for container in look(containers, host) if container.exit_code is not None])

        try:
            wait_online(client, pool, names, values["timeout"], heartbeats(client, pool, names), dead)
        except LocalProcessError as error:
            if "ended with exit code" in error.message or not containers:
                raise
            raise LocalProcessError(f"{error.message}\n{_text(look(containers, host))}", remedy=error.remedy) from None
        if containers:
            wait_versions(client, pool, names, VERSION_SECONDS)
        worker_facts = facts(client, pool, names, cloud=self.connection.cloud)
        warn_version_skew(worker_facts, lambda message: self.host.log("warning", message, call.urn))
        return pool, {**call.news, "status": ONLINE, "facts": worker_facts}

    @override
    def update(self, call: Call) -> dict[str, Any]:
        restarted = diff(self.model, call, {}).changes is not Changes.NONE
        return self.create(call)[1] if restarted or call.outputs.get("status") != ONLINE else dict(call.outputs)

    @override
    def read(self, call: Call) -> ReadResult:
        """A worker that is offline, or that the server does not know, is drift."""
        values = self.plain({**call.inputs, **call.outputs})
        lost = offline(self.connection.client(), values["workPool"], values["workers"])
        status = f"offline: {', '.join(lost)}" if lost else ONLINE
        return ReadResult(call.id, dict(call.inputs), {**call.outputs, "status": status})

    @override
    def delete(self, call: Call) -> None:
        values = self.plain({**call.inputs, **call.outputs})
        self.drain(call, values, values["drainSeconds"])


def _text(facts: list[ContainerFacts]) -> str:
    return "\n".join(str(container) for container in facts)
