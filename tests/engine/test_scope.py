"""Targets, excludes, and what uses them."""

from __future__ import annotations

from typing import Any

import pytest

from prefect_pulumi.engine.plan.scope import Scope, Selection, matches, used_by, users_of
from prefect_pulumi.state.entries import ResourceEntry, make_urn


def entry(name: str, **fields: Any) -> ResourceEntry:
    return ResourceEntry(make_urn("dev", "p", "x:index:T", name), "x:index:T", True, **fields)


A = entry("a")
B = entry("b", dependencies=[A.urn])
C = entry("c", property_dependencies={"x": [B.urn]})
D = entry("d", parent=A.urn)
E = entry("e")
ALL = [A, B, C, D, E]


@pytest.mark.parametrize(
    ("pattern", "hit"),
    [
        ("urn:pulumi:dev::p::x:index:T::etl", True),
        ("urn:pulumi:dev::p::x:index:T::*", True),
        ("urn:pulumi:*::p::**::etl", True),
        ("urn:pulumi:dev::*::etl", False),
        ("**etl", True),
        ("**", True),
        ("etl", True),
        ("e*", True),
        ("tl", False),
        ("urn:pulumi:dev::p::x:index:T::et", False),
        ("urn:pulumi:dev::p::x.index.T::etl", False),
    ],
)
def test_patterns(pattern: str, hit: bool) -> None:
    assert matches("urn:pulumi:dev::p::x:index:T::etl", [pattern]) is hit


@pytest.mark.parametrize(
    ("selection", "included"),
    [
        (Selection(), "abcde"),
        (Selection(targets=("b",)), "b"),
        (Selection(targets=("a",), target_dependents=True), "abcd"),
        (Selection(excludes=("b",)), "acde"),
        (Selection(excludes=("b",), exclude_dependents=True), "ade"),
    ],
)
def test_selection_grows_by_dependents(selection: Selection, included: str) -> None:
    scope = Scope(selection)
    assert "".join(each.urn[-1] for each in ALL if scope.includes(each)) == included


def test_closures() -> None:
    assert {urn[-1] for urn in users_of([A.urn], ALL)} == set("abcd")
    assert {urn[-1] for urn in used_by([C.urn], ALL)} == set("abc")


def test_targets_that_are_nothing() -> None:
    scope = Scope(Selection(targets=("a", "zz", "z*"), replace=("yy",)))
    assert scope.unknown_targets([A.urn]) == ["zz", "yy"]
    assert Scope(Selection(replace=("a",))).replaces(A.urn)
    assert not Scope(Selection(targets=("a",))).replaces(A.urn)
