"""What the server has against what was last deployed."""

from __future__ import annotations

from typing import Any

from prefect_pulumi.deploy.plan.drift import drift_of, read_back, wanted
from prefect_pulumi.deploy.plan.ownership import Owner

OWNER = Owner("project/dev", "flows")


def row(**fields: Any) -> dict[str, Any]:
    return {"id": "1", "labels": OWNER.labels, "tags": ["a"], "paused": False, "description": "d", **fields}


def test_no_edit_is_no_drift() -> None:
    applied = read_back(row(), {}, {"triggers": [1], "ui_owns": ["tags"]})
    assert (applied["triggers"], applied["ui_owns"]) == ([1], ["tags"])
    live = row(tags=["b"])
    assert drift_of(applied, read_back(live, {}, applied), live, OWNER, "1") == {}


def test_an_edit_says_what_was_applied_and_what_is_live() -> None:
    applied = read_back(row(), {}, {})
    live = row(paused=True, description="e", updated="now", updated_by={"display_value": "ann"})
    found = drift_of(applied, read_back(live, {}, applied), live, OWNER, "1")
    assert found["changes"] == {
        "paused": {"applied": False, "live": True},
        "description": {"applied": "d", "live": "e"},
    }
    assert (found["applied"], found["updated"], found["updated_by"]) == (applied, "now", "ann")
    assert wanted({"paused": False}, found) == {"paused": False, "description": "d"}
    assert wanted({"description": "own"}, found)["description"] == "own"


def test_a_lost_mark_is_drift() -> None:
    applied, live = read_back(row(), {}, {}), row(labels={})
    found = drift_of(applied, read_back(live, {}, applied), live, OWNER, "1")
    assert found["changes"] == {"owner": {"applied": "stack project/dev (flows)", "live": "no stack"}}
