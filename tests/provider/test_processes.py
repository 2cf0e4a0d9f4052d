"""A local server and a process worker through the provider's lifecycle, for real."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psutil
import pytest

from prefect_pulumi.core.provider_protocol import Changes, DiffKind
from prefect_pulumi.core.values import UNKNOWN
from prefect_pulumi.local import server
from prefect_pulumi.provider.provider import PrefectProvider
from tests.support.network import free_port


class Host:
    def log(self, severity: str, message: str, urn: str = "") -> None:
        """Nothing to show."""


def urn(kind: str) -> str:
    return f"urn:pulumi:dev::project::prefect:index:{kind}::thing"


def end(pid: int | None) -> None:
    process = psutil.Process(pid)
    for child in [*process.children(recursive=True), process]:
        child.kill()
        psutil.wait_procs([child], timeout=10)


def test_preview_knows_the_addresses_of_a_server_that_is_still_to_start(tmp_path: Path) -> None:
    provider = PrefectProvider(tmp_path, Host())
    planned = provider.create(urn("LocalServer"), {"directory": "server", "port": 4999}, 0, preview=True)
    assert planned.outputs["apiUrl"] == "http://127.0.0.1:4999/api"
    assert planned.outputs["uiUrl"] == "http://127.0.0.1:4999"
    unknown = provider.create(urn("LocalServer"), {"directory": UNKNOWN}, 0, preview=True)
    assert unknown.outputs["apiUrl"] is UNKNOWN
    assert not (tmp_path / "server").exists()
    worker = {"name": "w", "workPool": "etl", "directory": "worker"}
    assert provider.create(urn("ProcessWorker"), worker, 0, preview=True).outputs["apiUrl"] is UNKNOWN


@pytest.mark.e2e
def test_server_and_worker_live_heal_and_end(tmp_path: Path) -> None:
    provider = PrefectProvider(tmp_path, Host())
    inputs: dict[str, Any] = {"directory": "server", "port": free_port()}
    name = urn("LocalServer")
    made = provider.create(name, inputs, 0, preview=False)
    spec = server.ServerSpec(tmp_path / "server", port=inputs["port"])
    try:
        assert made.outputs["status"] == "running"
        assert provider.diff(name, made.id, inputs, made.outputs, inputs, ()).changes is Changes.NONE
        assert provider.read(name, made.id, inputs, made.outputs).outputs == made.outputs

        provider.configure({"apiUrl": made.outputs["apiUrl"]})
        provider.create(urn("WorkPool"), {"name": "etl", "type": "process"}, 0, preview=False)
        work = urn("ProcessWorker")
        worker_inputs = {"name": "w", "workPool": "etl", "directory": "worker"}
        worker = provider.create(work, worker_inputs, 0, preview=False)
        assert worker.id == "w"
        assert worker.outputs["apiUrl"] == made.outputs["apiUrl"]
        assert provider.diff(work, "w", worker_inputs, worker.outputs, worker_inputs, ()).changes is Changes.NONE
        limited = {**worker_inputs, "limit": 2}
        assert dict(provider.diff(work, "w", worker_inputs, worker.outputs, limited, ()).detailed) == {
            "limit": DiffKind.ADD
        }
        outputs = provider.update(work, "w", worker_inputs, worker.outputs, limited, 0, False, ())
        assert provider.read(work, "w", limited, outputs).id == "w"
        provider.delete(work, "w", limited, outputs, 0)
        assert provider.read(work, "w", limited, outputs).id == ""
        provider.delete(work, "w", limited, outputs, 0)

        end(server.status(spec).pid)
        assert provider.read(name, made.id, inputs, made.outputs).id == ""
        stopped = provider.diff(name, made.id, inputs, made.outputs, inputs, ())
        assert dict(stopped.detailed) == {"status": DiffKind.UPDATE}
        assert not stopped.replaces
        healed = provider.update(name, made.id, inputs, made.outputs, inputs, 0, False, ())
        assert healed == made.outputs
        assert provider.diff(name, made.id, inputs, healed, inputs, ()).changes is Changes.NONE
        assert provider.read(urn("WorkPool"), "etl", {}, {}).id

        provider.delete(name, made.id, inputs, healed, 0)
        assert not server.status(spec).running
        provider.delete(name, made.id, inputs, healed, 0)
    finally:
        server.stop(spec)
        provider.close()
