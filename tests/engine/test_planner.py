"""The engine's pure decisions."""

from __future__ import annotations

from typing import Any

import pytest

from prefect_pulumi.core import property_paths
from prefect_pulumi.core.provider_protocol import Changes, DiffKind, DiffResult
from prefect_pulumi.core.values import UNKNOWN, Secret
from prefect_pulumi.engine.plan import planner, scope
from prefect_pulumi.engine.plan.goals import Goal
from prefect_pulumi.engine.plan.steps import Op
from prefect_pulumi.engine.run.dependency_executor import run_ordered
from prefect_pulumi.state.entries import ResourceEntry, make_urn


@pytest.mark.parametrize(
    ("path", "segments"),
    [
        ("a.b[0]", ("a", "b", 0)),
        ('a["x.y"].c', ("a", "x.y", "c")),
        ("list[*].name", ("list", "*", "name")),
        ("a.*", ("a", "*")),
        (r'a["x \"y\" \n"]', ("a", r'x "y" \n')),
        (r'a["ends in \"].b', ("a", "ends in \\", "b")),
    ],
)
def test_parse(path: str, segments: tuple[Any, ...]) -> None:
    assert property_paths.parse(path) == segments


def test_ignored_paths_go_back_to_the_old_inputs() -> None:
    olds = {"a": {"b": 1, "c": 2}, "list": [{"n": 1}, {"n": 2}]}
    news = {"a": {"b": 9, "c": 9, "d": 9}, "list": [{"n": 8}, {"n": 8}], "e": 9}
    assert property_paths.reset(news, olds, ["a.b", "a.d", "list[*].n", "e"]) == {
        "a": {"b": 1, "c": 9},
        "list": [{"n": 1}, {"n": 2}],
    }
    assert news["e"] == 9


def entry(name: str, **fields: Any) -> ResourceEntry:
    return ResourceEntry(make_urn("dev", "p", "x:index:T", name), "x:index:T", True, id=name, **fields)


def goal(**fields: Any) -> Goal:
    return Goal(make_urn("dev", "p", "x:index:T", "a"), "x:index:T", "a", True, {}, **fields)


@pytest.mark.parametrize(
    ("diff", "fields", "op"),
    [
        (DiffResult(Changes.NONE), {}, Op.SAME),
        (DiffResult(Changes.SOME, {"x": DiffKind.UPDATE}), {}, Op.UPDATE),
        (DiffResult(Changes.SOME, {"x": DiffKind.UPDATE_REPLACE}), {}, Op.REPLACE),
        (DiffResult(Changes.SOME, {"x.y": DiffKind.UPDATE}), {"replace_on_changes": ("x",)}, Op.REPLACE),
        (DiffResult(Changes.SOME, {"z": DiffKind.UPDATE}), {"replace_on_changes": ("x",)}, Op.UPDATE),
        (DiffResult(Changes.SOME, {"z": DiffKind.UPDATE}), {"replace_on_changes": ("*",)}, Op.REPLACE),
    ],
)
def test_decide(diff: DiffResult, fields: dict[str, Any], op: Op) -> None:
    assert planner.decide(diff, goal(**fields), entry("a")) is op


def test_init_errors_force_an_update() -> None:
    assert planner.decide(DiffResult(Changes.NONE), goal(), entry("a", init_errors=["half"])) is Op.UPDATE


def test_init_errors_may_force_a_replacement() -> None:
    half = entry("a", init_errors=["half"])
    asked = goal(replace_on_changes=("#initerror",))
    assert planner.decide(DiffResult(Changes.NONE), asked, half) is Op.REPLACE
    assert planner.decide(DiffResult(Changes.NONE), asked, entry("a")) is Op.SAME


@pytest.mark.parametrize(
    ("pattern", "path", "covered"),
    [
        ("a", "a.b[0]", True),
        ("a.b", "a", False),
        ("a[*].n", "a[3].n.m", True),
        ("*", "a", True),
        ("a.c", "a.b", False),
        ('a["x.y"]', 'a["x.y"].z', True),
    ],
)
def test_what_a_pattern_covers(pattern: str, path: str, covered: bool) -> None:
    assert property_paths.covers(pattern, path) is covered


def test_condemned_takes_dependents_that_an_unknown_would_replace() -> None:
    pool = entry("pool")
    queue = entry("queue", inputs={"pool": "pool"}, property_dependencies={"pool": [pool.urn]})
    limit = entry("limit", inputs={"note": "pool"}, property_dependencies={"note": [pool.urn]})
    later = entry("later", dependencies=[pool.urn])
    doomed = planner.condemned(pool, [pool, queue, limit, later], lambda e, inputs: inputs.get("pool") is UNKNOWN)
    assert doomed == [queue]


def test_outputs_are_sealed() -> None:
    sealed = planner.seal({"a": 1, "b": 2, "c": 3}, {"a": Secret(1)}, ["b"])
    assert sealed == {"a": Secret(1), "b": Secret(2), "c": 3}


def test_targets() -> None:
    urn = make_urn("dev", "p", "prefect:index:WorkPool", "etl")
    assert scope.matches(urn, ["etl"])
    assert scope.matches(urn, ["**WorkPool::etl"])
    assert not scope.matches(urn, ["urn:pulumi:dev::p::prefect:index:Variable::*", "other"])


def test_run_ordered_stops_behind_a_failure() -> None:
    ran: list[str] = []

    def work(item: str) -> bool:
        ran.append(item)
        return item != "b"

    left = run_ordered("abcd", {"c": {"b"}, "d": {"a"}}, work, parallel=1)
    assert left == ["c"]
    assert sorted(ran) == ["a", "b", "d"]


def test_ignored_paths_stop_at_what_was_added_or_removed() -> None:
    left: list[str] = []
    olds = {"l": [{"n": 1}], "m": {"x": {"n": 1}, "gone": {"n": 1}}, "s": Secret({"k": "old"}), "t": "text"}
    news = {"l": [{"n": 2}, {"n": 3}], "m": {"x": {"n": 2}, "new": {"n": 4}}, "s": {"k": "new"}, "t": {"u": 1}}
    found = property_paths.reset(news, olds, ["l[*].n", "m[*].n", "l[1]", "s.k", "t.u", "none.at.all"], left=left)
    assert found == {
        "l": [{"n": 1}, {"n": 3}],
        "m": {"x": {"n": 1}, "new": {"n": 4}},
        "s": {"k": Secret("old")},
        "t": {},
    }
    assert left == ["l[*].n", "m[*].n", "l[1]"]


def test_a_mark_alone_is_a_difference_of_the_state_only() -> None:
    open_, hidden = entry("a", inputs={"k": ["x"]}), entry("a", inputs={"k": [Secret("x")]})
    assert planner.state_differs(open_, hidden)
    assert planner.state_differs(hidden, open_)
    assert not planner.state_differs(hidden, entry("a", inputs={"k": [Secret("x")]}))
    assert planner.plain_diff(open_.inputs, hidden.inputs).changes is Changes.NONE
    assert planner.seal({"k": ["x"], "o": 1}, hidden.inputs, ["o"]) == {"k": [Secret("x")], "o": Secret(1)}
