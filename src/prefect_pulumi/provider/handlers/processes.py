"""What runs on this machine: a Prefect server and process workers, through `local`."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from typing_extensions import override

from prefect_pulumi.api.worker_waits import drain, heartbeats, mark_lost_runs, wait_online, warn_version_skew
from prefect_pulumi.api.workers import facts, set_paused
from prefect_pulumi.core.errors import ConfigError, LocalProcessError, ServerUnavailableError
from prefect_pulumi.core.provider_protocol import DiffKind, DiffResult, Props, ProviderHost, ReadResult
from prefect_pulumi.core.values import UNKNOWN, has_unknown, unwrap
from prefect_pulumi.local import server, worker
from prefect_pulumi.local.processes import tail
from prefect_pulumi.models import LocalServer, ProcessWorker
from prefect_pulumi.project import layout
from prefect_pulumi.provider.connection import Connection
from prefect_pulumi.provider.handlers.base import Call, HostHandler
from prefect_pulumi.provider.handlers.diff import diff

RUNNING = "running"


class LocalServerHandler(HostHandler):
    """A local Prefect server. Its id is its folder; a start takes over what runs already."""

    def __init__(self, root: Path, host: ProviderHost) -> None:
        super().__init__(LocalServer, host)
        self.root = root

    def spec(self, props: Props) -> server.ServerSpec:
        plain = self.plain(props)
        return server.ServerSpec(self.root / plain["directory"], plain["host"], plain["port"])

    @override
    def diff(self, call: Call) -> DiffResult:
        stopped = not server.status(self.spec({**call.inputs, **_inputs_of(call.outputs)})).running
        return diff(self.model, call, _stopped(stopped))

    @override
    def preview(self, call: Call) -> dict[str, Any]:
        """The addresses follow from the inputs, so a first preview can already plan what the server will hold.

        Another program on that port is refused here: whoever asks it about pools and blocks may wait for long.
        """
        if has_unknown(dict(call.news)):
            return {"apiUrl": UNKNOWN, "uiUrl": UNKNOWN, **call.news, "status": RUNNING}
        spec = self.spec(call.news)
        server.need_port(spec)
        return {**call.news, **addresses(spec), "status": RUNNING}

    @override
    def create(self, call: Call) -> tuple[str, dict[str, Any]]:
        spec = self.spec(call.news)
        status = server.start(spec, self.log(call))
        return str(unwrap(call.news["directory"])), {
            **call.news,
            "apiUrl": status.api_url,
            "uiUrl": status.ui_url,
            "status": RUNNING,
        }

    @override
    def update(self, call: Call) -> dict[str, Any]:
        server.stop(self.spec({**call.inputs, **_inputs_of(call.outputs)}))
        return self.create(call)[1]

    @override
    def read(self, call: Call) -> ReadResult:
        status = server.status(self.spec({**call.inputs, **_inputs_of(call.outputs)}))
        if not status.running:
            return ReadResult("", {}, {})
        return ReadResult(
            call.id, dict(call.inputs), {**call.outputs, "apiUrl": status.api_url, "uiUrl": status.ui_url}
        )

    @override
    def delete(self, call: Call) -> None:
        server.stop(self.spec({**call.inputs, **_inputs_of(call.outputs)}))


class ProcessWorkerHandler(HostHandler):
    """A worker of type process. Its id is its name; a start takes over what runs already."""

    def __init__(self, root: Path, connection: Connection, host: ProviderHost) -> None:
        super().__init__(ProcessWorker, host)
        self.root = root
        self.connection = connection
        self._one_at_a_time = threading.Lock()

    def spec(self, props: Props, api_url: str) -> worker.WorkerSpec:
        plain = self.plain(props)
        return worker.WorkerSpec(
            name=plain["name"],
            work_pool=plain["workPool"],
            directory=self.root / plain["directory"],
            api_url=api_url,
            prefect_home=layout.prefect_home(self.root),
            working_directory=self.root,
            work_queues=tuple(plain["workQueues"]),
            limit=plain["limit"],
            restart_on=plain["restartOn"],
            connection_env=self.connection.settings.environment(),
            secret_env=self.connection.settings.secret_environment(),
            env=plain["env"],
        )

    def known(self, call: Call) -> worker.WorkerSpec:
        merged = {**call.inputs, **_inputs_of(call.outputs)}
        return self.spec(merged, str(unwrap(call.outputs.get("apiUrl")) or self.connection.api_url))

    @override
    def diff(self, call: Call) -> DiffResult:
        extra = _stopped(not worker.status(self.known(call)).running)
        if self.connection.known and unwrap(call.outputs.get("apiUrl")) != self.connection.api_url:
            extra["apiUrl"] = DiffKind.UPDATE
        return diff(self.model, call, extra)

    @override
    def preview(self, call: Call) -> dict[str, Any]:
        return {**call.news, "apiUrl": self.connection.api_url or UNKNOWN, "status": RUNNING}

    @override
    def create(self, call: Call) -> tuple[str, dict[str, Any]]:
        url = self.connection.need()
        spec = self.spec(call.news, url)
        if not worker.status(spec).running:
            self.start(spec, self.plain(call.news)["onlineSeconds"])
        client, cloud = self.connection.client(), self.connection.cloud
        worker_facts = facts(client, spec.work_pool, [spec.name], cloud=cloud)
        # Its event may still be on its way; what it runs is what is installed here.
        worker_facts[spec.name]["version"] = worker.prefect_version()
        warn_version_skew(worker_facts, lambda message: self.host.log("warning", message, call.urn))
        return spec.name, {**call.news, "apiUrl": url, "status": RUNNING, "facts": worker_facts}

    @override
    def update(self, call: Call) -> dict[str, Any]:
        known = self.known(call)
        if known.fingerprint == self.spec(call.news, self.connection.need()).fingerprint:
            return self.create(call)[1]
        # One worker of a pool at a time: a pause that one ends would take hold of runs for another.
        with self._one_at_a_time:
            self.stop(known, call)
            return self.create(call)[1]

    def start(self, spec: worker.WorkerSpec, seconds: float) -> None:
        """Starts it and waits until the server has heard from it; one that dies in the meantime is stopped."""
        client = self.connection.client()
        before = heartbeats(client, spec.work_pool, [spec.name])
        worker.start(spec)

        def dead() -> str:
            known = worker.status(spec)
            again = known.starts > 1
            return f"it ends at once; its log ends with:\n{tail(spec.log)}" if again or not known.running else ""

        try:
            wait_online(client, spec.work_pool, [spec.name], seconds, before, dead)
        except LocalProcessError as error:
            worker.stop(spec)
            logged = "" if "its log ends with" in error.message else f"; its log ends with:\n{tail(spec.log)}"
            raise LocalProcessError(f"{error.message}{logged}", remedy=error.remedy) from None

    def stop(self, spec: worker.WorkerSpec, call: Call) -> None:
        """Lets its flow runs end first, where the server can be asked."""
        if not worker.running(spec) and not spec.drained.exists():
            worker.stop(spec)
            return
        values = self.plain({**call.inputs, **_inputs_of(call.outputs)})
        try:
            client = self.connection.client()
            if worker.running(spec):
                spec.drained.touch()
                drain(client, spec.work_pool, values["drainSeconds"], self.log(call), [spec.name])
            worker.stop(spec)
            mark_lost_runs(client, spec.work_pool, [spec.name])
            set_paused(client, spec.work_pool, values["poolPaused"])
        except (ServerUnavailableError, ConfigError):
            worker.stop(spec)
        spec.drained.unlink(missing_ok=True)

    @override
    def read(self, call: Call) -> ReadResult:
        if not worker.status(self.known(call)).running:
            return ReadResult("", {}, {})
        return ReadResult(call.id, dict(call.inputs), dict(call.outputs))

    @override
    def delete(self, call: Call) -> None:
        with self._one_at_a_time:
            self.stop(self.known(call), call)


def addresses(spec: server.ServerSpec) -> dict[str, str]:
    return {"apiUrl": spec.api_url, "uiUrl": spec.ui_url}


def _stopped(stopped: bool) -> dict[str, DiffKind]:
    return {"status": DiffKind.UPDATE} if stopped else {}


def _inputs_of(outputs: Props) -> dict[str, Any]:
    return {name: value for name, value in outputs.items() if name not in ("apiUrl", "uiUrl", "status", "facts")}
