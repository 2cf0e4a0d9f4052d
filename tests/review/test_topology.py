"""The picture of an environment."""

from __future__ import annotations

from typing import Any

import pytest

from prefect_pulumi.review.classify import LiveObject
from prefect_pulumi.review.model import Acceptance, Action, Class, Environment, Item, Node
from prefect_pulumi.review.topology import picture


def live(kind: str, name: str, id: str, **values: Any) -> LiveObject:
    return LiveObject(kind, name, id, values=values)


OBJECTS = [
    live("WorkPool", "etl", "1", type="process", concurrency_limit=4, status="NOT_READY"),
    live("WorkQueue", "etl/default", "2", priority=1, work_pool_name="etl", is_paused=True),
    live("Deployment", "f/daily", "3", work_pool_name="etl"),
    live("DeploymentSchedule", "f/daily/night", "4", deployment_id="3", schedule={"interval": 60.0}, active=False),
    live("Worker", "etl/w", "5", pool="etl", names=["w-1", "w-2"]),
    live("GlobalConcurrencyLimit", "db", "6", limit=2, active=True),
    live("TaskRunConcurrencyLimit", "tag", "7", concurrency_limit=3),
]


def test_edges_run_the_way_of_a_flow_run() -> None:
    drawn = picture(Environment("dev", "server"), OBJECTS)
    assert drawn.edges == (
        ("queue:etl/default", "pool:etl"),
        ("deployment:f/daily", "queue:etl/default"),
        ("schedule:f/daily/night", "deployment:f/daily"),
        ("pool:etl", "worker:etl/w"),
    )
    assert [node.detail for node in drawn.nodes] == [
        *("process, limit 4, not ready", "priority 1, paused", "", "every 60 s, off", "w-1, w-2"),
        *("2 slots", "3 slots, by tag"),
    ]
    assert {node.pool for node in drawn.nodes[:5]} == {"etl"}


@pytest.mark.parametrize(
    ("over", "state"),
    [
        ({"cls": Class.CHANGED_LIVE}, "changed live"),
        ({"cls": Class.THIS_CHANGE, "action": Action.UPDATE}, "this change"),
        ({"cls": Class.THIS_CHANGE, "action": Action.UPDATE, "pending": True}, ""),
        ({"cls": Class.CHANGED_LIVE, "accepted": Acceptance("ann", "test", "2026-01-01")}, ""),
        ({"cls": Class.CHANGED_LIVE, "accepted": Acceptance("ann", "test", "2026-01-01", True)}, "changed live"),
    ],
)
def test_the_state_of_a_node(over: dict[str, Any], state: str) -> None:
    item = Item("urn:etl", "WorkPool", "etl", id="1", **over)
    drawn = picture(Environment("dev", "server", items=(item,)), OBJECTS[:1])
    assert drawn.nodes == (Node("pool:etl", "pool", "etl", "process, limit 4, not ready", state, "urn:etl", "etl"),)


def test_objects_that_are_not_live_are_drawn_from_their_items() -> None:
    items = (
        Item("urn:new", "WorkQueue", "etl/new", Class.THIS_CHANGE, Action.CREATE),
        Item("urn:gone", "Deployment", "f/gone", Class.MISSING_LIVE, Action.CREATE),
        Item("urn:variable", "Variable", "v", Class.MISSING_LIVE),
        Item("urn:etl", "WorkPool", "etl", Class.CHANGED_LIVE, id="1"),
    )
    drawn = picture(Environment("dev", "server", items=items), OBJECTS[:1])
    assert [(node.id, node.detail, node.state) for node in drawn.nodes[1:]] == [
        ("queue:etl/new", "create", "this change"),
        ("deployment:f/gone", "create", "missing live"),
    ]
    assert drawn.edges == (("queue:etl/new", "pool:etl"),)
