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
from prefect_pulumi.provider.provider import PrefectProvider
from tests.provider.lifecycle import Case, lives, urn
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
