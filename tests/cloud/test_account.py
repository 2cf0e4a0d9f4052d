"""Places, people and access on Prefect Cloud's stand-in: drift, imports, warnings, and what is never deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest

from prefect_pulumi.core.errors import ProviderError
from prefect_pulumi.core.provider_protocol import (
    Changes,
    CheckRequest,
    CreateRequest,
    DeleteRequest,
    DiffRequest,
    InvokeRequest,
    ReadRequest,
    UpdateRequest,
)
from prefect_pulumi.provider.provider import PrefectProvider
from tests.provider.lifecycle import MADE, urn
from tests.support.cloud.account import fixed
from tests.support.cloud.proxy import WORKSPACE, CloudProxy
from tests.support.hosts import KeepingHost

pytestmark = pytest.mark.self_hosted  # it puts the proxy there itself
OTHER = "0a1b2c3d-0000-4000-8000-00000000beef"
Made = Callable[[str, dict[str, Any]], tuple[str, dict[str, Any]]]


@pytest.fixture
def made(provider: PrefectProvider) -> Iterator[Made]:
    """Creates an object of a kind, and deletes it after the test."""
    objects: list[DeleteRequest] = []

    def create(kind: str, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        checked = provider.check(CheckRequest(urn(kind), new_inputs=inputs))
        assert checked.failures == ()
        created = provider.create(CreateRequest(urn(kind), checked.inputs))
        objects.append(DeleteRequest(urn(kind), created.id, checked.inputs, created.outputs))
        return created.id, created.outputs

    yield create
    for request in reversed(objects):
        provider.delete(request)


def changes(provider: PrefectProvider, kind: str, id: str, inputs: Any, outputs: Any) -> set[str]:
    """Properties that differ from the program after a read."""
    (read,) = provider.read_many([ReadRequest(urn(kind), id, inputs, outputs)])
    assert not isinstance(read, Exception)
    request = DiffRequest(urn(kind), id, old_inputs=read.inputs, old_outputs=read.outputs, new_inputs=inputs)
    return {path.partition("[")[0] for path in provider.diff(request).detailed}


def test_an_object_of_another_workspace_and_account(judged: CloudProxy, provider: PrefectProvider, made: Made) -> None:
    inputs = {"name": f"hook-{uuid4().hex[:8]}", "template": "{}", "workspaceId": OTHER}
    id, outputs = made("Webhook", inputs)
    (key,) = [key for key, rows in judged.stand_in.rows.items() if id in rows]
    assert key.startswith(OTHER)
    assert changes(provider, "Webhook", id, inputs, outputs) == set()
    assert provider.read(ReadRequest(urn("Webhook"), inputs["name"])).id == ""
    imported = provider.read(ReadRequest(urn("Webhook"), f"{inputs['name']},{OTHER}"))
    assert (imported.id, imported.inputs["workspaceId"]) == (id, OTHER)

    team = {"name": f"team-{uuid4().hex[:8]}", "accountId": OTHER}
    id, _ = made("Team", team)
    assert provider.read(ReadRequest(urn("Team"), f"{team['name']},{OTHER}")).id == id

    here = {"name": f"hook-{uuid4().hex[:8]}", "template": "{}"}
    id, outputs = made("Webhook", here)
    for place, expected in ((WORKSPACE, Changes.NONE), (OTHER, Changes.SOME)):
        named = {**here, "workspaceId": place}
        request = DiffRequest(urn("Webhook"), id, old_inputs=here, old_outputs=outputs, new_inputs=named)
        assert provider.diff(request).changes is expected
    (failure,) = provider.check(CheckRequest(urn("Webhook"), new_inputs={**here, "accountId": OTHER})).failures
    assert failure.property == "workspaceId"


def test_service_accounts_and_teams_get_roles(judged: CloudProxy, provider: PrefectProvider, made: Made) -> None:
    bot, _ = made("ServiceAccount", {"name": "ci"})
    team, _ = made("Team", {"name": "data"})
    for kind, name, id in (("service_account", "ci", bot), ("team", "data", team)):
        inputs = {"accessorType": kind, "accessor": name, "role": "Runner"}
        access, outputs = made("WorkspaceAccess", inputs)
        assert outputs["accessorId"] == id
        assert provider.read(ReadRequest(urn("WorkspaceAccess"), f"{kind}/{name}")).id == access
        (row,) = judged.stand_in.account.access[WORKSPACE, kind.split("_")[0].replace("service", "bot")].values()
        row["workspace_role_id"] = fixed("workspace role Owner")
        assert changes(provider, "WorkspaceAccess", access, inputs, outputs) == {"role"}
        again = {**inputs, "accessor": id}
        assert changes(provider, "WorkspaceAccess", access, again, outputs) == {"role"}  # the UUID is the same one
    member = {"team": "data", "memberType": "service_account", "member": bot}
    id, outputs = made("TeamMember", member)
    assert changes(provider, "TeamMember", id, member, outputs) == set()
    judged.stand_in.account._teams()[team]["memberships"].clear()
    assert provider.read(ReadRequest(urn("TeamMember"), id, member, outputs)).id == ""


def test_a_name_that_nobody_has_is_refused(provider: PrefectProvider) -> None:
    for kind, inputs, message in (
        (
            "WorkspaceAccess",
            {"accessorType": "user", "accessor": "adda@example.com", "role": "Owner"},
            "the account has no user 'adda@example.com'; did you mean ada@example.com",
        ),
        (
            "WorkspaceAccess",
            {"accessorType": "user", "accessor": "ada", "role": "Oner"},
            "the account has no workspace role 'Oner'; did you mean Owner",
        ),
        ("TeamMember", {"team": "none", "member": "ada"}, "the account has no team 'none'"),
    ):
        with pytest.raises(ProviderError, match=message):
            provider.create(CreateRequest(urn(kind), inputs))


def test_who_loses_access_stands_in_the_plan(
    judged: CloudProxy, provider: PrefectProvider, said: KeepingHost, made: Made
) -> None:
    deployment = MADE["Deployment"]
    judged.stand_in.account.lists.clear()
    inputs = {"deploymentId": deployment, "manage": ["user/ada"], "run": ["*"], "view": ["*"]}
    said.lines.clear()
    provider.create(CreateRequest(urn("DeploymentAccess"), inputs, preview=True))
    (line,) = [line for line in map(str, said.lines) if "no longer" in line]
    assert f"access list of the deployment {deployment}: who may manage it no longer: *" in line
    id, outputs = made("DeploymentAccess", inputs)
    actors = judged.stand_in.account.lists[f"/deployments/{deployment}/access"]["manage_actors"]
    actors.append({"id": str(uuid4()), "name": "guest", "email": "guest@example.com", "type": "user"})
    assert changes(provider, "DeploymentAccess", id, inputs, outputs) == {"manage"}
    said.lines.clear()
    update = UpdateRequest(
        urn("DeploymentAccess"), id, old_inputs=inputs, old_outputs=outputs, new_inputs=inputs, preview=True
    )
    provider.update(update)
    assert any("no longer: user/guest@example.com" in str(line) for line in said.lines)


def test_an_agreement_that_was_added_outside_is_drift_and_goes(
    judged: CloudProxy, provider: PrefectProvider, said: KeepingHost, made: Made
) -> None:
    inputs = {"deploymentId": MADE["Deployment"], "slas": [{"name": "a", "stale_after": 60}]}
    id, outputs = made("Sla", inputs)
    rows = judged.stand_in.account.slas[f"prefect.deployment.{id}"]
    rows.append({**rows[0], "name": "from the UI"})
    assert changes(provider, "Sla", id, inputs, outputs) == {"slas"}
    said.lines.clear()
    provider.create(CreateRequest(urn("Sla"), inputs, preview=True))
    assert any("it goes: from the UI" in str(line) for line in said.lines)
    rows.clear()
    assert provider.read(ReadRequest(urn("Sla"), id, inputs, outputs)).id == ""


def test_a_workspace_is_protected(judged: CloudProxy, provider: PrefectProvider) -> None:
    inputs = {"name": "Kept", "handle": f"kept-{uuid4().hex[:8]}", "defaultWorkspaceRoleId": OTHER}
    created = provider.create(CreateRequest(urn("Workspace"), inputs))
    assert created.outputs["defaultWorkspaceRoleId"] == OTHER
    with pytest.raises(ProviderError, match="is protected") as error:
        provider.delete(DeleteRequest(urn("Workspace"), created.id, inputs, created.outputs))
    assert "set its deletion_protection to False" in str(error.value)
    later = {**inputs, "deletionProtection": False}
    before = {"old_inputs": inputs, "old_outputs": created.outputs}
    outputs = provider.update(UpdateRequest(urn("Workspace"), created.id, new_inputs=later, **before))
    provider.delete(DeleteRequest(urn("Workspace"), created.id, later, outputs))
    assert provider.read(ReadRequest(urn("Workspace"), created.id, later, outputs)).id == ""


@pytest.mark.parametrize(
    ("kind", "human", "inputs", "other"),
    [
        ("AccountMember", "bob@example.com", {"email": "bob@example.com", "role": "Member"}, {"role": "Admin"}),
        ("AccountMember", "bob@example.com", {"email": "bob"}, {"active": False}),
        ("Account", "acme", {"name": "Acme", "location": "Paris"}, {"name": "Acme Corporation"}),
        ("Account", "acme", {"name": "Acme", "allowPublicWorkspaces": False}, {"allowPublicWorkspaces": True}),
    ],
)
def test_what_is_only_imported(
    judged: CloudProxy, provider: PrefectProvider, said: KeepingHost, kind: str, human: str, inputs: Any, other: Any
) -> None:
    name = urn(kind)
    for preview in (True, False):
        with pytest.raises(ProviderError, match="cannot be created") as error:
            provider.create(CreateRequest(name, inputs, preview=preview))
        assert f"infra import {kind} " in str(error.value)
    read = provider.read(ReadRequest(name, human))
    assert read.id
    (known,) = provider.read_many([ReadRequest(name, read.id, read.inputs, read.outputs)])
    assert known == read
    wanted = {**inputs, **other}
    known_as = {"old_inputs": read.inputs, "old_outputs": read.outputs}
    assert {*provider.diff(DiffRequest(name, read.id, new_inputs=wanted, **known_as)).detailed} >= {*other}
    outputs = provider.update(UpdateRequest(name, read.id, new_inputs=wanted, **known_as))
    assert {wire: outputs[wire] for wire in wanted} == wanted
    same = DiffRequest(name, read.id, old_inputs=wanted, old_outputs=outputs, new_inputs=wanted)
    assert provider.diff(same).changes is Changes.NONE
    provider.delete(DeleteRequest(name, read.id, wanted, outputs))
    assert provider.read(ReadRequest(name, read.id, wanted, outputs)).id == read.id
    assert any("it stays as it is on Prefect Cloud" in str(line) for line in said.lines)
    back = {**{wire: read.outputs[wire] for wire in other if wire in read.outputs}, **inputs}
    provider.update(UpdateRequest(name, read.id, old_inputs=wanted, old_outputs=outputs, new_inputs=back))


def test_a_setting_that_a_managed_automation_lacks_is_refused(judged: CloudProxy, provider: PrefectProvider) -> None:
    inputs = {"type": "zombie-cleanup", "settings": {"grace_second": 1}}
    (failure,) = provider.check(CheckRequest(urn("ManagedAutomation"), new_inputs=inputs)).failures
    assert failure.reason == "zombie-cleanup has no setting 'grace_second'; did you mean grace_seconds?"


def test_roles_users_and_members_are_data(judged: CloudProxy, provider: PrefectProvider) -> None:
    def value(function: str, **args: Any) -> dict[str, Any]:
        result = provider.invoke(InvokeRequest(f"prefect:index:{function}", args))
        assert result.failures == ()
        return dict(result.value)

    role = value("getAccountRole", name="Admin")
    assert (role["id"], role["permissions"]) == (fixed("account role Admin"), ["read:account"])
    assert {row["name"] for row in value("listAccountRoles")["items"]} == {"Admin", "Member"}
    user = value("getUser", name="ada")
    assert (user["id"], user["actorId"]) == (fixed("user ada"), fixed("actor ada"))
    assert value("getUser", id=user["id"]) == value("getUser", name="ada@example.com") == user
    assert [row["email"] for row in value("listUsers")["items"]] == ["ada@example.com", "bob@example.com"]
    assert value("getAccountMember", name="ada")["userId"] == user["id"]
    assert [row["handle"] for row in value("listAccounts")["items"]] == ["acme"]
