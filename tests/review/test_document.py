"""The report's JSON."""

from __future__ import annotations

import json

import pytest

from prefect_pulumi.core.errors import InputError
from prefect_pulumi.review.model import (
    NO_VALUE,
    Acceptance,
    Action,
    Class,
    Coverage,
    DisplayValue,
    Environment,
    FieldChange,
    Flag,
    Impact,
    Item,
    Node,
    Problem,
    Remedy,
    Report,
    Status,
    Topology,
    Verdict,
)
from prefect_pulumi.review.renderers.document import from_json, to_json

CHANGE = FieldChange(
    "a.b", Class.CONFLICT, DisplayValue("value", {"x": [1, None]}), NO_VALUE, DisplayValue("secret"), replaces=True
)
ITEM = Item(
    "urn:x",
    "WorkPool",
    "etl",
    Class.CONFLICT,
    Action.UPDATE,
    fields=(CHANGE,),
    impacts=(Impact(Flag.REPLACE, "new id"),),
    remedies=(Remedy("adopt", "text", diff="--- a"),),
    accepted=Acceptance("ana", "why", "2026-01-01", expired=True),
)
ENVIRONMENT = Environment(
    "dev",
    "http://x/api",
    items=(ITEM,),
    problems=(Problem("lost", "here"),),
    coverage=(Coverage("WorkPool", 2, 1, False),),
    objects=2,
    topology=Topology((Node("pool:etl", "pool", "etl"),), (("queue:etl/q", "pool:etl"),)),
    verdicts=(Verdict("rule", "text"),),
)


def test_there_and_back() -> None:
    report = Report("drift", "2026-01-01T00:00:00Z", (ENVIRONMENT,), "p", "abc")
    text = to_json(report)
    assert from_json(text) == report
    document = json.loads(text)
    assert document["status"] == document["environments"][0]["status"] == "could not check"
    assert document["environments"][0]["classes"]["conflict"] == 1


@pytest.mark.parametrize("text", ["no", "[]", "{}", '{"version": 99}', '{"version": 1, "environments": [{}]}'])
def test_what_is_no_report_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="report"):
        from_json(text)


def test_status_of_what_could_not_be_checked_outranks_drift() -> None:
    drifted = Environment("dev", "", items=(Item("k", "WorkPool", "n", Class.CHANGED_LIVE),))
    assert drifted.status is Status.DRIFT
    assert Report("drift", "", (drifted, ENVIRONMENT)).status is Status.CANNOT_CHECK
    assert Environment("dev", "", items=(Item("k", "WorkPool", "n", Class.THIS_CHANGE),)).status is Status.IN_SYNC
