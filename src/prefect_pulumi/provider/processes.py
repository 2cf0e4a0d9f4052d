"""What runs on this machine: a Prefect server and process workers, through `local`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from typing_extensions import override

from prefect_pulumi.lifecycle import DiffKind, DiffResult, Props, ReadResult
from prefect_pulumi.local import server, worker
from prefect_pulumi.models import Fault, LocalServer, ProcessWorker
from prefect_pulumi.provider.connection import Connection
from prefect_pulumi.provider.differ import diff
from prefect_pulumi.provider.handler import Call, Handler
from prefect_pulumi.values import UNKNOWN, has_unknown, unwrap

RUNNING = "running"


class LocalServerHandler(Handler):
    """A local Prefect server. Its id is its folder."""

    def __init__(self, root: Path) -> None:
        super().__init__(LocalServer)
        self.root = root

    @override
    def faults(self, values: Props) -> list[Fault]:
        return []

    @override
    def recover(self, call: Call) -> ReadResult | None:
        """A start is repeatable: it takes over what runs already."""
        return None

    def spec(self, props: Props) -> server.ServerSpec:
        plain = {spec.wire: spec.default for spec in self.model.inputs()} | unwrap(dict(props))
        return server.ServerSpec(self.root / plain["directory"], plain["host"], plain["port"])

    @override
    def diff(self, call: Call) -> DiffResult:
        stopped = not server.status(self.spec({**call.inputs, **_inputs_of(call.outputs)})).running
        return diff(self.model, call, _stopped(stopped))

    @override
    def preview(self, call: Call) -> dict[str, Any]:
        """The addresses follow from the inputs, so a first preview can already plan what the server will hold."""
        if has_unknown(dict(call.news)):
            return {"apiUrl": UNKNOWN, "uiUrl": UNKNOWN, **call.news, "status": RUNNING}
        spec = self.spec(call.news)
        return {**call.news, **addresses(spec), "status": RUNNING}

    @override
    def create(self, call: Call) -> tuple[str, dict[str, Any]]:
        spec = self.spec(call.news)
        status = server.start(spec)
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


class ProcessWorkerHandler(Handler):
    """A worker of type process. Its id is its name."""

    def __init__(self, root: Path, connection: Connection) -> None:
        super().__init__(ProcessWorker)
        self.root = root
        self.connection = connection

    @override
    def faults(self, values: Props) -> list[Fault]:
        return []

    @override
    def recover(self, call: Call) -> ReadResult | None:
        """A start is repeatable: it takes over what runs already."""
        return None

    def spec(self, props: Props, api_url: str) -> worker.WorkerSpec:
        plain = {spec.wire: spec.default for spec in self.model.inputs()} | unwrap(dict(props))
        return worker.WorkerSpec(
            name=plain["name"],
            work_pool=plain["workPool"],
            directory=self.root / plain["directory"],
            api_url=api_url,
            prefect_home=self.root / ".infra" / "prefect",
            working_directory=self.root,
            work_queues=tuple(plain["workQueues"]),
            limit=plain["limit"],
            secret_env=self.connection.secret_env,
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
        worker.start(self.spec(call.news, url))
        return str(unwrap(call.news["name"])), {**call.news, "apiUrl": url, "status": RUNNING}

    @override
    def update(self, call: Call) -> dict[str, Any]:
        worker.stop(self.known(call))
        return self.create(call)[1]

    @override
    def read(self, call: Call) -> ReadResult:
        if not worker.status(self.known(call)).running:
            return ReadResult("", {}, {})
        return ReadResult(call.id, dict(call.inputs), dict(call.outputs))

    @override
    def delete(self, call: Call) -> None:
        worker.stop(self.known(call))


def addresses(spec: server.ServerSpec) -> dict[str, str]:
    base = f"http://{spec.host}:{spec.port}"
    return {"apiUrl": f"{base}/api", "uiUrl": base}


def _stopped(stopped: bool) -> dict[str, DiffKind]:
    return {"status": DiffKind.UPDATE} if stopped else {}


def _inputs_of(outputs: Props) -> dict[str, Any]:
    return {name: value for name, value in outputs.items() if name not in ("apiUrl", "uiUrl", "status")}
