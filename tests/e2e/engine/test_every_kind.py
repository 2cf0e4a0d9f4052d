"""Every kind that lives on the server through one program: made, changed, replaced, drifted and destroyed."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest

from tests.support.rest import call

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

PROGRAM = """
import pulumi
from prefect_pulumi.resources import *

config = pulumi.Config()
n, stage = config.require("n"), config.require_int("stage")
late = stage > 1
QUIET = {"type": "event", "posture": "Reactive", "expect": [f"nothing.{stage}"]}

pool = WorkPool(f"pool-{n}", type="docker" if stage == 3 else "process", concurrency_limit=None if late else 3)
queue = WorkQueue("q", work_pool_name=pool.name, priority=3 if late else 2, paused=late)
Variable(f"variable-{n}", value={"a": [1, 2.5, None], "late": late}, tags=["late"] if late else [])
kind = BlockType(f"type-{n}", slug=f"type-{n}", description="late" if late else None)
fields = {"title": f"T{n}", "type": "object", "properties": {"a": {}} if stage == 3 else {}}
schema = BlockSchema("schema", block_type_slug=kind.slug, fields=fields)
here = {"block_type_slug": kind.slug, "block_schema_id": schema.id}
target = BlockDocument("target", data={"a": stage}, **here)
reference = target.id.apply(lambda id: {"block_document_id": id})
BlockDocument("user", data={"ref": {"$ref": reference}}, **here)
SecretBlock(f"secret-{n}", value="s3cret-late" if late else "s3cret-early")
JsonBlock(f"json-{n}", value={"retries": stage})
GlobalConcurrencyLimit(f"limit-{n}", limit=stage, active=not late)
TaskRunConcurrencyLimit("tag", tag=f"tag-{n}-{stage // 3}", limit=stage)
flow = Flow(f"flow-{n}", tags=["late"] if late else [])
deployment = Deployment(
    "daily",
    flow_name=flow.name,
    work_pool_name=pool.name,
    work_queue_name=queue.name,
    enforce_parameter_schema=False,
    parameters={"stage": stage},
    concurrency_limit=None if late else 2,
)
cron = f"0 {stage} * * *"
DeploymentSchedule("nightly", deployment_id=deployment.id, cron=cron, slug=f"slug-{stage}", active=False)
actions = [{"type": "run-deployment", "deployment_id": deployment.id, "parameters": {"stage": stage}}]
Automation(f"automation-{n}", trigger=QUIET, actions=actions, enabled=not late)
found = get_flow(name=flow.name)
pulumi.export("tags", found["tags"])
pulumi.export("id", found["id"].apply(len))
"""
RESOURCES = 15


def test_every_kind_on_both_engines(small_engine: Any, small: Any, prefect_server: str) -> None:
    n = uuid4().hex[:8]
    small.write(PROGRAM)
    small.infra("config", "set", "n", n)

    def stage(number: int) -> None:
        small.infra("config", "set", "stage", str(number))

    stage(1)
    assert small_engine.changes()["create"] == RESOURCES + 1  # the stack itself
    small_engine.up()
    assert small_engine.changes(refresh=True) == {}
    assert json.loads(small.infra("outputs", "--json").stdout) == {"tags": [], "id": 36}

    stage(2)
    changed = small_engine.changes()
    assert set(changed) == {"update"}
    small_engine.up()
    assert small_engine.changes(refresh=True) == {}

    call(prefect_server, "PATCH", f"/work_pools/pool-{n}", {"description": "from the UI"})
    call(prefect_server, "PATCH", f"/variables/name/variable-{n}", {"value": 0})
    assert small_engine.changes(refresh=True)["update"] >= 2
    small_engine.up(refresh=True)
    assert call(prefect_server, "GET", f"/work_pools/pool-{n}", {})["description"] in (None, "")
    assert small_engine.changes(refresh=True) == {}

    stage(3)
    assert small_engine.changes()["replace"] >= 3
    small_engine.up()
    assert small_engine.changes(refresh=True) == {}
    rows = call(prefect_server, "POST", "/deployments/filter", {"flows": {"name": {"any_": [f"flow-{n}"]}}})
    assert [schedule["slug"] for schedule in rows[0]["schedules"]] == ["slug-3"]

    small_engine.destroy()
    for path, body in (
        ("/work_pools/filter", {"work_pools": {"name": {"any_": [f"pool-{n}"]}}}),
        ("/flows/filter", {"flows": {"name": {"any_": [f"flow-{n}"]}}}),
        ("/automations/filter", {"automations": {"name": {"any_": [f"automation-{n}"]}}}),
        ("/block_types/filter", {"block_types": {"slug": {"any_": [f"type-{n}"]}}}),
    ):
        assert call(prefect_server, "POST", path, body) == []
