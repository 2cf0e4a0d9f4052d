"""The drift report as a deployment of the stack, run by the stack's own worker."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest
import yaml

from tests.support.projects import Project
from tests.support.rest import call
from tests.support.wait import until

pytestmark = [pytest.mark.matrix, pytest.mark.e2e, pytest.mark.timeout(600)]

PROGRAM = """
from prefect_pulumi.components import Server, declare_objects, declare_release, load_environment

environment = load_environment()
server = Server("server", environment.server)
objects = declare_objects(environment, server)
declare_release("release", environment, server.options, flows=[], pools=[*objects.pools.values()])
"""
DEPLOYMENT = "prefect-infra-dev-drift/drift"


def environment(api_url: str, name: str) -> dict[str, Any]:
    return {
        "server": {"api_url": api_url},
        "variables": {name.replace("-", "_"): {"value": "eu"}},
        "secrets": {f"{name}-passphrase": {"env": "PULUMI_CONFIG_PASSPHRASE"}},
        "pools": {
            name: {
                "queues": {"fast": {"priority": 2}},
                "env_from_blocks": {"PULUMI_CONFIG_PASSPHRASE": f"{name}-passphrase"},
                "workers": 1,
            }
        },
        "drift": {"work_pool": name, "cron": "0 4 * * *", "timezone": "Europe/Berlin", "heal": True},
    }


def test_the_stacks_worker_reports_and_sets_back_what_is_listed(
    small: Project, prefect_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "of the tests")
    (small.root / ".infra/dev/passphrase").unlink()
    name = f"w{uuid4().hex[:8]}"
    small.write(PROGRAM)
    config = {"config": {"prefect-infra:environment": environment(prefect_server, name)}}
    (small.root / "Pulumi.dev.yaml").write_text(yaml.safe_dump(config))
    rules = {"unmanaged": "hide", "heal": [{"kind": "WorkQueue", "name": f"{name}/*", "fields": ["paused"]}]}
    (small.root / "review.yaml").write_text(yaml.safe_dump(rules))
    small.infra("up", "--yes")

    def report() -> tuple[dict[str, Any], str]:
        """The state of one run, and the report that it left."""
        deployment = call(prefect_server, "GET", f"/deployments/name/{DEPLOYMENT}")
        run = call(prefect_server, "POST", f"/deployments/{deployment['id']}/create_flow_run", {})

        def ended() -> Any:
            state = call(prefect_server, "GET", f"/flow_runs/{run['id']}")["state"]
            return state if state["type"] in {"COMPLETED", "FAILED", "CRASHED"} else None

        state = until(ended, seconds=120)
        found = {"artifacts": {"flow_run_id": {"any_": [run["id"]]}}}
        return state, call(prefect_server, "POST", "/artifacts/filter", found)[0]["data"]

    try:
        state, text = report()
        assert (state["type"], state["name"], state["message"]) == ("COMPLETED", "InSync", "in sync")
        variable, queue = f"/variables/name/{name}", f"/work_pools/{name}/queues/fast"
        call(prefect_server, "PATCH", variable, {"value": "us"})
        call(prefect_server, "PATCH", queue, {"is_paused": True})
        state, text = report()
        assert (state["type"], state["name"]) == ("COMPLETED", "Drifted")
        back = f"set back: WorkQueue {name}/fast: paused: true -> false"
        assert state["message"] == f"Variable {name} (changed live); {back}"
        assert f"Variable {name}" in text
        assert "set back&#58; WorkQueue" in text or "set back: WorkQueue" in text
        assert call(prefect_server, "GET", queue)["is_paused"] is False
        assert call(prefect_server, "GET", variable)["value"] == "us"  # it is not listed
        events = {"filter": {"event": {"name": ["prefect.flow-run.Drifted"]}}}
        assert until(lambda: call(prefect_server, "POST", "/events/filter", events)["events"])
        record = json.loads(small.infra("history", "--json").stdout)[0]
        assert (record["command"], record["result"], record["changes"]["update"]) == ("drift", "drift", 1)
    finally:
        small.infra("destroy", "--yes")
