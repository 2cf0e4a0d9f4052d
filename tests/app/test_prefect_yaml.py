"""The deployments of a deploy step in a report, and what a change of them costs."""

from __future__ import annotations

from typing import Any

import pytest

from prefect_pulumi.app.observe.prefect_yaml import split
from prefect_pulumi.review.classify import ComparedResource, classify
from prefect_pulumi.review.display import report_masker
from prefect_pulumi.review.model import Action, Item

URN = "urn:pulumi:dev::p::prefect:index:Deployments::flows"
HOURLY = {"active": True, "cron": "0 * * * *", "parameters": {}, "slug": None, "max_scheduled_runs": None}
PLAIN: dict[str, Any] = {"paused": False, "path": None, "schedules": {}}
BUSY = {**PLAIN, "schedules": {"0 * * * *": HOURLY}}


def item(code: Any, applied: Any, live: Any = ..., result: dict[str, Any] | None = None) -> Item:
    """The report on the one deployment `f/a`; None: it is not there."""

    def props(entry: Any, print: str) -> dict[str, Any]:
        there = {} if entry is None else {"f/a": entry}
        return {"entries": there, "fingerprints": dict.fromkeys(there, print), "deployments": dict.fromkeys(there, "1")}

    inputs, state = props(code, "2"), props(applied, "1")
    whole = ComparedResource(
        URN,
        "prefect:index:Deployments",
        "flows",
        action=Action.UPDATE,
        code=inputs,
        base={"entries": {}, "fingerprints": {}},
        inputs=state,
        outputs=state,
        live=props(applied if live is ... else live, "1"),
    )
    (found,) = (
        each
        for each in classify(split(whole, {"f/a": result} if result else {}, {}), [], report_masker(), {})
        if each.kind == "Deployment"
    )
    return found


@pytest.mark.parametrize(
    ("code", "applied", "result", "texts"),
    [
        (BUSY, None, {"action": "create"}, []),
        (PLAIN, {**PLAIN, "path": "/x"}, {"action": "update"}, []),
        (PLAIN, {**PLAIN, "path": "/x"}, None, []),
        (
            BUSY,
            {**BUSY, "path": "/x"},
            {"action": "update", "scheduledRunsLost": 3, "recreated": "all"},
            ["3 scheduled runs are deleted; they are made again"],
        ),
        (BUSY, {**BUSY, "path": "/x"}, None, ["the deploy deletes scheduled runs; those of schedules that stay"]),
        (
            PLAIN,
            BUSY,
            {"action": "update", "scheduledRunsLost": 1, "recreated": "none", "runsPerDay": {"old": 24, "new": 0}},
            ["1 scheduled run is deleted", "24 -> 0 runs a day", "schedule 0 * * * * is deleted by the code"],
        ),
        (None, BUSY, {"action": "prune", "scheduledRunsLost": 2}, ["2 scheduled runs are deleted"]),
        (None, BUSY, {"action": "prune"}, ["make no runs any more"]),
        (None, PLAIN, {"action": "prune"}, []),
    ],
)
def test_impacts_of_a_change(code: Any, applied: Any, result: Any, texts: list[str]) -> None:
    found = [impact.text for impact in item(code, applied, result=result).impacts]
    assert len(found) == len(texts), found
    assert all(text in impact for text, impact in zip(texts, found, strict=True)), found


def test_impacts_of_what_was_done_on_the_server() -> None:
    skip = {"action": "skip"}
    gone = item(BUSY, BUSY, None, skip)
    assert [impact.text for impact in gone.impacts] == ["the runs that it had scheduled are gone"]
    assert item(PLAIN, PLAIN, None, skip).impacts == ()
    (impact,) = item(BUSY, BUSY, PLAIN, skip).impacts
    assert impact.text == "its schedule 0 * * * * is deleted live: it makes no runs any more"


def test_a_state_of_an_older_version_is_no_drift() -> None:
    """It knows neither `path` nor slugs apart from the names."""
    schedule = {name: value for name, value in HOURLY.items() if name not in ("slug", "max_scheduled_runs")}
    old = {"paused": False, "schedules": {"schedule-1": schedule}}
    live = {**PLAIN, "schedules": {"schedule-1": {**HOURLY, "slug": "schedule-1"}}}
    found = item(BUSY, old, live, {"action": "update"})
    assert not found.drifted
    assert [change.path for change in found.fields] == ['schedules["0 * * * *"].slug']
