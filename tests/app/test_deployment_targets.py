"""Targets that are single deployments."""

from __future__ import annotations

from typing import Any

import pytest

from prefect_pulumi.app.deployment_targets import divided
from prefect_pulumi.engine.plan.scope import Selection
from prefect_pulumi.state.entries import ResourceEntry

STEP = "urn:pulumi:dev::p::prefect:components:Flows$prefect:index:Deployments::flows"
POOL = "urn:pulumi:dev::p::prefect:index:WorkPool::a/b # c/d"
ENTRIES = [
    ResourceEntry(urn=STEP, type="prefect:index:Deployments", custom=True, inputs={"entries": {"f/a": {}, "f/b": {}}}),
    ResourceEntry(urn=POOL, type="prefect:index:WorkPool", custom=True),
]


@pytest.mark.parametrize(
    ("targets", "urns", "only"),
    [
        (["f/a"], {STEP}, {STEP: {"f/a"}}),
        (["f/a", f"{STEP}#f/b"], {STEP}, {STEP: {"f/a", "f/b"}}),
        ([f"{STEP}#f/new"], {STEP}, {STEP: {"f/new"}}),
        ([POOL, "f/b"], {POOL, STEP}, {STEP: {"f/b"}}),
        (["a/b # c/d"], {"a/b # c/d"}, {}),
        (["f/unknown"], {"f/unknown"}, {}),
        (["f/a", STEP], {STEP}, {}),
        (["f/a", "flows"], {"flows"}, {}),
        ([], set(), {}),
    ],
)
def test_a_deployment_stands_for_its_step(targets: list[str], urns: set[str], only: Any) -> None:
    selection, chosen = divided(Selection(targets=tuple(targets)), ENTRIES)
    assert set(selection.targets) == urns
    assert chosen == only
