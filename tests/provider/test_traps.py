"""The faults that users of other tools know, each shown closed on a real server."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from prefect_pulumi.core.errors import ApiError, ProviderError
from prefect_pulumi.core.provider_protocol import (
    Changes,
    CheckRequest,
    CreateRequest,
    DeleteRequest,
    DiffKind,
    DiffRequest,
    ReadRequest,
    RecoverRequest,
    UpdateRequest,
)
from prefect_pulumi.core.values import Secret
from prefect_pulumi.provider.handlers.worker_types import OwnTemplates
from prefect_pulumi.provider.provider import PrefectProvider
from tests.support.hosts import StrictHost

QUIET = {"type": "event", "posture": "Reactive", "expect": ["nothing.of.this.name"]}
"""A trigger of every event would fire on the events of its own firing."""


def urn(kind: str, name: str = "thing") -> str:
    return f"urn:pulumi:dev::project::prefect:index:{kind}::{name}"


@pytest.fixture
def provider(prefect_server: str, tmp_path: Any) -> Iterator[PrefectProvider]:
    provider = PrefectProvider(tmp_path, StrictHost())
    provider.configure({"apiUrl": prefect_server})
    yield provider
    provider.close()


@pytest.fixture
def name() -> str:
    return f"trap-{uuid4().hex[:8]}"


def make(provider: PrefectProvider, kind: str, **inputs: Any) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Id, checked inputs and outputs of a new object."""
    checked = provider.check(CheckRequest(urn(kind), new_inputs=inputs))
    assert checked.failures == ()
    made = provider.create(CreateRequest(urn(kind), checked.inputs))
    return made.id, checked.inputs, made.outputs


def test_queue_moved_to_another_pool_replaces(provider: PrefectProvider, name: str) -> None:
    make(provider, "WorkPool", name=f"{name}-a", type="process")
    make(provider, "WorkPool", name=f"{name}-b", type="process")
    id, inputs, outputs = make(provider, "WorkQueue", name="q", workPoolName=f"{name}-a", priority=5)
    moved = {**inputs, "workPoolName": f"{name}-b"}
    found = provider.diff(DiffRequest(urn("WorkQueue"), id, old_inputs=inputs, old_outputs=outputs, new_inputs=moved))
    assert found.replaces == ("workPoolName",)
    assert found.delete_before_replace
    provider.delete(DeleteRequest(urn("WorkQueue"), id, inputs, outputs))
    provider.create(CreateRequest(urn("WorkQueue"), moved))
    assert provider.read(ReadRequest(urn("WorkQueue"), f"{name}-a/q")).id == ""
    assert provider.read(ReadRequest(urn("WorkQueue"), f"{name}-b/q")).outputs["priority"] == 5


def test_a_queue_is_renamed_in_place_whatever_its_name_is_on_the_server(provider: PrefectProvider, name: str) -> None:
    make(provider, "WorkPool", name=name, type="process")
    id, inputs, outputs = make(provider, "WorkQueue", name="q", workPoolName=name, priority=5)
    client = provider.connection.client()

    def rename(news: dict[str, Any]) -> dict[str, Any]:
        known = {"old_inputs": inputs, "old_outputs": outputs, "new_inputs": news}
        planned = provider.diff(DiffRequest(urn("WorkQueue"), id, **known))
        assert planned.replaces == ()
        return dict(provider.update(UpdateRequest(urn("WorkQueue"), id, **known)))

    client.request("PATCH", f"/work_pools/{name}/queues/q", json={"name": "by-hand"})
    outputs = provider.read(ReadRequest(urn("WorkQueue"), id, inputs, outputs)).outputs
    assert outputs["name"] == "by-hand"
    outputs = rename(inputs)
    assert (outputs["name"], outputs["priority"]) == ("q", 5)
    client.request("PATCH", f"/work_pools/{name}/queues/q", json={"name": "by-hand"})
    outputs = rename({**inputs, "name": "r", "priority": 2})
    assert (outputs["name"], outputs["priority"]) == ("r", 2)
    assert client.request("GET", f"/work_queues/{id}")["name"] == "r"
    make(provider, "WorkQueue", name="taken", workPoolName=name)
    with pytest.raises(ProviderError, match="taken' exists already"):
        rename({**inputs, "name": "taken"})
    id, inputs, outputs = make(provider, "WorkQueue", name="default", workPoolName=name)
    known = {"old_inputs": inputs, "old_outputs": outputs, "new_inputs": {**inputs, "name": "other"}}
    assert provider.diff(DiffRequest(urn("WorkQueue"), id, **known)).replaces == ("name",)


def test_an_edited_base_job_template_is_never_the_baseline(provider: PrefectProvider, name: str) -> None:
    """It is compared with that of the type, which the server hands out, from the first update on."""
    client = provider.connection.client()
    id, inputs, outputs = make(provider, "WorkPool", name=name, type="docker")
    own = OwnTemplates(provider.connection).of("docker")
    assert own is not None
    edited = copy.deepcopy(own)
    edited["variables"]["properties"]["image"]["default"] = "registry.example.com/flows:1"
    client.request("PATCH", f"/work_pools/{name}", json={"base_job_template": edited})
    for _ in range(2):
        outputs = provider.read(ReadRequest(urn("WorkPool"), id, inputs, outputs)).outputs
    request = DiffRequest(urn("WorkPool"), id, old_inputs=inputs, old_outputs=outputs, new_inputs=inputs)
    assert dict(provider.diff(request).detailed) == {"baseJobTemplate": DiffKind.UPDATE}
    # Imported it is an input: a pool that is recreated has it again.
    assert provider.read(ReadRequest(urn("WorkPool"), name)).inputs["baseJobTemplate"] == edited
    provider.update(UpdateRequest(urn("WorkPool"), id, old_inputs=inputs, old_outputs=outputs, new_inputs=inputs))
    assert client.request("GET", f"/work_pools/{name}")["base_job_template"] == own
    assert provider.read(ReadRequest(urn("WorkPool"), name)).inputs == inputs


def test_base_job_template_left_out_is_read_and_compared(provider: PrefectProvider, name: str) -> None:
    client = provider.connection.client()
    id, inputs, outputs = make(provider, "WorkPool", name=name, type="process")
    workers_own = {"job_configuration": {"command": "{{ command }}"}, "variables": {"properties": {"command": {}}}}
    client.request("PATCH", f"/work_pools/{name}", json={"base_job_template": workers_own})
    read = provider.read(ReadRequest(urn("WorkPool"), id, inputs, outputs))
    assert read.outputs["baseJobTemplate"] == workers_own
    assert (
        provider.diff(
            DiffRequest(urn("WorkPool"), id, old_inputs=inputs, old_outputs=read.outputs, new_inputs=inputs)
        ).changes
        is Changes.NONE
    )

    edited = {**workers_own, "job_configuration": {"command": "echo"}}
    client.request("PATCH", f"/work_pools/{name}", json={"base_job_template": edited})
    drifted = provider.read(ReadRequest(urn("WorkPool"), id, inputs, read.outputs))
    found = provider.diff(
        DiffRequest(urn("WorkPool"), id, old_inputs=inputs, old_outputs=drifted.outputs, new_inputs=inputs)
    )
    assert dict(found.detailed) == {"baseJobTemplate": DiffKind.UPDATE}
    healed = provider.update(
        UpdateRequest(urn("WorkPool"), id, old_inputs=inputs, old_outputs=drifted.outputs, new_inputs=inputs)
    )
    assert client.request("GET", f"/work_pools/{name}")["base_job_template"] == workers_own
    assert (
        provider.diff(
            DiffRequest(urn("WorkPool"), id, old_inputs=inputs, old_outputs=healed, new_inputs=inputs)
        ).changes
        is Changes.NONE
    )


def deployment(provider: PrefectProvider, name: str) -> str:
    make(provider, "Flow", name=name)
    return make(provider, "Deployment", name="d", flowName=name)[0]


def test_schedule_renamed_by_slug_does_not_leave_the_old_one(provider: PrefectProvider, name: str) -> None:
    owner = deployment(provider, name)
    id, inputs, outputs = make(provider, "DeploymentSchedule", deploymentId=owner, cron="0 6 * * *", slug="morning")
    renamed = {**inputs, "slug": "early"}
    found = provider.diff(
        DiffRequest(urn("DeploymentSchedule"), id, old_inputs=inputs, old_outputs=outputs, new_inputs=renamed)
    )
    assert dict(found.detailed) == {"slug": DiffKind.UPDATE}
    assert not found.replaces
    provider.update(
        UpdateRequest(urn("DeploymentSchedule"), id, old_inputs=inputs, old_outputs=outputs, new_inputs=renamed)
    )
    rows = provider.connection.client().request("GET", f"/deployments/{owner}/schedules")
    assert [(row["id"], row["slug"]) for row in rows] == [(id, "early")]


def test_schedule_update_keeps_what_it_does_not_change(provider: PrefectProvider, name: str) -> None:
    owner = deployment(provider, name)
    given = {"deploymentId": owner, "rrule": "FREQ=DAILY;BYHOUR=6", "timezone": "Europe/Berlin", "parameters": {"a": 1}}
    id, inputs, outputs = make(provider, "DeploymentSchedule", **given, slug="s", maxScheduledRuns=3)
    assert outputs["rrule"] == given["rrule"]
    paused = {**inputs, "active": False}
    after = provider.update(
        UpdateRequest(urn("DeploymentSchedule"), id, old_inputs=inputs, old_outputs=outputs, new_inputs=paused)
    )
    assert after == {**outputs, "active": False}


def test_schedule_without_slug_is_one_schedule(provider: PrefectProvider, name: str) -> None:
    owner = deployment(provider, name)
    id, inputs, outputs = make(provider, "DeploymentSchedule", deploymentId=owner, interval=600.0)
    assert provider.read(ReadRequest(urn("DeploymentSchedule"), id, inputs, outputs)).outputs == outputs
    assert (
        provider.diff(
            DiffRequest(urn("DeploymentSchedule"), id, old_inputs=inputs, old_outputs=outputs, new_inputs=inputs)
        ).changes
        is Changes.NONE
    )
    recovered = provider.recover(RecoverRequest(urn("DeploymentSchedule"), inputs, 0.0))
    assert recovered is not None
    assert recovered.id == id


@pytest.mark.parametrize(
    ("kind", "inputs"),
    [
        ("WorkPool", {"name": "{n}", "type": "process"}),
        ("Variable", {"name": "{n}", "value": 1}),
        ("SecretBlock", {"name": "{n}", "value": Secret("x")}),
        ("GlobalConcurrencyLimit", {"name": "{n}", "limit": 1}),
        ("TaskRunConcurrencyLimit", {"tag": "{n}", "limit": 1}),
        ("Flow", {"name": "{n}"}),
        ("Automation", {"name": "{n}", "trigger": QUIET, "actions": []}),
    ],
)
def test_object_deleted_outside_is_found_gone_without_a_slow_retry(
    provider: PrefectProvider, name: str, kind: str, inputs: dict[str, Any]
) -> None:
    given = {key: name if value == "{n}" else value for key, value in inputs.items()}
    id, checked, outputs = make(provider, kind, **given)
    provider.delete(DeleteRequest(urn(kind), id, checked, outputs))
    began = time.monotonic()
    assert provider.read(ReadRequest(urn(kind), id, checked, outputs)).id == ""
    # Other tools wait minutes here; the bound tells a retry with waits from a plain read, not fast from slow.
    assert time.monotonic() - began < 20
    again = provider.create(CreateRequest(urn(kind), checked))
    assert again.id != id


@pytest.mark.parametrize(
    ("kind", "inputs", "human"),
    [
        ("WorkPool", {"name": "{n}", "type": "process"}, "{n}"),
        ("Flow", {"name": "{n}"}, "{n}"),
        ("TaskRunConcurrencyLimit", {"tag": "{n}", "limit": 1}, "{n}"),
        ("GlobalConcurrencyLimit", {"name": "{n}", "limit": 1}, "{n}"),
    ],
)
def test_name_that_exists_outside_the_state_offers_import(
    provider: PrefectProvider, name: str, kind: str, inputs: dict[str, Any], human: str
) -> None:
    given = {key: name if value == "{n}" else value for key, value in inputs.items()}
    make(provider, kind, **given)
    with pytest.raises(ProviderError) as caught:
        provider.create(CreateRequest(urn(kind, "mine"), given))
    text = str(caught.value)
    assert f"infra import {kind} {name} --name mine" in text
    assert "409" not in text


def test_existing_deployment_is_not_taken_over(provider: PrefectProvider, name: str) -> None:
    owner = deployment(provider, name)
    make(provider, "DeploymentSchedule", deploymentId=owner, cron="0 6 * * *", slug="s")
    with pytest.raises(ProviderError, match=f"infra import Deployment {name}/d"):
        provider.create(CreateRequest(urn("Deployment"), {"name": "d", "flowName": name}))
    assert len(provider.connection.client().request("GET", f"/deployments/{owner}/schedules")) == 1


def test_deployment_owned_twice_is_refused(provider: PrefectProvider, name: str) -> None:
    inputs = {"name": "d", "flowName": name}
    assert provider.check(CheckRequest(urn("Deployment", "one"), new_inputs=inputs)).failures == ()
    assert provider.check(CheckRequest(urn("Deployment", "one"), new_inputs=inputs)).failures == ()
    (failure,) = provider.check(CheckRequest(urn("Deployment", "two"), new_inputs=inputs)).failures
    assert f"the deployment '{name}/d' is declared twice" in failure.reason
    assert urn("Deployment", "one") in failure.reason


def test_deployment_owned_by_program_and_file_is_refused(provider: PrefectProvider, name: str) -> None:
    make(provider, "WorkPool", name=name, type="process")
    (provider.root / "flow.py").write_text("from prefect import flow\n\n\n@flow\ndef orders():\n    pass\n")
    (provider.root / "prefect.yaml").write_text(
        f"deployments:\n- name: daily\n  entrypoint: flow.py:orders\n  work_pool: {{name: {name}}}\n"
    )
    assert provider.check(CheckRequest(urn("Deployments"), new_inputs={"workPools": [name]})).failures == ()
    (failure,) = provider.check(
        CheckRequest(urn("Deployment"), new_inputs={"name": "daily", "flowName": "orders"})
    ).failures
    assert "the deployment 'orders/daily' is declared twice" in failure.reason


def test_fields_taken_out_of_the_program_leave_the_server(provider: PrefectProvider, name: str) -> None:
    make(provider, "Flow", name=name)
    make(provider, "WorkPool", name=name, type="process")
    full = {"tags": ["a"], "parameters": {"a": 1}, "jobVariables": {"env": {"A": "1"}}, "workPoolName": name}
    id, inputs, outputs = make(provider, "Deployment", name="d", flowName=name, enforceParameterSchema=False, **full)
    bare = {"name": "d", "flowName": name, "enforceParameterSchema": False}
    provider.update(UpdateRequest(urn("Deployment"), id, old_inputs=inputs, old_outputs=outputs, new_inputs=bare))
    live = provider.connection.client().request("GET", f"/deployments/{id}")
    assert (live["tags"], live["parameters"], live["job_variables"]) == ([], {}, {})
    assert live["work_pool_name"] is None


def test_runtime_fields_are_no_drift(provider: PrefectProvider, name: str) -> None:
    client = provider.connection.client()
    pool, inputs, outputs = make(provider, "WorkPool", name=name, type="process")
    heartbeat = {"name": "w", "heartbeat_interval_seconds": 30}
    client.request("POST", f"/work_pools/{name}/workers/heartbeat", json=heartbeat, idempotent=True)
    limit, limit_inputs, limit_outputs = make(provider, "GlobalConcurrencyLimit", name=name, limit=3)
    slots = {"names": [name], "slots": 1, "mode": "concurrency"}
    client.request("POST", "/v2/concurrency_limits/increment", json=slots, idempotent=True)
    assert client.request("GET", f"/work_pools/{name}")["status"] == "READY"
    assert client.request("GET", f"/v2/concurrency_limits/{name}")["active_slots"] == 1
    assert provider.read(ReadRequest(urn("WorkPool"), pool, inputs, outputs)).outputs == outputs
    assert (
        provider.read(ReadRequest(urn("GlobalConcurrencyLimit"), limit, limit_inputs, limit_outputs)).outputs
        == limit_outputs
    )


def test_refusal_keeps_the_servers_own_words(provider: PrefectProvider, name: str) -> None:
    make(provider, "Flow", name=name)
    template = {
        "job_configuration": {"memory": "{{ memory }}"},
        "variables": {"type": "object", "properties": {"memory": {"type": "integer"}}},
    }
    make(provider, "WorkPool", name=name, type="process", baseJobTemplate=template)
    wrong = {"name": "d", "flowName": name, "workPoolName": name, "jobVariables": {"memory": "a lot"}}
    with pytest.raises(ApiError, match=r"Validation failed for field 'memory'.*'a lot' is not valid"):
        provider.create(CreateRequest(urn("Deployment"), wrong))


@pytest.mark.self_hosted
def test_metric_trigger_is_refused_on_a_self_hosted_server(provider: PrefectProvider) -> None:
    metric = {"type": "metric", "metric": {"name": "lateness", "threshold": 1, "operator": ">"}}
    nested = {"type": "compound", "require": "any", "triggers": [metric]}
    for trigger in (metric, nested):
        inputs = {"name": "a", "trigger": trigger, "actions": [{"type": "do-nothing"}]}
        (failure,) = provider.check(CheckRequest(urn("Automation"), new_inputs=inputs)).failures
        assert failure.property == "trigger"
        assert "Prefect Cloud only" in failure.reason


def test_two_spellings_of_one_automation_are_equal(provider: PrefectProvider, name: str) -> None:
    trigger = {"type": "event", "posture": "Reactive", "expect": ["b", "a"], "within": 0, "threshold": 1}
    id, inputs, outputs = make(provider, "Automation", name=name, trigger=trigger, actions=[{"type": "do-nothing"}])
    assert outputs["trigger"] == trigger
    read = provider.read(ReadRequest(urn("Automation"), id, inputs, outputs))
    assert read.outputs == outputs
    imported = provider.read(ReadRequest(urn("Automation"), id))
    assert imported.inputs["trigger"] == {"type": "event", "posture": "Reactive", "expect": ["a", "b"]}
    make(provider, "Automation", name=name, trigger=trigger, actions=[])
    with pytest.raises(ProviderError, match="several automations have the name"):
        provider.read(ReadRequest(urn("Automation"), name))


def test_secret_changed_outside_is_drift_that_shows_no_value(provider: PrefectProvider, name: str) -> None:
    id, inputs, outputs = make(provider, "SecretBlock", name=name, value=Secret("declared-value"))
    provider.connection.client().request(
        "PATCH", f"/block_documents/{id}", json={"data": {"value": "edited-value"}, "merge_existing_data": False}
    )
    read = provider.read(ReadRequest(urn("SecretBlock"), id, inputs, outputs))
    found = provider.diff(
        DiffRequest(urn("SecretBlock"), id, old_inputs=inputs, old_outputs=read.outputs, new_inputs=inputs)
    )
    assert dict(found.detailed) == {"value": DiffKind.UPDATE}
    assert "edited-value" not in repr((read, found))


def test_pool_made_anew_gets_its_deployments_back(provider: PrefectProvider, name: str) -> None:
    make(provider, "Flow", name=name)
    pool, pool_inputs, pool_outputs = make(provider, "WorkPool", name=name, type="process")
    id, inputs, outputs = make(provider, "Deployment", name="d", flowName=name, workPoolName=name)
    provider.delete(DeleteRequest(urn("WorkPool"), pool, pool_inputs, pool_outputs))
    provider.configure({"apiUrl": provider.connection.api_url})  # the next run
    assert (
        provider.diff(
            DiffRequest(urn("Deployment"), id, old_inputs=inputs, old_outputs=outputs, new_inputs=inputs)
        ).changes
        is Changes.NONE
    )
    provider.create(CreateRequest(urn("WorkPool"), pool_inputs, preview=True))
    planned = provider.diff(
        DiffRequest(urn("Deployment"), id, old_inputs=inputs, old_outputs=outputs, new_inputs=inputs)
    )
    assert dict(planned.detailed) == {"workPoolName": DiffKind.UPDATE}
    provider.create(CreateRequest(urn("WorkPool"), pool_inputs))
    healed = provider.update(
        UpdateRequest(urn("Deployment"), id, old_inputs=inputs, old_outputs=outputs, new_inputs=inputs)
    )
    assert healed["workPoolName"] == name
    assert provider.connection.client().request("GET", f"/deployments/{id}")["work_pool_name"] == name


def test_queues_may_take_each_others_priority(provider: PrefectProvider, name: str) -> None:
    make(provider, "WorkPool", name=name, type="process")
    queues = [make(provider, "WorkQueue", name=f"q{n}", workPoolName=name, priority=n) for n in (1, 2, 3)]
    for target in ((3, 1, 2), (2, 3, 1), (1, 2, 3), (3, 2, 1)):
        for index, priority in enumerate(target):
            id, inputs, outputs = queues[index]
            news = {**inputs, "priority": priority}
            queues[index] = (
                id,
                news,
                provider.update(
                    UpdateRequest(urn("WorkQueue"), id, old_inputs=inputs, old_outputs=outputs, new_inputs=news)
                ),
            )
        live = provider.connection.client().request("POST", f"/work_pools/{name}/queues/filter", json={})
        order = [row["name"] for row in sorted(live, key=lambda row: row["priority"]) if row["name"] != "default"]
        assert order == [f"q{target.index(priority) + 1}" for priority in sorted(target)]
