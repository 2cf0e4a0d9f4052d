"""A create whose answer is lost finds its own object, and never that of another resource."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from prefect_pulumi.core.provider_protocol import CheckRequest, CreateRequest, RecoverRequest
from prefect_pulumi.provider.provider import PrefectProvider
from tests.support.fault_proxy import FaultPlan, FaultProxy
from tests.support.hosts import StrictHost

QUIET = {"type": "event", "posture": "Reactive", "expect": ["nothing.of.this.name"]}
LOUD = {**QUIET, "expect": ["another.of.no.name"]}


@pytest.fixture
def provider(proxy: FaultProxy, tmp_path: Path) -> Iterator[PrefectProvider]:
    provider = PrefectProvider(tmp_path, StrictHost())
    provider.configure({"apiUrl": proxy.api})
    yield provider
    provider.close()


@pytest.fixture
def deployment(provider: PrefectProvider) -> str:
    name = f"lost-{uuid4().hex[:8]}"
    make(provider, "Flow", "flow", name=name)
    return make(provider, "Deployment", "deployment", name=name, flowName=name)


def urn(kind: str, name: str) -> str:
    return f"urn:pulumi:dev::project::prefect:index:{kind}::{name}"


def make(provider: PrefectProvider, kind: str, resource: str, **inputs: Any) -> str:
    """Id of a new object of the resource of that name."""
    checked = provider.check(CheckRequest(urn(kind, resource), new_inputs=inputs))
    assert checked.failures == ()
    return provider.create(CreateRequest(urn(kind, resource), checked.inputs)).id


def lose(proxy: FaultProxy, route: str, fault: str) -> None:
    """The next POST to the route gets no good answer; `after`: the server has acted."""
    proxy.plan = FaultPlan(once=[(lambda method, path: method == "POST" and bool(re.search(route, path)), fault)])


SCHEDULES = {
    "slugs": ({"cron": "0 3 * * *", "slug": "nightly"}, {"interval": 3600.0, "slug": "hourly"}),
    "rules": ({"cron": "0 3 * * *"}, {"interval": 3600.0}),
    "equal": ({"cron": "0 3 * * *"}, {"cron": "0 3 * * *"}),
}


@pytest.mark.parametrize("fault", ["503", "503 after", "reset after"])
@pytest.mark.parametrize("pair", SCHEDULES)
def test_two_schedules_keep_apart(
    provider: PrefectProvider, proxy: FaultProxy, deployment: str, pair: str, fault: str
) -> None:
    lose(proxy, "/schedules$", fault)
    with ThreadPoolExecutor() as pool:
        made = list(
            pool.map(
                lambda item: make(provider, "DeploymentSchedule", f"s{item[0]}", deploymentId=deployment, **item[1]),
                enumerate(SCHEDULES[pair]),
            )
        )
    assert proxy.plan.once == []
    rows = provider.connection.client().request("GET", f"/deployments/{deployment}/schedules")
    assert sorted(made) == sorted(row["id"] for row in rows)
    rules = {row["id"]: row["schedule"] for row in rows}
    for id, inputs in zip(made, SCHEDULES[pair], strict=True):
        assert rules[id].get("cron") == inputs.get("cron")
        assert rules[id].get("interval") == inputs.get("interval")


def test_a_lost_schedule_is_not_its_sibling(provider: PrefectProvider, proxy: FaultProxy, deployment: str) -> None:
    """While the answer is lost another schedule comes into being: it was not there before, and is not ours."""
    lose(proxy, "/schedules$", "503")
    nightly, hourly = SCHEDULES["slugs"]

    def intrude(method: str, path: str) -> bool:
        if method != "POST" or not path.endswith("/schedules"):
            return False
        body = [{"schedule": {"cron": nightly["cron"], "timezone": "UTC"}, "slug": "nightly"}]
        httpx.post(f"http://127.0.0.1:{proxy.upstream}{path}", json=body).raise_for_status()
        return True

    proxy.plan.once[0] = (intrude, "503")
    id = make(provider, "DeploymentSchedule", "hourly", deploymentId=deployment, **hourly)
    rows = provider.connection.client().request("GET", f"/deployments/{deployment}/schedules")
    assert {row["slug"] for row in rows} == {"nightly", "hourly"}
    assert next(row["slug"] for row in rows if row["id"] == id) == "hourly"


AUTOMATIONS = {"other": (QUIET, LOUD), "equal": (QUIET, QUIET)}


@pytest.mark.parametrize("fault", ["503", "503 after"])
@pytest.mark.parametrize("pair", AUTOMATIONS)
def test_two_automations_of_one_name_keep_apart(
    provider: PrefectProvider, proxy: FaultProxy, pair: str, fault: str
) -> None:
    name = f"lost-{uuid4().hex[:8]}"
    action = {"type": "cancel-flow-run"}
    lose(proxy, "/automations/$", fault)
    with ThreadPoolExecutor() as pool:
        made = list(
            pool.map(
                lambda item: make(
                    provider, "Automation", f"a{item[0]}", name=name, trigger=item[1], actions=[action], enabled=False
                ),
                enumerate(AUTOMATIONS[pair]),
            )
        )
    assert proxy.plan.once == []
    body = {"automations": {"name": {"any_": [name]}}}
    rows = provider.connection.client().request("POST", "/automations/filter", json=body)
    assert sorted(made) == sorted(row["id"] for row in rows)
    expected = {row["id"]: row["trigger"]["expect"] for row in rows}
    assert [expected[id] for id in made] == [trigger["expect"] for trigger in AUTOMATIONS[pair]]


def test_what_another_resource_has_is_never_recovered(provider: PrefectProvider, deployment: str) -> None:
    inputs = {"deploymentId": deployment, "cron": "0 3 * * *"}
    id = make(provider, "DeploymentSchedule", "first", **inputs)
    second = urn("DeploymentSchedule", "second")
    found = provider.recover(RecoverRequest(second, inputs, 0.0))
    assert found is not None
    assert found.id == id
    assert provider.recover(RecoverRequest(second, inputs, 0.0, frozenset({id}))) is None
    name = f"lost-{uuid4().hex[:8]}"
    variable = make(provider, "Variable", "first", name=name, value=1)
    request = RecoverRequest(urn("Variable", "second"), {"name": name, "value": 1}, 0.0, frozenset({variable}))
    assert provider.recover(request) is None
