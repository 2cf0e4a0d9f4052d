"""Which side moved, field by field."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from prefect_pulumi.core.values import UNKNOWN, Secret
from prefect_pulumi.review.classify import DELETED_LIVE, ComparedResource, LiveObject, classify
from prefect_pulumi.review.display import report_masker
from prefect_pulumi.review.model import Action, Class, Flag, Item

POOL = "prefect:index:WorkPool"
QUIET = report_masker()


def subject(type: str = POOL, **over: Any) -> ComparedResource:
    inputs = {"name": "etl", "type": "process", "concurrencyLimit": 2}
    values: dict[str, Any] = {
        "urn": f"urn:pulumi:dev::p::{type}::etl",
        "type": type,
        "name": "etl",
        "id": "1",
        "code": inputs,
        "base": inputs,
        "inputs": inputs,
        "outputs": {**inputs, "created": "2026-01-01T00:00:00Z"},
        "live": {**inputs, "created": "2026-01-01T00:00:00Z"},
    }
    return ComparedResource(**{**values, **over})


def one(given: ComparedResource, *unmanaged: LiveObject) -> Item:
    found = classify([given], unmanaged, QUIET, {})
    assert len(found) == 1
    return found[0]


def test_what_is_alike_is_no_item() -> None:
    assert classify([subject()], [], QUIET, {}) == []


@pytest.mark.parametrize(
    ("code", "live", "cls"),
    [
        (2, 5, Class.CHANGED_LIVE),
        (3, 2, Class.THIS_CHANGE),
        (3, 5, Class.CONFLICT),
        (5, 5, Class.THIS_CHANGE),  # both moved to the same value
        (None, 2, Class.THIS_CHANGE),
        (2, None, Class.CHANGED_LIVE),
        (UNKNOWN, 2, Class.THIS_CHANGE),
        (UNKNOWN, 3, Class.CONFLICT),
    ],
)
def test_three_sides_of_one_field(code: Any, live: Any, cls: Class) -> None:
    plain = {"name": "etl", "type": "process"}
    item = one(
        subject(code={**plain, "concurrencyLimit": code}, live={**plain, "concurrencyLimit": live}, action=Action.NONE)
    )
    assert item.cls is cls
    assert [change.path for change in item.fields] == ["concurrencyLimit"]
    assert item.fields[0].agreed is (code == live == 5)


def test_leaves_of_a_template_and_of_parameters() -> None:
    template = {"job_configuration": {"image": "{{ image }}"}, "variables": {"properties": {"image": {"default": "a"}}}}
    live = {"job_configuration": {"image": "{{ image }}"}, "variables": {"properties": {"image": {"default": "b"}}}}
    code = {"job_configuration": {"image": "x", "new": 1}, "variables": template["variables"]}
    same = {"name": "etl", "type": "process"}
    item = one(
        subject(
            inputs={**same, "baseJobTemplate": template},
            outputs={**same, "baseJobTemplate": template},
            code={**same, "baseJobTemplate": code},
            live={**same, "baseJobTemplate": live},
        )
    )
    assert {change.path: change.cls for change in item.fields} == {
        "baseJobTemplate.job_configuration.image": Class.THIS_CHANGE,
        "baseJobTemplate.job_configuration.new": Class.THIS_CHANGE,
        "baseJobTemplate.variables.properties.image.default": Class.CHANGED_LIVE,
    }


def test_the_template_that_the_first_worker_writes_is_no_drift_but_a_later_one_is() -> None:
    first, later = {"job_configuration": {}, "variables": {}}, {"job_configuration": {"x": 1}, "variables": {}}
    inputs = {"name": "etl", "type": "process"}
    calm = subject(
        code=inputs,
        inputs=inputs,
        outputs=inputs,
        live={**inputs, "baseJobTemplate": first, "defaultBaseJobTemplate": first},
    )
    assert classify([calm], [], QUIET, {}) == []
    moved = subject(
        code=inputs,
        inputs=inputs,
        outputs={**inputs, "baseJobTemplate": first, "defaultBaseJobTemplate": first},
        live={**inputs, "baseJobTemplate": later, "defaultBaseJobTemplate": first},
    )
    item = one(moved)
    assert [(change.path, change.code.kind) for change in item.fields] == [
        ("baseJobTemplate.job_configuration.x", "any")
    ]


def test_a_default_that_is_left_out_is_the_default_everywhere() -> None:
    same = {"name": "etl", "type": "process"}
    calm = subject(code=same, inputs={**same, "paused": False}, outputs={**same, "paused": False}, live=same)
    assert classify([calm], [], QUIET, {}) == []


def test_ignored_fields_are_left_alone() -> None:
    assert (
        classify([subject(live={"name": "etl", "type": "process"}, ignored=["concurrencyLimit"])], [], QUIET, {}) == []
    )


def test_secrets_are_never_shown_and_not_entered() -> None:
    name = {"name": "token"}
    item = one(
        subject(
            "prefect:index:SecretBlock",
            inputs={**name, "value": Secret({"key": "one"})},
            outputs={**name, "value": Secret({"key": "one"})},
            code={**name, "value": Secret({"key": "one"})},
            live={**name, "value": Secret({"key": "two"})},
        )
    )
    change = item.fields[0]
    assert (change.path, change.applied.kind, change.live.kind) == ("value", "secret", "secret")
    assert change.live.value is None
    assert [impact.flag for impact in item.impacts] == [Flag.SECRET_CHANGED]


def test_a_secret_that_turns_up_elsewhere_is_masked() -> None:
    same = {"name": "etl", "type": "process", "concurrencyLimit": 2}
    leak = {**same, "description": "the token is s3cret-value!"}
    item = classify([subject(live=leak)], [], report_masker(["s3cret-value"]), {})[0]
    assert item.fields[0].live.value == "the token is [secret]!"


def test_missing_deleted_and_both() -> None:
    assert one(subject(live=None, missing=True)).cls is Class.MISSING_LIVE
    gone = one(subject(live=None, missing=True, action=Action.DELETE, code=None, base=None))
    assert (gone.cls, gone.note) == (Class.THIS_CHANGE, "it is gone from the server already")
    edited = {"name": "etl", "type": "process", "concurrencyLimit": 9}
    both = one(subject(live=edited, action=Action.DELETE, code=None))
    assert both.cls is Class.CONFLICT
    assert not both.pending
    assert Flag.DELETES_QUEUES in [impact.flag for impact in both.impacts]


def test_an_edit_of_what_was_deleted_live_is_a_conflict() -> None:
    wanted = {"name": "etl", "type": "process", "concurrencyLimit": 7}
    edited = one(subject(code=wanted, live=None, missing=True, action=Action.CREATE))
    assert (edited.cls, edited.note) == (Class.CONFLICT, DELETED_LIVE)
    # What the base branch asks for already is not this change's edit: the object is only missing.
    assert (
        one(subject(code=wanted, base=wanted, live=None, missing=True, action=Action.CREATE)).cls is Class.MISSING_LIVE
    )


def test_what_the_base_asks_for_already_is_pending() -> None:
    wanted = {"name": "etl", "type": "process", "concurrencyLimit": 7}
    assert one(subject(code=wanted, base=wanted, action=Action.UPDATE)).pending
    assert not one(subject(code=wanted, action=Action.UPDATE)).pending
    assert one(subject(code=None, base=None, action=Action.DELETE)).pending


def test_unmanaged_objects_and_a_name_that_is_taken() -> None:
    found = LiveObject("WorkPool", "etl", "9")
    new = subject(id="", inputs=None, outputs=None, live=None, action=Action.CREATE)
    item = one(new, found)
    assert item.cls is Class.CONFLICT
    assert "no stack owns it" in item.note
    other = classify([new], [LiveObject("WorkPool", "other", "9")], QUIET, {})
    assert [each.cls for each in other] == [Class.THIS_CHANGE, Class.UNMANAGED_LIVE]


def test_impacts_that_a_reviewer_has_to_know() -> None:
    def flags(given: ComparedResource) -> set[Flag]:
        return {impact.flag for impact in one(given).impacts}

    worker = {"name": "w", "workPool": "etl", "directory": "d"}
    gone = subject("prefect:index:ProcessWorker", code=worker, base=worker, inputs=worker, outputs=worker, live=None)
    assert flags(replace(gone, missing=True)) == {Flag.WORKER_OFFLINE}
    online = {"workPool": "etl", "workers": ["a"]}
    offline = subject(
        "prefect:index:WorkerOnline",
        code=online,
        base=online,
        inputs=online,
        outputs={**online, "status": "online"},
        live={**online, "status": "offline: a"},
    )
    assert flags(offline) == {Flag.WORKER_OFFLINE}
    assert flags(subject(action=Action.REPLACE, replaces=["type"])) == {Flag.REPLACE, Flag.DELETES_QUEUES}
    schedule = {"deploymentId": "d", "cron": "0 6 * * *", "active": False}
    on = {**schedule, "active": True}
    sides = {"inputs": schedule, "outputs": schedule, "live": schedule, "base": schedule}
    turned = subject("prefect:index:DeploymentSchedule", code=on, action=Action.UPDATE, **sides)
    assert flags(turned) == {Flag.SCHEDULE_ACTIVE, Flag.RUNS_LOST}
    new = subject(
        "prefect:index:DeploymentSchedule", code=on, action=Action.CREATE, inputs=None, outputs=None, live=None
    )
    assert flags(new) == set()
    removed = subject("prefect:index:DeploymentSchedule", action=Action.DELETE, **{**sides, "code": None})
    assert flags(removed) == {Flag.RUNS_LOST}


@pytest.mark.parametrize(
    ("kind", "applied", "live", "words"),
    [
        ("DeploymentSchedule", {"cron": "0 6 * * *"}, {"maxScheduledRuns": 3}, "with the runs that it has scheduled"),
        ("DeploymentSchedule", {"maxScheduledRuns": 2}, {"maxScheduledRuns": 3}, None),
        ("WorkQueue", {"name": "q"}, {"name": "by-hand"}, None),
        ("TaskRunConcurrencyLimit", {"tag": "etl"}, {"tag": "other"}, "no route sets tag back"),
    ],
)
def test_a_revert_that_replaces_is_announced(kind: str, applied: Any, live: Any, words: str | None) -> None:
    sides = {"code": applied, "base": applied, "inputs": applied, "outputs": applied, "live": {**applied, **live}}
    item = one(subject(f"prefect:index:{kind}", **sides))
    assert item.cls is Class.CHANGED_LIVE
    texts = [impact.text for impact in item.impacts if impact.flag is Flag.REVERT_REPLACES]
    assert [words in text for text in texts if words] == [True] * (words is not None)
    assert [change.replaces for change in item.fields] == [words is not None]


@pytest.mark.parametrize(
    ("kind", "applied", "live", "words"),
    [
        ("index:WorkPool", {"paused": False}, {"paused": True}, "delivery is turned off live: no worker gets its runs"),
        ("index:WorkQueue", {"paused": False}, {"paused": True}, "delivery is turned off live"),
        ("index:WorkPool", {"paused": True}, {"paused": False}, None),
        ("index:WorkPool", {"concurrencyLimit": 2}, {}, "limit is taken away live"),
        (
            "index:GlobalConcurrencyLimit",
            {"active": True, "limit": 2},
            {"active": False, "limit": 2},
            "limit is turned off",
        ),
        (
            "deploy:Deployment",
            {"schedules": {"0 6 * * *": {"active": True}}},
            {"schedules": {}},
            "schedule 0 6 * * * is deleted live: it makes no runs any more",
        ),
        (
            "deploy:Deployment",
            {"schedules": {"a": {"active": True}, "b": {"active": False}}},
            {"schedules": {"a": {"active": False}, "c": {"active": True}}},
            "schedule a is turned off live: it makes no runs",
        ),
        ("deploy:Deployment", {"concurrency_limit": 2}, {"concurrency_limit": None}, "limit is taken away live"),
    ],
)
def test_a_switch_that_was_thrown_on_the_server(kind: str, applied: Any, live: Any, words: str | None) -> None:
    named = {"name": "x", **applied}
    sides = {"code": named, "base": named, "inputs": named, "outputs": named, "live": {"name": "x", **live}}
    texts = [impact.text for impact in one(subject(f"prefect:{kind}", **sides)).impacts]
    assert len(texts) == (words is not None)
    assert words is None or words in texts[0]


@pytest.mark.parametrize(
    ("by_code", "by_server", "cls", "paths"),
    [
        ((), (), None, []),
        ((), ("memory",), Class.CHANGED_LIVE, ["memory"]),
        (("envs[0]",), (), Class.THIS_CHANGE, ["envs[0]"]),
        (("memory",), ("memory", "mounts[0].source"), Class.CONFLICT, ["memory", "mounts[0].source"]),
        (("ports",), ("ports",), Class.THIS_CHANGE, ["ports"]),
    ],
)
def test_of_other_packages_objects_their_provider_says_what_differs(
    by_code: tuple[str, ...], by_server: tuple[str, ...], cls: Class | None, paths: list[str]
) -> None:
    """Defaults, sets and what a build adds differ leaf by leaf, and mean nothing."""
    applied = {"memory": 512, "envs": ["A=1"], "ports": [1, 2], "capAdd": ["X", "Y"]}
    code = {**applied, "envs": ["A=2"] if by_code else ["A=1"], "memory": 600 if "memory" in by_code else 512}
    code["ports"] = [3] if "ports" in by_code else [1, 2]
    live = {"memory": 700, "envs": ["A=1"], "ports": [3], "capAdd": ["Y", "X"], "mounts": [{"source": "other"}]}
    action = Action.UPDATE if by_code else Action.NONE
    container = subject(
        "docker:index/container:Container",
        inputs={**applied, "__defaults": []},
        outputs=applied,
        code=code,
        base=code,
        live=live,
        judged=(by_code, by_server),
        action=action,
    )
    items = classify([container], [], QUIET, {})
    assert [item.cls for item in items] == ([] if cls is None else [cls])
    assert [change.path for item in items for change in item.fields] == paths
    if by_server == ("memory",):
        assert [side.value for side in (items[0].fields[0].applied, items[0].fields[0].live)] == [512, 700]
