"""The proxy of Prefect Cloud's contract over a real server, and a slice of what `make matrix` runs through it."""

from __future__ import annotations

from uuid import uuid4

import httpx
import pytest

from prefect_pulumi.provider.provider import PrefectProvider
from tests.provider.lifecycle import Case, lives
from tests.provider.lifecycle_cases import CASES
from tests.support.cloud.proxy import ACCOUNT, WORKSPACE, CloudProxy

pytestmark = pytest.mark.self_hosted  # it puts the proxy there itself
TRIGGER = {"type": "event", "posture": "Reactive", "expect": ["a"], "threshold": 1, "within": 0}
AUTOMATION = {"actions": [{"type": "do-nothing"}], "trigger": TRIGGER}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.kind)
def test_every_kind_keeps_the_contract(judged: CloudProxy, provider: PrefectProvider, case: Case) -> None:
    lives(provider, case)


def test_what_cloud_refuses_never_reaches_the_server(cloud: CloudProxy) -> None:
    cloud.faults.clear()
    name = f"refused-{uuid4().hex[:8]}"
    bodies = [{"type": "process"}, {"name": name, "type": "process", "color": "red"}]
    assert [httpx.post(f"{cloud.url}/work_pools/", json=body).status_code for body in bodies] == [422, 422]
    assert httpx.post(f"{cloud.url}/work_pools", json={"name": name, "type": "process"}).status_code == 404
    assert httpx.get(f"{cloud.url}/work_pools/{name}").status_code == 404
    assert len(cloud.faults) == 3


def test_what_only_cloud_takes_is_kept_beside_the_server(judged: CloudProxy) -> None:
    api = judged.url
    flow = httpx.post(f"{api}/flows/", json={"name": f"kept-{uuid4().hex[:8]}"}).json()
    created = httpx.post(
        f"{api}/deployments/",
        json={
            "name": "kept",
            "flow_id": flow["id"],
            "disabled": True,
            "schedules": [{"schedule": {"cron": "0 6 * * *"}, "catchup": True, "max_active_runs": 2}],
        },
    )
    row = httpx.get(f"{api}/deployments/{created.json()['id']}").json()
    assert row["disabled"] is True
    (schedule,) = row["schedules"]
    assert (schedule["catchup"], schedule["max_active_runs"]) == (True, 2)
    changed = httpx.patch(f"{api}/deployments/{row['id']}/schedules/{schedule['id']}", json={"catchup": False})
    assert changed.status_code == 204
    (schedule,) = httpx.get(f"{api}/deployments/{row['id']}").json()["schedules"]
    assert (schedule["catchup"], schedule["max_active_runs"]) == (False, 2)
    labels = {"labels": {"team": "data"}}
    assert httpx.patch(f"{api}/flows/{flow['id']}", json=labels).status_code == 204
    assert httpx.get(f"{api}/flows/{flow['id']}").json()["labels"]["team"] == "data"


def test_the_account_and_the_workspace_stand_in_what_cloud_marks_with_them(judged: CloudProxy) -> None:
    assert f"/accounts/{ACCOUNT}/workspaces/{WORKSPACE}" in judged.url
    row = httpx.post(f"{judged.url}/automations/", json=AUTOMATION | {"name": f"mark-{uuid4().hex[:8]}"}).json()
    assert (row["account"], row["workspace"]) == (ACCOUNT, WORKSPACE)


def test_actions_that_only_cloud_has_come_back(judged: CloudProxy) -> None:
    email = {"type": "send-email-notification", "emails": ["a@example.com"], "subject": "s", "body": "b"}
    body = AUTOMATION | {"name": f"mail-{uuid4().hex[:8]}", "actions": [email]}
    row = httpx.post(f"{judged.url}/automations/", json=body).json()
    assert row["actions"][0]["type"] == "send-email-notification"
    put = {key: row[key] for key in ("name", "description", "enabled", "tags", "trigger")}
    put |= {"actions": AUTOMATION["actions"], "actions_on_trigger": [], "actions_on_resolve": []}
    put["trigger"] = TRIGGER
    assert httpx.put(f"{judged.url}/automations/{row['id']}", json=put).status_code == 204
    assert httpx.get(f"{judged.url}/automations/{row['id']}").json()["actions"] == [{"type": "do-nothing"}]
