"""Kinds that only Prefect Cloud has, on a stand-in made of its contract: lifecycle, drift, imports, secrets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from prefect_pulumi.core.errors import ProviderError
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
from prefect_pulumi.core.values import UNKNOWN, Secret, unwrap
from prefect_pulumi.provider.provider import PrefectProvider
from tests.provider.lifecycle import Case, lives, urn
from tests.support.cloud.proxy import CloudProxy
from tests.support.hosts import SilentHost

pytestmark = pytest.mark.self_hosted  # it puts the proxy there itself
ELSEWHERE = "0a1b2c3d-0000-4000-8000-00000000beef"
TEMPLATE = '{"event": "a", "resource": {"prefect.resource.id": "b"}}'

CASES = [
    Case(
        "Webhook",
        good={"name": "hook-{n}", "template": TEMPLATE, "description": "orders", "enabled": False},
        bad={},
        bad_property="",
        changed={"name": "hook-{n}", "template": "{}"},
        details={"template": DiffKind.UPDATE, "description": DiffKind.UPDATE, "enabled": DiffKind.UPDATE},
        secret="url",
    ),
    Case(
        "Team",
        good={"name": "team-{n}", "description": "data"},
        bad={},
        bad_property="",
        changed={"name": "other-{n}"},
        details={"name": DiffKind.UPDATE, "description": DiffKind.UPDATE},
    ),
    Case(
        "WorkspaceRole",
        good={"name": "role-{n}", "scopes": ["see_flows", "run_flows"], "description": "runs"},
        bad={},
        bad_property="",
        changed={"name": "role-{n}", "scopes": ["see_flows"]},
        details={"scopes": DiffKind.UPDATE, "description": DiffKind.UPDATE},
    ),
    Case(
        "Workspace",
        good={"name": "Space {n}", "handle": "space-{n}", "description": "tries"},
        bad={},
        bad_property="",
        changed={"name": "Other {n}", "handle": "space-{n}", "deletionProtection": False},
        details={"name": DiffKind.UPDATE, "description": DiffKind.UPDATE, "deletionProtection": DiffKind.ADD},
        replacing={"handle": "space-{n}", "accountId": ELSEWHERE},
        replaces=("accountId",),
        human="{handle}",
    ),
    Case(
        "WorkspaceAccess",
        good={"accessorType": "user", "accessor": "ada@example.com", "role": "Developer"},
        bad={},
        bad_property="",
        changed={"accessorType": "user", "accessor": "ada@example.com", "role": "Viewer"},
        details={"role": DiffKind.UPDATE},
        replacing={"accessorType": "user", "accessor": "bob", "role": "Developer"},
        replaces=("accessor",),
        human="{accessorType}/{accessor}",
    ),
    Case(
        "TeamMember",
        good={"team": "crew", "memberType": "user", "member": "bob@example.com"},
        bad={},
        bad_property="",
        replacing={"team": "crew", "memberType": "user", "member": "ada"},
        replaces=("member",),
        human="{team}/{member}",
    ),
    Case(
        "DeploymentAccess",
        good={"deploymentId": "{deployment}", "manage": ["team/crew", "user/ada@example.com"], "view": ["*"]},
        bad={},
        bad_property="",
        changed={"deploymentId": "{deployment}", "manage": ["team/crew"], "run": ["user/bob"], "view": ["*"]},
        details={"manage": DiffKind.UPDATE, "run": DiffKind.UPDATE},
        human="lifecycle/lifecycle",
        unique=False,
        stays=True,
    ),
    Case(
        "WorkPoolAccess",
        good={"workPoolName": "lifecycle", "run": ["user/ada@example.com"], "view": ["*"]},
        bad={},
        bad_property="",
        changed={"workPoolName": "lifecycle", "run": ["user/bob"], "view": ["*"]},
        details={"run[0]": DiffKind.UPDATE},
        human="{workPoolName}",
        unique=False,
        stays=True,
    ),
    Case(
        "BlockAccess",
        good={"blockDocumentId": ELSEWHERE, "manage": ["user/ada@example.com"]},
        bad={},
        bad_property="",
        changed={"blockDocumentId": ELSEWHERE, "manage": ["user/ada@example.com"], "view": ["*"]},
        details={"view": DiffKind.UPDATE},
        human="",
        unique=False,
        stays=True,
    ),
    Case(
        "Sla",
        good={
            "deploymentId": "{deployment}",
            "slas": [
                {"name": "in-time", "duration": 600},
                {"name": "fresh", "within": 60, "expected_event": "a", "resource_match": {"b": "c"}, "severity": "low"},
            ],
        },
        bad={},
        bad_property="",
        changed={"deploymentId": "{deployment}", "slas": [{"name": "in-time", "duration": 900, "enabled": False}]},
        details={"slas": DiffKind.UPDATE},
        human="lifecycle/lifecycle",
        unique=False,
    ),
    Case(
        "ManagedAutomation",
        good={"type": "zombie-cleanup", "enabled": True, "settings": {"grace_seconds": 30}},
        bad={},
        bad_property="",
        changed={"type": "zombie-cleanup", "enabled": False, "settings": {"grace_seconds": 90}},
        details={"enabled": DiffKind.UPDATE, "settings.grace_seconds": DiffKind.UPDATE},
        replacing={"type": "stuck-cancelling"},
        replaces=("type",),
        human="{type}",
    ),
]


@pytest.fixture(scope="module")
def crew(provider: PrefectProvider) -> Iterator[str]:
    """UUID of a team that the cases name."""
    inputs = {"name": "crew"}
    id, outputs = made(provider, "Team", inputs)
    yield id
    provider.delete(DeleteRequest(urn("Team"), id, inputs, outputs))


@pytest.mark.usefixtures("crew")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.kind)
def test_a_whole_life(judged: CloudProxy, provider: PrefectProvider, case: Case) -> None:
    lives(provider, case)


def rows(cloud: CloudProxy, name: str) -> dict[str, dict[str, Any]]:
    """Of the stand-in, as `name` ends its collection; those of another account or workspace begin with its id."""
    kept = cloud.stand_in.rows.items()
    return next(rows for key, rows in kept if key.startswith("/") and key.endswith(f"/{name}/"))


def made(provider: PrefectProvider, kind: str, inputs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    checked = provider.check(CheckRequest(urn(kind), new_inputs=inputs))
    assert checked.failures == ()
    created = provider.create(CreateRequest(urn(kind), checked.inputs))
    return created.id, created.outputs


@pytest.mark.parametrize(
    ("kind", "name", "inputs", "change"),
    [
        ("Webhook", "webhooks", {"template": "{}"}, {"enabled": False}),
        ("Team", "teams", {}, {"description": "from the UI"}),
        ("WorkspaceRole", "workspace_roles", {"scopes": ["see_flows"]}, {"scopes": ["see_flows", "run_flows"]}),
        ("ServiceAccount", "bots", {}, {"name": "renamed"}),
    ],
)
def test_what_is_changed_or_deleted_outside_is_seen(
    judged: CloudProxy, provider: PrefectProvider, kind: str, name: str, inputs: dict[str, Any], change: dict[str, Any]
) -> None:
    inputs = {"name": f"outside-{uuid4().hex[:8]}", **inputs}
    id, outputs = made(provider, kind, inputs)
    live = rows(judged, name)
    live[id] |= change
    (read,) = provider.read_many([ReadRequest(urn(kind), id, inputs, outputs)])
    assert not isinstance(read, Exception)
    request = DiffRequest(urn(kind), id, old_inputs=read.inputs, old_outputs=read.outputs, new_inputs=inputs)
    difference = provider.diff(request)
    assert {path.partition("[")[0] for path in difference.detailed} == set(change)
    healed = provider.update(
        UpdateRequest(urn(kind), id, old_inputs=read.inputs, old_outputs=read.outputs, new_inputs=inputs)
    )
    assert (
        provider.diff(DiffRequest(urn(kind), id, old_inputs=inputs, old_outputs=healed, new_inputs=inputs)).changes
        is Changes.NONE
    )
    del live[id]
    assert provider.read(ReadRequest(urn(kind), id, inputs, healed)).id == ""
    provider.delete(DeleteRequest(urn(kind), id, inputs, healed))  # gone already
    with pytest.raises(ProviderError, match="refresh"):
        provider.update(
            UpdateRequest(urn(kind), id, old_inputs=inputs, old_outputs=healed, new_inputs={**inputs, "name": "other"})
        )


def test_a_webhooks_url_is_a_secret_that_keepers_rotate(judged: CloudProxy, provider: PrefectProvider) -> None:
    name, inputs = urn("Webhook"), {"name": f"hook-{uuid4().hex[:8]}", "template": "{}", "keepers": {"month": "1"}}
    id, outputs = made(provider, "Webhook", inputs)
    slug = rows(judged, "webhooks")[id]["slug"]
    assert isinstance(outputs["url"], Secret)
    assert unwrap(outputs["url"]) == f"{judged.url.partition('/api/')[0]}/hooks/{slug}"
    later = {**inputs, "keepers": {"month": "2"}}
    request = UpdateRequest(name, id, old_inputs=inputs, old_outputs=outputs, new_inputs=later, preview=True)
    assert unwrap(provider.update(request)["url"]) is UNKNOWN
    rotated = provider.update(UpdateRequest(name, id, old_inputs=inputs, old_outputs=outputs, new_inputs=later))
    assert unwrap(rotated["url"]).endswith(rows(judged, "webhooks")[id]["slug"])
    assert unwrap(rotated["url"]) != unwrap(outputs["url"])
    assert (
        provider.diff(DiffRequest(name, id, old_inputs=later, old_outputs=rotated, new_inputs=later)).changes
        is Changes.NONE
    )
    provider.delete(DeleteRequest(name, id, later, rotated))


def test_a_key_is_told_once_and_rotated(judged: CloudProxy, provider: PrefectProvider) -> None:
    name, inputs = urn("ServiceAccount"), {"name": f"bot-{uuid4().hex[:8]}"}
    id, outputs = made(provider, "ServiceAccount", inputs)
    assert isinstance(outputs["apiKey"], Secret)
    assert unwrap(outputs["apiKey"]) == judged.stand_in.keys[outputs["apiKeyId"]]
    read = provider.read(ReadRequest(name, id, inputs, outputs))
    assert (read.inputs, read.outputs) == (inputs, outputs)
    later = {**inputs, "apiKeyExpiration": "2027-01-01T00:00:00+00:00", "oldKeySeconds": 60}
    planned = UpdateRequest(name, id, old_inputs=inputs, old_outputs=outputs, new_inputs=later, preview=True)
    assert unwrap(provider.update(planned)["apiKey"]) is UNKNOWN
    rotated = provider.update(UpdateRequest(name, id, old_inputs=inputs, old_outputs=outputs, new_inputs=later))
    assert unwrap(rotated["apiKey"]) == judged.stand_in.keys[rotated["apiKeyId"]] != unwrap(outputs["apiKey"])
    assert (
        provider.diff(DiffRequest(name, id, old_inputs=later, old_outputs=rotated, new_inputs=later)).changes
        is Changes.NONE
    )

    httpx.post(f"{judged.url.partition('/workspaces/')[0]}/bots/{id}/rotate_api_key", json={})
    drifted = provider.read(ReadRequest(name, id, later, rotated))
    assert drifted.outputs["keyLost"] is True
    assert "apiKey" not in drifted.outputs
    difference = provider.diff(DiffRequest(name, id, old_inputs=later, old_outputs=drifted.outputs, new_inputs=later))
    assert difference.detailed["apiKey"] is DiffKind.UPDATE
    healed = provider.update(UpdateRequest(name, id, old_inputs=later, old_outputs=drifted.outputs, new_inputs=later))
    assert unwrap(healed["apiKey"]) == judged.stand_in.keys[healed["apiKeyId"]]
    assert (
        provider.diff(DiffRequest(name, id, old_inputs=later, old_outputs=healed, new_inputs=later)).changes
        is Changes.NONE
    )
    provider.delete(DeleteRequest(name, id, later, healed))


def test_an_imported_service_account_is_in_order_without_its_key(judged: CloudProxy, provider: PrefectProvider) -> None:
    inputs = {"name": f"bot-{uuid4().hex[:8]}"}
    id, outputs = made(provider, "ServiceAccount", inputs)
    imported = provider.read(ReadRequest(urn("ServiceAccount"), inputs["name"]))
    assert (imported.id, imported.inputs) == (id, inputs)
    assert "apiKey" not in imported.outputs
    request = DiffRequest(
        urn("ServiceAccount"), id, old_inputs=imported.inputs, old_outputs=imported.outputs, new_inputs=inputs
    )
    assert provider.diff(request).changes is Changes.NONE
    found = provider.recover(RecoverRequest(urn("ServiceAccount"), inputs, since=0.0))
    assert found is not None  # of a create whose answer nobody got: the key is nobody's
    assert provider.diff(
        DiffRequest(urn("ServiceAccount"), id, old_inputs=inputs, old_outputs=found.outputs, new_inputs=inputs)
    ).detailed == {"apiKey": DiffKind.UPDATE}
    provider.delete(DeleteRequest(urn("ServiceAccount"), id, inputs, outputs))


def test_the_key_of_a_user(judged: CloudProxy, provider: PrefectProvider) -> None:
    """Read without its key, replaced by one that is there before the old one goes, gone when it is deleted outside."""
    name = urn("UserApiKey")
    inputs = {"name": f"key-{uuid4().hex[:8]}", "user": "ada@example.com", "expiration": "2031-01-01T00:00:00+00:00"}
    id, outputs = made(provider, "UserApiKey", inputs)
    assert isinstance(outputs["apiKey"], Secret)
    assert unwrap(outputs["apiKey"]).startswith("pnu_")
    assert id.partition("/")[0] == outputs["userId"]
    read = provider.read(ReadRequest(name, id, inputs, outputs))
    assert (read.id, read.inputs, read.outputs) == (id, inputs, outputs)
    for changed in ({"keepers": {"issued": "2"}}, {"expiration": "2032-01-01T00:00:00+00:00"}, {"name": "other"}):
        news = {**inputs, **changed}
        diff = provider.diff(DiffRequest(name, id, old_inputs=inputs, old_outputs=outputs, new_inputs=news))
        assert (set(diff.replaces), diff.delete_before_replace) == (set(changed), False)
    again, second = made(provider, "UserApiKey", inputs)
    assert unwrap(second["apiKey"]) != unwrap(outputs["apiKey"])
    provider.delete(DeleteRequest(name, id, inputs, outputs))

    imported = provider.read(ReadRequest(name, f"ada/{inputs['name']}"))
    assert (imported.id, imported.inputs) == (again, inputs)
    assert "apiKey" not in imported.outputs
    same = DiffRequest(name, again, old_inputs=imported.inputs, old_outputs=imported.outputs, new_inputs=inputs)
    assert provider.diff(same).changes is Changes.NONE
    lost = provider.recover(RecoverRequest(name, inputs, since=0.0))
    assert lost is not None  # of a create whose answer nobody got
    nobodys = DiffRequest(name, again, old_inputs=inputs, old_outputs=lost.outputs, new_inputs=inputs)
    assert provider.diff(nobodys).detailed == {"apiKey": DiffKind.UPDATE_REPLACE}

    root, user = judged.url.partition("/accounts/")[0], outputs["userId"]
    httpx.delete(f"{root}/users/{user}/api_keys/{again.partition('/')[2]}").raise_for_status()
    assert provider.read(ReadRequest(name, again, inputs, second)).id == ""
    provider.delete(DeleteRequest(name, again, inputs, second))
    with pytest.raises(ProviderError, match="the account has no user 'nobody'"):
        provider.create(CreateRequest(name, {"name": "a", "user": "nobody"}))


def test_a_scope_that_cloud_does_not_know_is_refused(judged: CloudProxy, provider: PrefectProvider) -> None:
    inputs = {"name": "role", "scopes": ["see_flows", "fly"]}
    (failure,) = provider.check(CheckRequest(urn("WorkspaceRole"), new_inputs=inputs)).failures
    assert (failure.property, failure.reason) == ("scopes", "Prefect Cloud has no scope 'fly'")


def test_two_of_one_name_ask_for_the_uuid(judged: CloudProxy, provider: PrefectProvider) -> None:
    name = f"twice-{uuid4().hex[:8]}"
    for _ in range(2):
        httpx.post(f"{judged.url}/webhooks/", json={"name": name, "template": "{}"})
    with pytest.raises(ProviderError, match=f"several objects of kind Webhook have the name '{name}'"):
        provider.read(ReadRequest(urn("Webhook"), name))


@pytest.mark.parametrize("kind", ["Webhook", "Team", "WorkspaceRole", "ServiceAccount", "UserApiKey"])
def test_a_server_of_ones_own_has_none(kind: str, tmp_path: Path) -> None:
    provider = PrefectProvider(tmp_path, SilentHost())
    provider.configure({"apiUrl": "http://127.0.0.1:1/api"})
    inputs = {"name": "a"} | {"Webhook": {"template": "{}"}, "UserApiKey": {"user": "ada"}}.get(kind, {})
    (failure,) = provider.check(CheckRequest(urn(kind), new_inputs=inputs)).failures
    assert failure.reason == f"{kind} exists on Prefect Cloud only, and http://127.0.0.1:1/api is a self-hosted server"
    provider.close()
