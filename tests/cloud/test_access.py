"""A preview on Prefect Cloud: who the key is, what its role may not do, what the account's plan allows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from prefect_pulumi.core.errors import ApiError, ProviderError
from prefect_pulumi.core.provider_protocol import CreateRequest, UpdateRequest
from prefect_pulumi.provider.provider import PrefectProvider
from tests.provider.lifecycle import urn
from tests.support.cloud.proxy import CloudProxy
from tests.support.hosts import KeepingHost
from tools.cloud_contract import CONTRACT, SCOPES_FILE, scopes_text

pytestmark = pytest.mark.self_hosted  # it puts the proxy there itself
KEY = "pnu_of-the-tests"
AUTOMATION = {"trigger": {"type": "event", "posture": "Reactive", "expect": ["a"]}, "actions": [{"type": "do-nothing"}]}


@pytest.fixture
def limited() -> Iterator[CloudProxy]:
    """Its key's role and plan are the test's to choose; no server is behind it."""
    with CloudProxy("") as proxy:
        yield proxy


@pytest.fixture
def host() -> KeepingHost:
    return KeepingHost()


@pytest.fixture
def own(limited: CloudProxy, host: KeepingHost, tmp_path: Path) -> Iterator[PrefectProvider]:
    provider = PrefectProvider(tmp_path, host)
    provider.configure({"apiUrl": limited.url, "apiKey": KEY})
    yield provider
    provider.close()


def plan(provider: PrefectProvider, kind: str, **inputs: Any) -> None:
    name = f"planned-{uuid4().hex[:8]}"
    own = urn(kind).rpartition("::")[0] + f"::{name}"
    provider.create(CreateRequest(own, {"name": name, **inputs}, preview=True))


def test_the_scopes_are_those_of_the_contract() -> None:
    assert SCOPES_FILE.read_text("utf-8") == scopes_text(json.loads(CONTRACT.read_text("utf-8")))


def test_the_key_is_named_once(limited: CloudProxy, own: PrefectProvider, host: KeepingHost) -> None:
    for _ in range(3):
        plan(own, "Variable", value=1)
    assert host.lines == [("info", "signed in to Prefect Cloud as ada (ada@example.com)")]
    assert len(limited.seen) == 2  # who it is, and its scopes


def test_a_service_account_has_no_profile(limited: CloudProxy, own: PrefectProvider, host: KeepingHost) -> None:
    limited.membership.user = False
    plan(own, "Variable", value=1)
    assert host.lines == [("info", "signed in to Prefect Cloud as a service account")]


@pytest.mark.parametrize(
    ("kind", "inputs", "scopes"),
    [
        ("WorkPool", {"type": "process"}, "write_work_pools"),
        ("WorkQueue", {"workPoolName": "a"}, "write_work_queues"),
        ("SecretBlock", {"value": "a"}, "manage_blocks"),
        ("GlobalConcurrencyLimit", {"limit": 1}, "manage_concurrency_limits"),
        ("Deployment", {"flowName": "a"}, "write_deployments"),
        ("Deployments", {"fingerprints": {}}, "run_flows, write_deployments"),
    ],
)
def test_what_the_role_may_not_do_is_refused_in_the_preview(
    limited: CloudProxy, own: PrefectProvider, kind: str, inputs: dict[str, Any], scopes: str
) -> None:
    limited.membership.scopes = {"see_flows", "write_variables"}
    plan(own, "Variable", value=1)
    with pytest.raises(ProviderError) as caught:
        plan(own, kind, **inputs)
    assert caught.value.message.startswith(f"ada (ada@example.com) may not write objects of kind {kind}")
    assert f"the scopes {scopes}, or" in caught.value.remedy
    assert not [method for method, _ in limited.seen if method not in ("GET", "POST")]


def test_an_update_needs_scopes_too(limited: CloudProxy, own: PrefectProvider) -> None:
    limited.membership.scopes = {"see_variables"}
    olds, news = {"name": "a", "value": 1}, {"name": "a", "value": 2}
    change = UpdateRequest(
        urn("Variable"), str(uuid4()), old_inputs=olds, old_outputs=olds, new_inputs=news, preview=True
    )
    with pytest.raises(ProviderError, match="may not write objects of kind Variable"):
        own.update(change)
    with pytest.raises(ApiError, match="Missing scopes: write_variables"):
        own.create(CreateRequest(urn("Variable"), olds))


def test_what_the_plan_of_the_account_allows(limited: CloudProxy, own: PrefectProvider, host: KeepingHost) -> None:
    limited.membership.limits = {"work_pool_limit": 5}
    limited.membership.counts = {"POST /work_pools/count": 4}
    for _ in range(4):
        plan(own, "WorkPool", type="process")
        plan(own, "Automation", **AUTOMATION)
    warnings = [text for severity, text in host.lines if severity == "warning"]
    assert warnings == [
        "the account's plan allows 5 work pools; there are 4, and this plan makes 2 or more: Prefect Cloud may refuse "
        "them"
    ]
