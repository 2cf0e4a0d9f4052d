"""One word for what a difference does: every kind and every field has one, and the gravest wins."""

from __future__ import annotations

from typing import Any

import pytest

from prefect_pulumi.deploy.file.fields import declared_fields, live_fields
from prefect_pulumi.models import KINDS
from prefect_pulumi.review.categories import FIELDS, GONE, Category, category_of, counted, policy_word
from prefect_pulumi.review.impacts import impacts_of
from prefect_pulumi.review.model import (
    GONE_ALREADY,
    NO_VALUE,
    Action,
    Class,
    DisplayValue,
    FieldChange,
    Flag,
    Impact,
    Item,
)
from prefect_pulumi.review.rules import Policy

MODELS = {model.token().rsplit(":", 1)[-1]: model for model in KINDS.values()}
ENTRY = {*declared_fields({}, None, ()), *live_fields({}, ()), "description", "version", "triggers", "owner", "sla"}
"""Fields of a deployment of `prefect.yaml`."""


@pytest.mark.parametrize("kind", MODELS)
def test_each_field_of_each_kind_has_one_category(kind: str) -> None:
    names = [name for fields in FIELDS[kind].values() for name in fields]
    assert len(names) == len(set(names))
    wire = {spec.wire for spec in MODELS[kind].inputs()}
    assert set(names) == (wire | ENTRY if kind == "Deployment" else wire)
    assert kind in GONE


def test_no_kind_is_left_over() -> None:
    assert set(FIELDS) == set(GONE) == set(MODELS)


def item(kind: str, path: str, before: Any, after: Any, cls: Class = Class.THIS_CHANGE, **more: Any) -> Item:
    old, new = (NO_VALUE if side is None else DisplayValue("value", side) for side in (before, after))
    code, live = (new, old) if cls is Class.THIS_CHANGE else (old, new)
    change = FieldChange(path, cls, code, old, live)
    action = more.pop("action", Action.UPDATE if cls is Class.THIS_CHANGE else Action.NONE)
    impacts = impacts_of(kind, action, False, [change])
    return Item("urn:x", kind, "x", cls, action, "1", (change,), impacts=impacts, **more)


def whole(kind: str, action: Action, cls: Class = Class.THIS_CHANGE, *impacts: Impact, **more: Any) -> Item:
    return Item("urn:x", kind, "x", cls, action, "1", impacts=impacts, **more)


MORNING = {"cron": "0 6 * * *", "active": True}
AGAIN = Impact(Flag.RUNS_LOST, "3 runs are deleted; they are made again", again=True)
NEVER = Impact(Flag.RUNS_LOST, "3 runs are deleted")


@pytest.mark.parametrize(
    ("changed", "category"),
    [
        (item("WorkPool", "description", "a", "b"), "harmless"),
        (item("Variable", "tags", ["a"], ["b"]), "harmless"),
        (item("WorkPool", "baseJobTemplate.variables.properties.image.default", "a", "b"), "next runs"),
        (item("Deployment", "parameters.day", 1, 2, Class.CHANGED_LIVE), "next runs"),
        (item("Deployment", "job_variables.env.A", "1", "2"), "next runs"),
        (item("Deployment", "schedules.s.cron", "0 6 * * *", "0 7 * * *"), "schedules move"),
        (item("Deployment", "schedules.s", None, MORNING, Class.CHANGED_LIVE), "schedules move"),
        (item("Deployment", "schedules.s", MORNING, None, Class.CHANGED_LIVE), "stops work"),
        (item("DeploymentSchedule", "cron", "0 6 * * *", "0 7 * * *"), "schedules move"),
        (item("DeploymentSchedule", "active", True, False), "stops work"),
        (item("Deployment", "paused", False, True, Class.CHANGED_LIVE), "stops work"),
        (item("Deployment", "paused", True, False, Class.CHANGED_LIVE), "schedules move"),
        (item("WorkPool", "paused", True, False), "next runs"),
        (item("WorkPool", "concurrencyLimit", 3, None), "stops work"),
        (item("WorkPool", "concurrencyLimit", 3, 4), "next runs"),
        (item("GlobalConcurrencyLimit", "active", True, False), "stops work"),
        (item("Automation", "enabled", True, False), "stops work"),
        (item("Variable", "id", "1", "2", Class.CHANGED_LIVE), "ids change"),
        (item("Variable", "name", "a", "b", Class.CHANGED_LIVE), "access lost"),
        (item("Instance", "size", "a", "b"), "next runs"),
        (whole("WorkQueue", Action.REPLACE), "ids change"),
        (whole("WorkPool", Action.DELETE), "stops work"),
        (whole("SecretBlock", Action.DELETE), "access lost"),
        (whole("Variable", Action.NONE, Class.MISSING_LIVE), "access lost"),
        (whole("Deployment", Action.PRUNE), "runs lost"),
        (whole("Deployment", Action.NONE, Class.MISSING_LIVE), "runs lost"),
        (whole("Deployment", Action.DEPLOY, Class.THIS_CHANGE, AGAIN), "schedules move"),
        (whole("Deployment", Action.DEPLOY, Class.THIS_CHANGE, NEVER), "runs lost"),
        (whole("Variable", Action.CREATE), "harmless"),
        (whole("Variable", Action.DELETE, note=GONE_ALREADY), "harmless"),
        (whole("Variable", Action.NONE, Class.UNMANAGED_LIVE), None),
    ],
)
def test_the_gravest_word_wins(changed: Item, category: str | None) -> None:
    assert category_of(changed) == category


def test_categories_are_counted_and_each_is_a_policy() -> None:
    waits = whole("Variable", Action.DELETE, pending=True)
    items = [item("WorkPool", "description", "a", "b"), whole("Deployment", Action.PRUNE), waits]
    assert counted(items) == {"runs lost": 1, "harmless": 1}
    for category in Category:
        assert Policy(name="x", forbid=policy_word(category)).forbid == policy_word(category)  # type: ignore[arg-type]
