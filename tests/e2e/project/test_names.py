"""Two resources of one program with the same name on the server: refused in the preview, before anything is written."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from prefect_pulumi.api.blocking import BlockingClient
from prefect_pulumi.core.provider_protocol import CheckRequest
from prefect_pulumi.core.values import UNKNOWN
from prefect_pulumi.provider.provider import PrefectProvider
from tests.support.hosts import StrictHost
from tests.support.projects import Project

PROGRAM = """\
from prefect_pulumi.resources import Variable, WorkPool, WorkQueue

WorkPool("pool", name="{n}", type="process")
WorkPool("again", name="{n}", type="process")
WorkQueue("fast", name="q", work_pool_name="{n}")
WorkQueue("slow", name="q", work_pool_name="{n}")
Variable("{n}", value=1)
Variable("other", name="{n}", value=2)
"""


@pytest.mark.e2e
@pytest.mark.parametrize("command", [("preview",), ("up", "--yes"), ("up", "--yes", "--adopt")])
def test_the_preview_names_both_resources(small: Project, prefect_server: str, command: tuple[str, ...]) -> None:
    name = f"same-{uuid4().hex[:8]}"
    small.write(PROGRAM.replace("{n}", name))
    refused = small.infra(*command, check=False)
    assert refused.returncode == 2
    for noun, human, first, second in (
        ("work pool", name, "WorkPool pool", "WorkPool again"),
        ("work queue", f"{name}/q", "WorkQueue fast", "WorkQueue slow"),
        ("variable", name, f"Variable {name}", "Variable other"),
    ):
        said = f"the {noun} '{human}' is declared twice: here and by urn:pulumi:dev::prefect-infra::prefect:index:"
        pairs = [(here, by.replace(" ", "::")) for here, by in ((first, second), (second, first))]
        assert any(f"{here}: {said}{by}" in refused.stderr for here, by in pairs)
    client = BlockingClient(prefect_server)
    assert client.request("POST", "/work_pools/filter", json={"work_pools": {"name": {"any_": [name]}}}) == []
    client.close()


BLOCK = {"name": "x", "value": 1}
SAME: dict[str, tuple[tuple[str, dict[str, Any]], tuple[str, dict[str, Any]]]] = {
    "flows": (("Flow", {"name": "x"}), ("Flow", {"name": "x"})),
    "limits": (
        ("GlobalConcurrencyLimit", {"name": "x", "limit": 1}),
        ("GlobalConcurrencyLimit", {"name": "x", "limit": 2}),
    ),
    "tags": (
        ("TaskRunConcurrencyLimit", {"tag": "x", "limit": 1}),
        ("TaskRunConcurrencyLimit", {"tag": "x", "limit": 1}),
    ),
    "block types": (("BlockType", {"name": "a", "slug": "x"}), ("BlockType", {"name": "b", "slug": "x"})),
    "a block in two ways": (
        ("SecretBlock", {"name": "x", "value": "v"}),
        ("BlockDocument", {"name": "x", "blockTypeSlug": "secret", "data": {"value": "v"}}),
    ),
    "schedules": (
        ("DeploymentSchedule", {"deploymentId": "d", "slug": "x", "interval": 60.0}),
        ("DeploymentSchedule", {"deploymentId": "d", "slug": "x", "interval": 90.0}),
    ),
}
DIFFERENT: dict[str, tuple[tuple[str, dict[str, Any]], tuple[str, dict[str, Any]]]] = {
    "kinds": (("Variable", {"name": "x", "value": 1}), ("Flow", {"name": "x"})),
    "block types": (("SecretBlock", BLOCK), ("JsonBlock", BLOCK)),
    "pools": (("WorkQueue", {"name": "x", "workPoolName": "a"}), ("WorkQueue", {"name": "x", "workPoolName": "b"})),
    "unknown names": (("Variable", {"name": UNKNOWN, "value": 1}), ("Variable", {"name": UNKNOWN, "value": 1})),
    "without slugs": (
        ("DeploymentSchedule", {"deploymentId": "d", "interval": 60.0}),
        ("DeploymentSchedule", {"deploymentId": "d", "interval": 60.0}),
    ),
}


def faults(
    first: tuple[str, dict[str, Any]], second: tuple[str, dict[str, Any]], provider: PrefectProvider
) -> list[str]:
    reasons = []
    for resource, (kind, inputs) in (("first", first), ("second", second)):
        urn = f"urn:pulumi:dev::project::prefect:index:{kind}::{resource}"
        for _ in range(2):  # a replacement is checked once more
            reasons += [failure.reason for failure in provider.check(CheckRequest(urn, new_inputs=inputs)).failures]
    return sorted(set(reasons))


@pytest.fixture
def provider(tmp_path: Any) -> PrefectProvider:
    return PrefectProvider(tmp_path, StrictHost())


@pytest.mark.parametrize("case", SAME)
def test_one_object_of_two_resources(provider: PrefectProvider, case: str) -> None:
    [reason] = faults(*SAME[case], provider)
    assert "is declared twice: here and by urn:pulumi:dev::project::prefect:index:" in reason
    assert reason.endswith("::first; rename one of them, or take it out")


@pytest.mark.parametrize("case", DIFFERENT)
def test_two_objects_of_two_resources(provider: PrefectProvider, case: str) -> None:
    assert faults(*DIFFERENT[case], provider) == []
