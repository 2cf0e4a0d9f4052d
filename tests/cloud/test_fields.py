"""Fields and actions that only Prefect Cloud has, through the proxy of its contract."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from prefect_pulumi.core.provider_protocol import (
    Changes,
    CheckRequest,
    CreateRequest,
    DeleteRequest,
    DiffKind,
    DiffRequest,
    ReadRequest,
    UpdateRequest,
)
from prefect_pulumi.deploy.plan.ownership import Owner
from prefect_pulumi.deploy.run.request_rewriting import update_body
from prefect_pulumi.models.automation_actions import CLOUD_ONLY, PARTS, SELF_HOSTED_ONLY
from prefect_pulumi.provider.provider import PrefectProvider
from tests.provider.lifecycle import Case, lives, urn
from tests.support.cloud.contract import Contract
from tests.support.cloud.proxy import CloudProxy
from tests.support.hosts import KeepingHost, SilentHost

pytestmark = pytest.mark.self_hosted  # it puts the proxy there itself
TRIGGER = {"type": "event", "posture": "Reactive", "expect": ["a"]}
EMAIL = {"type": "send-email-notification", "body": "late", "emails": ["team@example.com"]}

CASES = [
    Case(
        "DeploymentSchedule",
        good={
            "deploymentId": "{deployment}",
            "cron": "0 6 * * *",
            "slug": "cloud-{n}",
            "catchup": True,
            "maxActiveRuns": 2,
        },
        bad={},
        bad_property="",
        changed={"deploymentId": "{deployment}", "cron": "0 6 * * *", "slug": "cloud-{n}", "maxActiveRuns": 3},
        details={"catchup": DiffKind.UPDATE, "maxActiveRuns": DiffKind.UPDATE},
        human="lifecycle/lifecycle/{slug}",
    ),
    Case(
        "Automation",
        good={
            "name": "mail-{n}",
            "trigger": TRIGGER,
            "actions": [EMAIL],
            "actionsOnResolve": [{"type": "declare-incident"}],
        },
        bad={},
        bad_property="",
        changed={
            "name": "mail-{n}",
            "trigger": TRIGGER,
            "actions": [{"type": "prefect-notification", "notification_type": "info", "message": "late"}],
            "actionsOnResolve": [{"type": "pause-schedule-for-flow-run"}],
        },
        details={
            "actions[0].type": DiffKind.UPDATE,
            "actions[0].body": DiffKind.DELETE,
            "actions[0].emails": DiffKind.DELETE,
            "actions[0].notification_type": DiffKind.ADD,
            "actions[0].message": DiffKind.ADD,
            "actionsOnResolve[0].type": DiffKind.UPDATE,
        },
        unique=False,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.kind)
def test_what_only_cloud_has_lives(judged: CloudProxy, provider: PrefectProvider, case: Case) -> None:
    lives(provider, case)


@pytest.mark.parametrize("kind", ["Flow", "Deployment"])
def test_labels_change_in_place(judged: CloudProxy, provider: PrefectProvider, kind: str) -> None:
    name = f"labels-{uuid4().hex[:8]}"
    inputs: dict[str, Any] = {"name": name, "labels": {"team": "data"}}
    inputs |= {"flowName": "lifecycle"} if kind == "Deployment" else {}
    created = provider.create(CreateRequest(urn(kind), inputs))
    changed = {**inputs, "labels": {"team": "web", "tier": 1}}
    difference = provider.diff(
        DiffRequest(urn(kind), created.id, old_inputs=inputs, old_outputs=created.outputs, new_inputs=changed)
    )
    assert (difference.replaces, set(difference.detailed)) == ((), {"labels.team", "labels.tier"})
    outputs = provider.update(
        UpdateRequest(urn(kind), created.id, old_inputs=inputs, old_outputs=created.outputs, new_inputs=changed)
    )
    assert outputs["labels"] == changed["labels"]
    read = provider.read(ReadRequest(urn(kind), created.id, changed, outputs))
    assert read.outputs["labels"] == changed["labels"]
    request = DiffRequest(urn(kind), created.id, old_inputs=changed, old_outputs=read.outputs, new_inputs=changed)
    assert provider.diff(request).changes is Changes.NONE
    provider.delete(DeleteRequest(urn(kind), created.id, changed, outputs))


def test_an_action_that_is_not_known_here_is_sent_with_a_warning(
    cloud: CloudProxy, provider: PrefectProvider, said: KeepingHost
) -> None:
    inputs = {"name": "poem", "trigger": TRIGGER, "actions": [{"type": "write-poem"}]}
    assert provider.check(CheckRequest(urn("Automation"), new_inputs=inputs)).failures == ()
    assert said.lines[-1] == ("warning", "automation 'poem': action 'write-poem' is not known here; sent as it is")
    misspelt = {**inputs, "actions": [{"type": "declare-incidnet"}]}
    (failure,) = provider.check(CheckRequest(urn("Automation"), new_inputs=misspelt)).failures
    assert "did you mean declare-incident" in failure.reason


def test_an_automation_carries_its_owners_mark(
    judged: CloudProxy, provider: PrefectProvider, said: KeepingHost
) -> None:
    client, kept = provider.connection.client(), {"team": "data"}
    inputs = {"name": f"marked-{uuid4().hex[:8]}", "trigger": TRIGGER, "actions": [{"type": "do-nothing"}]}
    own = urn("Automation")
    created = provider.create(CreateRequest(own, inputs))
    row = client.request("GET", f"/automations/{created.id}")
    assert row["labels"] == Owner.of_urn(own).labels
    client.request("PUT", f"/automations/{created.id}", json={**_whole(row), "labels": {**row["labels"], **kept}})
    other = own.replace("urn:pulumi:", "urn:pulumi:other-")
    changed = {**inputs, "description": "taken over"}
    request = UpdateRequest(other, created.id, old_inputs=inputs, old_outputs=created.outputs, new_inputs=changed)
    outputs = provider.update(request)
    assert said.lines[-1][1].endswith(
        f"belonged to stack {Owner.of_urn(own)}, and belongs to {Owner.of_urn(other)} now"
    )
    assert client.request("GET", f"/automations/{created.id}")["labels"] == {**Owner.of_urn(other).labels, **kept}
    provider.delete(DeleteRequest(own, created.id, changed, outputs))
    assert said.lines[-1][1].endswith(f"is left alone: it belongs to stack {Owner.of_urn(other)}")
    assert provider.read(ReadRequest(own, created.id, changed, outputs)).id == created.id
    provider.delete(DeleteRequest(other, created.id, changed, outputs))
    assert provider.read(ReadRequest(own, created.id, changed, outputs)).id == ""


def _whole(row: dict[str, Any]) -> dict[str, Any]:
    names = ("name", "description", "enabled", "tags", "trigger", "actions", "actions_on_trigger", "actions_on_resolve")
    return {name: row[name] for name in names} | {"trigger": TRIGGER | {"threshold": 1, "within": 0}}


def test_what_cloud_does_not_know_is_refused_with_what_to_do(provider: PrefectProvider) -> None:
    inputs = {"name": "gone", "trigger": TRIGGER, "actions": [{"type": "delete-flow-run"}]}
    (failure,) = provider.check(CheckRequest(urn("Automation"), new_inputs=inputs)).failures
    assert failure.reason == "Prefect Cloud has no action 'delete-flow-run'; use cancel-flow-run"


def test_every_other_action_is_one_of_the_contract() -> None:
    contract = Contract()
    options = contract.schemas["AutomationCreate"]["properties"]["actions"]["items"]["anyOf"]
    known = {contract.resolved(option)["properties"]["type"]["const"] for option in options}
    ours = {name for part in PARTS for name in part.model_fields["type"].annotation.__args__}  # type: ignore[union-attr]  # a literal
    assert ours - known == set(SELF_HOSTED_ONLY)
    assert ours & known >= CLOUD_ONLY


@pytest.mark.parametrize("declared", [None, False])
def test_whether_parameters_are_checked_is_always_said(
    judged: CloudProxy, provider: PrefectProvider, declared: bool | None
) -> None:
    """Cloud's own default is not that of a server of one's own."""
    inputs: dict[str, Any] = {"name": f"checked-{uuid4().hex[:8]}", "flowName": "lifecycle"}
    inputs |= {} if declared is None else {"enforceParameterSchema": declared}
    sent: list[Any] = []
    judged.listeners.append(lambda method, path, body: sent.append(body) if path == "/deployments/" else None)
    created = provider.create(CreateRequest(urn("Deployment"), inputs))
    judged.listeners.clear()
    assert [body["enforce_parameter_schema"] for body in sent] == [declared is None]
    assert update_body({"name": "a"}, ())["enforce_parameter_schema"] is True
    provider.delete(DeleteRequest(urn("Deployment"), created.id, inputs, created.outputs))


@pytest.mark.parametrize(
    ("kind", "inputs", "property", "reason"),
    [
        (
            "Automation",
            {"actions": [EMAIL]},
            "actions",
            "action 'send-email-notification' exists on Prefect Cloud only",
        ),
        (
            "Automation",
            {"actions": [{"type": "write-poem"}]},
            "actions",
            "there is no action 'write-poem'; Prefect 3.8",
        ),
        ("DeploymentSchedule", {"catchup": True}, "catchup", "'catchup' exists on Prefect Cloud only"),
        ("DeploymentSchedule", {"maxActiveRuns": 1}, "maxActiveRuns", "'maxActiveRuns' exists on Prefect Cloud only"),
    ],
)
def test_a_server_of_ones_own_refuses_it_in_the_preview(
    kind: str, inputs: dict[str, Any], property: str, reason: str, tmp_path: Path
) -> None:
    provider = PrefectProvider(tmp_path, SilentHost())
    provider.configure({"apiUrl": "http://127.0.0.1:1/api"})
    whole = {"name": "a", "trigger": TRIGGER} if kind == "Automation" else {"deploymentId": "d", "cron": "0 6 * * *"}
    (failure,) = provider.check(CheckRequest(urn(kind), new_inputs={**whole, **inputs})).failures
    assert failure.property == property
    assert reason in failure.reason
    provider.close()
