"""What the server has against what was last deployed."""

from __future__ import annotations

from typing import Any, cast

from prefect_pulumi.deploy.file.fields import changes, declared_fields
from prefect_pulumi.deploy.plan.drift import drift_of, read_back, wanted
from prefect_pulumi.deploy.plan.live import read_agreements
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


class Agreements:
    """A workspace whose deployments have one agreement each."""

    def __init__(self, seconds: float, **fields: Any) -> None:
        trigger = {"type": "event", "within": seconds}
        self.row = {"type": "LatenessSla", "name": "starts", "severity": "high", "trigger": trigger, **fields}
        self.routes: list[str] = []

    def paged(self, path: str) -> list[dict[str, Any]]:
        self.routes.append(path)
        return [self.row]


def test_an_edited_agreement_is_drift_and_a_deploy_leads_back() -> None:
    sla = [{"name": "starts", "within": "PT10M", "severity": "high"}]
    declared = declared_fields({"name": "daily", "sla": sla}, None, ())
    rows, entries = {"etl/daily": row(), "etl/other": row()}, {"etl/daily": declared, "etl/other": {}}
    same = Agreements(600)
    agreements = read_agreements(cast(Any, same), rows, entries)
    assert same.routes == ["/slas/by-owner/prefect.deployment.1"]
    applied = read_back(row(), {}, declared, agreements["etl/daily"])
    assert applied["sla"] == declared["sla"] == {"starts": {"severity": "high", "enabled": True, "within": 600}}
    entries["etl/daily"] = applied
    edited = read_agreements(cast(Any, Agreements(900, enabled=False)), rows, entries)["etl/daily"]
    live = read_back(row(), {}, applied, edited)
    assert drift_of(applied, live, row(), OWNER, "1")["changes"] == {
        "sla.starts.within": {"applied": 600, "live": 900},
        "sla.starts.enabled": {"applied": True, "live": False},
    }
    assert changes(live, declared).keys() >= {("sla", "starts", "within"), ("sla", "starts", "enabled")}
    assert [*drift_of(applied, read_back(row(), {}, applied, {}), row(), OWNER, "1")["changes"]] == ["sla.starts"]
