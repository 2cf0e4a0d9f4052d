"""Input checks of every kind: Prefect's own rules, in words that name the property."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prefect_pulumi.models import KINDS, Kind, ProviderConfig
from prefect_pulumi.models.automations import normal, short, unknown_action_fault
from prefect_pulumi.models.base import path_of
from prefect_pulumi.models.provider_config import is_cloud
from prefect_pulumi.models.work_pool import cloud_only

UUID_ = "0a1b2c3d-0000-4000-8000-00000000beef"
GOOD: dict[str, dict[str, Any]] = {
    "WorkPool": {"name": "etl", "type": "process"},
    "WorkQueue": {"name": "fast", "workPoolName": "etl"},
    "Variable": {"name": "region", "value": None},
    "BlockType": {"name": "Warehouse", "slug": "warehouse"},
    "BlockSchema": {"blockTypeSlug": "warehouse"},
    "BlockDocument": {"name": "dwh", "blockTypeSlug": "warehouse", "data": {}},
    "SecretBlock": {"name": "password", "value": "x"},
    "JsonBlock": {"name": "config", "value": [1, {"a": None}]},
    "GlobalConcurrencyLimit": {"name": "database", "limit": 0},
    "TaskRunConcurrencyLimit": {"tag": "database", "limit": 0},
    "Flow": {"name": "orders"},
    "Deployment": {"name": "daily", "flowName": "orders"},
    "DeploymentSchedule": {"deploymentId": "d", "interval": 60.0},
    "Automation": {"name": "a", "trigger": {"type": "event", "posture": "Reactive"}, "actions": []},
    "ResultStorage": {"blockDocumentId": "u"},
    "Webhook": {"name": "orders", "template": "{}"},
    "ServiceAccount": {"name": "ci"},
    "Team": {"name": "data"},
    "WorkspaceRole": {"name": "deployer"},
    "Workspace": {"name": "Staging", "handle": "staging"},
    "WorkspaceAccess": {"accessorType": "team", "accessor": "data", "role": "Developer"},
    "TeamMember": {"team": "data", "member": "ada@example.com"},
    "DeploymentAccess": {"deploymentId": UUID_, "manage": ["team/data"], "view": ["*"]},
    "WorkPoolAccess": {"workPoolName": "etl", "run": ["service_account/ci"]},
    "BlockAccess": {"blockDocumentId": UUID_},
    "Sla": {"deploymentId": UUID_, "slas": [{"name": "a", "duration": 60}]},
    "ManagedAutomation": {"type": "zombie-cleanup"},
    "AccountMember": {"email": "ada@example.com"},
    "UserApiKey": {"name": "laptop", "user": "ada"},
    "Account": {"name": "Acme"},
    "LocalServer": {"directory": ".infra/dev/server"},
    "ProcessWorker": {"name": "w", "workPool": "etl", "directory": ".infra/dev/worker"},
    "WorkerDrain": {"workPool": "etl", "workers": ["etl-1"], "revision": "1"},
    "WorkerOnline": {"workPool": "etl", "workers": ["etl-1"]},
    "Deployments": {},
    "Release": {"deployments": {"hello/daily": "0"}},
}

BAD = [
    ("WorkPool", {"name": "a&b"}, "name", "must not contain &"),
    ("WorkPool", {"name": " ' "}, "name", "must not be empty"),
    ("WorkPool", {"name": "Prefect-pool"}, "name", "reserved"),
    ("WorkPool", {"concurrencyLimit": -1}, "concurrencyLimit", "0 or more, not -1"),
    ("WorkPool", {"concurrencyLimit": "3"}, "concurrencyLimit", "whole number"),
    ("WorkPool", {"concurrencyLimit": True}, "concurrencyLimit", "whole number"),
    ("WorkPool", {"paused": "yes"}, "paused", "true or false"),
    ("WorkPool", {"baseJobTemplate": {"variables": {}}}, "baseJobTemplate", "both 'job_configuration' and 'variables'"),
    (
        "WorkPool",
        {"baseJobTemplate": {"job_configuration": {"a": ["{{ image }}"]}, "variables": {"type": "object"}}},
        "baseJobTemplate",
        "uses image, which variables.properties does not declare",
    ),
    ("WorkPool", {"colour": "red"}, "colour", "WorkPool has no property 'colour'; it has: name, type"),
    ("WorkQueue", {"priority": 0}, "priority", "1 (the highest) or more"),
    ("Variable", {"name": "Region"}, "name", "lower-case"),
    ("Variable", {"name": "x" * 256}, "name", "at most 255"),
    ("Variable", {"value": "x" * 5001}, "value", "at most 5000 bytes"),
    ("Variable", {"value": {1: 2}}, "value", "keys of an object must be strings"),
    ("Variable", {"value": object()}, "value", "cannot be written as JSON"),
    ("Variable", {"tags": ["a", 1]}, "tags[1]", "must be a string"),
    ("BlockType", {"slug": "Ware house"}, "slug", "lower-case letters, digits and dashes"),
    ("BlockDocument", {"name": "a_b"}, "name", "lower-case letters, digits and dashes"),
    ("BlockDocument", {"data": []}, "data", "must be an object"),
    ("SecretBlock", {"value": float("inf")}, "value", "cannot be written as JSON"),
    ("GlobalConcurrencyLimit", {"limit": 1.5}, "limit", "whole number"),
    ("GlobalConcurrencyLimit", {"slotDecayPerSecond": -0.1}, "slotDecayPerSecond", "0 or more"),
    ("GlobalConcurrencyLimit", {"name": "tag:x"}, "name", "declare TaskRunConcurrencyLimit instead"),
    ("TaskRunConcurrencyLimit", {"limit": -1}, "limit", "0 or more"),
    ("Flow", {"labels": {"a": [1]}}, "labels.a", "a string, a number or a boolean"),
    ("Deployment", {"collisionStrategy": "WAIT"}, "collisionStrategy", "'ENQUEUE' or 'CANCEL_NEW'"),
    ("Deployment", {"concurrencyLimit": 0}, "concurrencyLimit", "1 or more"),
    ("Deployment", {"gracePeriodSeconds": 59}, "gracePeriodSeconds", "60"),
    ("Deployment", {"gracePeriodSeconds": 60}, "", "'gracePeriodSeconds' needs 'collisionStrategy'"),
    ("Deployment", {"workQueueName": "q"}, "", "'workQueueName' needs 'workPoolName'"),
    ("Deployment", {"concurrencyLimit": 1, "globalConcurrencyLimitId": "u"}, "", "not both"),
    ("DeploymentSchedule", {"cron": "* * * * *"}, "", "exactly one of 'cron', 'interval' and 'rrule'"),
    ("DeploymentSchedule", {"timezone": "Mars/Base"}, "timezone", "no time zone of the IANA database"),
    ("DeploymentSchedule", {"interval": 0.0}, "interval", "greater than 0"),
    ("DeploymentSchedule", {"dayOr": False}, "", "'dayOr' belongs to 'cron'"),
    ("DeploymentSchedule", {"anchorDate": "soon"}, "anchorDate", "no date and time"),
    ("Automation", {"trigger": {"type": "clock"}}, "trigger", "'event', 'metric', 'compound', 'sequence'"),
    ("Automation", {"trigger": {"type": "event", "posture": "Proactive", "within": 5}}, "trigger", "at least 10"),
    ("Automation", {"actions": [{"type": "run-deployment"}]}, "actions", "'deployment_id' is required"),
    ("Automation", {"actions": [{"type": "do-nothing", "x": 1}]}, "actions", "action x: unknown key"),
    (
        "Automation",
        {"actions": [{"type": "do-notthing"}]},
        "actions",
        "no action 'do-notthing'; did you mean do-nothing",
    ),
    (
        "Automation",
        {"trigger": {**GOOD["Automation"]["trigger"], "within": "soon"}},
        "trigger",
        "'soon' is no duration",
    ),
    ("ServiceAccount", {"apiKeyExpiration": "2027-01-01"}, "apiKeyExpiration", "has no time zone"),
    ("ServiceAccount", {"oldKeySeconds": 172801}, "oldKeySeconds", "172800"),
    ("WorkspaceRole", {"description": "x" * 141}, "description", "140"),
    ("WorkspaceRole", {"accountId": "acme"}, "accountId", "is no UUID"),
    ("Workspace", {"handle": "My Space"}, "handle", "lower-case letters, digits and dashes"),
    ("WorkspaceAccess", {"accessorType": "bot"}, "accessorType", "'user', 'service_account' or 'team'"),
    ("DeploymentAccess", {"manage": ["ada"]}, "manage[0]", "'ada' names nobody; give user/EMAIL"),
    ("Sla", {"slas": []}, "slas", "at least 1"),
    ("Sla", {"slas": [{"name": "a"}]}, "slas", "give one of duration, stale_after and within"),
    ("Sla", {"slas": [{"name": "a", "duration": 1}] * 2}, "slas", "the name 'a' is there twice"),
    ("Sla", {"slas": [{"name": "a", "duration": 1, "severty": "low"}]}, "slas", "did you mean severity?"),
    ("ManagedAutomation", {"type": "zombies"}, "type", "'zombie-cleanup' or 'stuck-cancelling'"),
    ("LocalServer", {"port": 70000}, "port", "65535"),
]


@pytest.mark.parametrize("model", KINDS.values(), ids=lambda model: model.kind)
def test_good_inputs_have_no_fault(model: type[Kind]) -> None:
    assert model.check(GOOD[model.kind]) == []


def test_durations_of_triggers_and_actions_are_seconds_in_any_form() -> None:
    trigger = {"type": "compound", "require": "all", "triggers": [{"type": "event", "posture": "Proactive"}]}
    spelt = [{**trigger, "within": within} for within in (60, 60.0, "PT1M", "0:01:00")]
    assert all(normal("Trigger", each) == normal("Trigger", spelt[0]) for each in spelt)
    run = {"type": "run-deployment", "source": "inferred"}
    assert short("Action", {**run, "schedule_after": "PT2M"}) == {**run, "schedule_after": 120}
    proactive = {"trigger": {"type": "event", "posture": "Proactive", "within": "PT5S"}}
    (fault,) = KINDS["prefect:index:Automation"].check({**GOOD["Automation"], **proactive})
    assert "at least 10 seconds" in fault.reason


def test_an_action_of_a_newer_server_is_handed_on() -> None:
    action = {"type": "write-poem", "lines": 4}
    assert normal("Action", [action]) == short("Action", [action]) == [action]
    assert unknown_action_fault("write-poem", "3.9.1") == ""
    assert unknown_action_fault("write-poem", "3.8.8", cloud=True) == ""
    assert "there is no action 'write-poem'; Prefect 3.8.8" in unknown_action_fault("write-poem", "3.8.8")
    assert "did you mean do-nothing" in unknown_action_fault("do-notthing", "3.9.1")


@pytest.mark.parametrize("model", KINDS.values(), ids=lambda model: model.kind)
def test_every_missing_required_field_is_named(model: type[Kind]) -> None:
    required = {spec.wire for spec in model.fields() if spec.required}
    faults = model.check({})
    assert {fault.property for fault in faults} == required
    assert all(f"{model.kind} needs '{fault.property}'" in fault.reason for fault in faults)
    assert model.check({}, unknown=required) == []


@pytest.mark.parametrize(("kind", "values", "path", "words"), BAD)
def test_bad_inputs_are_refused_in_clear_words(kind: str, values: dict[str, Any], path: str, words: str) -> None:
    (fault,) = KINDS[f"prefect:index:{kind}"].check({**GOOD[kind], **values})
    assert fault.property == path
    assert words in fault.reason
    assert not path or f"'{path.split('[')[0].split('.')[0]}'" in fault.reason


def test_a_secret_value_is_never_repeated() -> None:
    (fault,) = KINDS["prefect:index:SecretBlock"].check({"name": "a", "value": {"password-1": {2: "hunter2"}}})
    assert "hunter2" not in fault.reason


@pytest.mark.parametrize("model", [*KINDS.values(), ProviderConfig], ids=lambda model: model.kind)
def test_every_field_is_described(model: type[Kind]) -> None:
    assert model.__doc__
    for spec in model.fields():
        assert spec.description, spec.wire
        assert spec.type in {"str", "int", "float", "bool", "list", "dict", "any"}


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("http://127.0.0.1:4200/api", False),
        ("https://api.prefect.cloud/api/accounts/a/workspaces/w", False),
        ("127.0.0.1:4200", True),
        ("https://user:secret@host/api", True),
    ],
)
def test_api_url(url: str, fault: bool) -> None:
    faults = ProviderConfig.check({"apiUrl": url})
    assert bool(faults) is fault
    assert "secret" not in "".join(item.reason for item in faults)


def test_cloud() -> None:
    assert is_cloud("https://api.prefect.cloud/api/accounts/a/workspaces/w")
    assert not is_cloud("https://prefect.cloud.example.org/api")
    assert is_cloud("https://prefect.example.com/api/accounts/a/workspaces/w/")
    assert not is_cloud("https://prefect.example.com/accounts/team/api")
    assert [cloud_only(type_) for type_ in ("prefect:managed", "ecs:push", "ecs")] == [True, True, False]


@settings(deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=20), st.lists, max_leaves=20))
def test_any_json_value_is_a_value(value: Any) -> None:
    for kind in ("JsonBlock", "SecretBlock"):
        assert KINDS[f"prefect:index:{kind}"].check({"name": "a", "value": value}) == []


def test_property_paths() -> None:
    assert path_of(("tags", 0)) == "tags[0]"
    assert path_of(("a", "b", 1, "c")) == "a.b[1].c"
