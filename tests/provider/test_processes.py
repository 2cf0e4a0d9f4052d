"""A local server and a process worker through the provider's lifecycle, for real."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psutil
import pytest

from prefect_pulumi.core.provider_protocol import (
    Changes,
    CreateRequest,
    DeleteRequest,
    DiffKind,
    DiffRequest,
    ReadRequest,
    UpdateRequest,
)
from prefect_pulumi.core.values import UNKNOWN
from prefect_pulumi.local import server
from prefect_pulumi.provider.provider import PrefectProvider
from prefect_pulumi.testing.ports import free_port
from tests.support.hosts import SilentHost


def urn(kind: str) -> str:
    return f"urn:pulumi:dev::project::prefect:index:{kind}::thing"


def end(pid: int | None) -> None:
    process = psutil.Process(pid)
    for child in [*process.children(recursive=True), process]:
        child.kill()
        psutil.wait_procs([child], timeout=10)


def test_preview_knows_the_addresses_of_a_server_that_is_still_to_start(tmp_path: Path) -> None:
    provider = PrefectProvider(tmp_path, SilentHost())
    planned = provider.create(CreateRequest(urn("LocalServer"), {"directory": "server", "port": 4999}, preview=True))
    assert planned.outputs["apiUrl"] == "http://127.0.0.1:4999/api"
    assert planned.outputs["uiUrl"] == "http://127.0.0.1:4999"
    unknown = provider.create(CreateRequest(urn("LocalServer"), {"directory": UNKNOWN}, preview=True))
    assert unknown.outputs["apiUrl"] is UNKNOWN
    assert not (tmp_path / "server").exists()
    worker = {"name": "w", "workPool": "etl", "directory": "worker"}
    assert provider.create(CreateRequest(urn("ProcessWorker"), worker, preview=True)).outputs["apiUrl"] is UNKNOWN


@pytest.mark.e2e
def test_server_and_worker_live_heal_and_end(tmp_path: Path) -> None:
    provider = PrefectProvider(tmp_path, SilentHost())
    inputs: dict[str, Any] = {"directory": "server", "port": free_port()}
    name = urn("LocalServer")
    made = provider.create(CreateRequest(name, inputs))
    spec = server.ServerSpec(tmp_path / "server", port=inputs["port"])
    try:
        assert made.outputs["status"] == "running"
        assert (
            provider.diff(
                DiffRequest(name, made.id, old_inputs=inputs, old_outputs=made.outputs, new_inputs=inputs)
            ).changes
            is Changes.NONE
        )
        assert provider.read(ReadRequest(name, made.id, inputs, made.outputs)).outputs == made.outputs

        provider.configure({"apiUrl": made.outputs["apiUrl"]})
        provider.create(CreateRequest(urn("WorkPool"), {"name": "etl", "type": "process"}))
        work = urn("ProcessWorker")
        worker_inputs = {"name": "w", "workPool": "etl", "directory": "worker"}
        worker = provider.create(CreateRequest(work, worker_inputs))
        assert worker.id == "w"
        assert worker.outputs["apiUrl"] == made.outputs["apiUrl"]
        assert (
            provider.diff(
                DiffRequest(work, "w", old_inputs=worker_inputs, old_outputs=worker.outputs, new_inputs=worker_inputs)
            ).changes
            is Changes.NONE
        )
        limited = {**worker_inputs, "limit": 2}
        assert dict(
            provider.diff(
                DiffRequest(work, "w", old_inputs=worker_inputs, old_outputs=worker.outputs, new_inputs=limited)
            ).detailed
        ) == {"limit": DiffKind.ADD}
        outputs = provider.update(
            UpdateRequest(work, "w", old_inputs=worker_inputs, old_outputs=worker.outputs, new_inputs=limited)
        )
        assert provider.read(ReadRequest(work, "w", limited, outputs)).id == "w"
        provider.delete(DeleteRequest(work, "w", limited, outputs))
        assert provider.read(ReadRequest(work, "w", limited, outputs)).id == ""
        provider.delete(DeleteRequest(work, "w", limited, outputs))

        end(server.status(spec).pid)
        assert provider.read(ReadRequest(name, made.id, inputs, made.outputs)).id == ""
        stopped = provider.diff(
            DiffRequest(name, made.id, old_inputs=inputs, old_outputs=made.outputs, new_inputs=inputs)
        )
        assert dict(stopped.detailed) == {"status": DiffKind.UPDATE}
        assert not stopped.replaces
        healed = provider.update(
            UpdateRequest(name, made.id, old_inputs=inputs, old_outputs=made.outputs, new_inputs=inputs)
        )
        assert healed == made.outputs
        assert (
            provider.diff(DiffRequest(name, made.id, old_inputs=inputs, old_outputs=healed, new_inputs=inputs)).changes
            is Changes.NONE
        )
        assert provider.read(ReadRequest(urn("WorkPool"), "etl")).id

        provider.delete(DeleteRequest(name, made.id, inputs, healed))
        assert not server.status(spec).running
        provider.delete(DeleteRequest(name, made.id, inputs, healed))
    finally:
        server.stop(spec)
        provider.close()
