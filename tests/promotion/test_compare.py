"""Source now, target now, target after: which rows a change and a difference make."""

from __future__ import annotations

from typing import Any

from prefect_pulumi.core.values import Secret
from prefect_pulumi.promotion.compare import DeployReasons, rows_of_items, rows_that_stay
from prefect_pulumi.review.display import report_masker
from prefect_pulumi.review.model import NO_VALUE, Action, Class, DisplayValue, FieldChange, Item
from prefect_pulumi.state.entries import ResourceEntry


def value(of: object) -> DisplayValue:
    return DisplayValue("value", of)


def urn(stack: str, kind: str, name: str) -> str:
    return f"urn:pulumi:{stack}::team::prefect:index:{kind}::{name}"


def state(stack: str, kind: str, name: str, **inputs: Any) -> ResourceEntry:
    return ResourceEntry(urn(stack, kind, name), f"prefect:index:{kind}", True, "id", inputs, dict(inputs))


def deployed(stack: str, **entries: Any) -> ResourceEntry:
    entry = state(stack, "Deployments", "flows")
    entry.outputs["entries"] = entries
    return entry


def change(path: str, live: object, code: object) -> FieldChange:
    return FieldChange(path, Class.THIS_CHANGE, value(code), value(live), value(live))


DAILY = urn("prod", "Deployments", "flows") + "#daily"


def deployment(*fields: FieldChange, action: Action = Action.DEPLOY, id: str = "id") -> Item:
    return Item(DAILY, "Deployment", "daily", Class.THIS_CHANGE, action, id, fields)


def test_a_change_shows_all_three_sides() -> None:
    item = Item(
        urn("prod", "WorkPool", "etl"),
        "WorkPool",
        "etl",
        Class.THIS_CHANGE,
        Action.UPDATE,
        "id",
        (change("description", "old", "new"), change("concurrencyLimit", 5, 50)),
    )
    source = [state("dev", "WorkPool", "etl", description="new", concurrencyLimit=1)]
    rows = {row.path: row for row in rows_of_items([item], source, report_masker())}
    row = rows["description"]
    assert (row.source, row.now, row.after, row.own) == (value("new"), value("old"), value("new"), False)
    assert rows["concurrencyLimit"].own
    assert rows["concurrencyLimit"].source == value(1)


def test_deployments_have_rows_of_their_own() -> None:
    fields = (change("parameters.day", "today", "yesterday"), change("schedules.nightly.active", False, True))
    source = [deployed("dev", daily={"parameters": {"day": "yesterday"}, "schedules": {"nightly": {"active": True}}})]
    rows = {row.path: row for row in rows_of_items([deployment(*fields)], source, report_masker())}
    assert rows["parameters.day"].source == value("yesterday")
    assert rows["schedules.nightly.active"].own
    (code,) = rows_of_items([deployment()], source, report_masker())
    assert (code.path, code.after, code.changes) == ("", value("other code"), True)


def test_a_deployment_says_why_it_is_deployed_again_unless_it_is_noise() -> None:
    def after(reasons: DeployReasons, *fields: FieldChange) -> list[tuple[str, Any]]:
        rows = rows_of_items([deployment(*fields)], [], report_masker(), {DAILY: reasons})
        return [(row.path, row.after.value) for row in rows]

    folders = change("path", "/clone/one", "/clone/two"), change("pull_steps[0].set.directory", "/one", "/two")
    anchor = change("schedules.nightly.anchor_date", "2026-01-01", "2026-01-02")
    assert after(DeployReasons(), *folders, anchor) == []
    assert after(DeployReasons(("flows/daily.py",)), *folders) == [("", "other code")]
    prefect = "Prefect 3.8.7 -> 3.8.8"
    assert after(DeployReasons(("flows/daily.py",), (prefect,))) == [("", f"other code, {prefect}")]
    assert after(DeployReasons(("flows/daily.py",)), change("parameters.day", "a", "b")) == [("parameters.day", "b")]


def test_what_a_deploy_infers_is_no_targets_own() -> None:
    target = [deployed("prod", daily={"version": "abc", "path": "/one", "tags": ["prod"]})]
    source = [deployed("dev", daily={"version": "def", "path": "/two", "tags": ["dev"]})]
    assert {row.path for row in rows_that_stay(target, source, [], report_masker())} == {"tags[0]"}


def test_objects_come_and_go_in_one_row_each() -> None:
    made = deployment(change("parameters.day", "a", "b"), id="")
    gone = deployment(action=Action.PRUNE)
    (row,) = rows_of_items([made], [], report_masker())
    assert (row.source, row.now, row.after) == (NO_VALUE, NO_VALUE, value("is there"))
    (row,) = rows_of_items([gone], [deployed("dev", daily={})], report_masker())
    assert (row.source, row.now, row.after) == (value("is there"), value("is there"), NO_VALUE)


def test_what_stays_is_the_targets_own() -> None:
    target = [
        state("prod", "WorkPool", "etl", concurrencyLimit=50, description="old"),
        state("prod", "SecretBlock", "token", value=Secret("of prod")),
        deployed("prod", daily={"schedules": {"nightly": {"active": False, "cron": "0 6 * * *"}}}),
    ]
    source = [
        state("dev", "WorkPool", "etl", concurrencyLimit=10, description="new"),
        state("dev", "SecretBlock", "token", value=Secret("of dev")),
        deployed("dev", daily={"schedules": {"nightly": {"active": True, "cron": "0 6 * * *"}}}),
    ]
    item = Item(
        urn("prod", "WorkPool", "etl"),
        "WorkPool",
        "etl",
        Class.THIS_CHANGE,
        Action.UPDATE,
        "id",
        (change("description", "old", "new"),),
    )
    rows = list(rows_that_stay(target, source, [item], report_masker()))
    assert [(row.kind, row.name, row.path, row.source.value, row.now.value) for row in rows] == [
        ("WorkPool", "etl", "concurrencyLimit", 10, 50),
        ("Deployment", "daily", "schedules.nightly.active", True, False),
    ]
    assert not any(row.changes for row in rows)


def test_the_same_object_of_two_stacks_is_known_by_its_urn() -> None:
    other = [state("dev", "WorkPool", "other", concurrencyLimit=10)]
    assert (
        list(rows_that_stay([state("prod", "WorkPool", "etl", concurrencyLimit=50)], other, [], report_masker())) == []
    )
