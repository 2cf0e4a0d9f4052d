"""The recursive comparison."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefect_pulumi.core.diffs import ABSENT, DiffItem, DiffOp, differences, is_known_and_same, property_path
from prefect_pulumi.core.values import UNKNOWN, Secret, same

SECRET = Secret({"x": 1})


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({"a": 1}, {"a": 1.0}, []),
        ({"a": 1}, {"a": True}, [(DiffOp.UPDATE, ("a",), 1, True)]),
        ({"a": 1}, {}, [(DiffOp.DELETE, ("a",), 1, ABSENT)]),
        ({}, {"a": None}, [(DiffOp.ADD, ("a",), ABSENT, None)]),
        ({"a": {"b": 1, "c": 2}}, {"a": {"c": 3}}, [
            (DiffOp.DELETE, ("a", "b"), 1, ABSENT),
            (DiffOp.UPDATE, ("a", "c"), 2, 3),
        ]),
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}, [(DiffOp.UPDATE, ("a", 1, "b"), 2, 3)]),
        ({"a": [1]}, {"a": [1, 2]}, [(DiffOp.UPDATE, ("a",), [1], [1, 2])]),
        ({"a": {"b": 1}}, {"a": None}, [(DiffOp.UPDATE, ("a",), {"b": 1}, None)]),
        ({"a": Secret(1)}, {"a": 1}, []),
        ({"a": SECRET}, {"a": {"x": 2}}, [(DiffOp.UPDATE, ("a",), SECRET, {"x": 2})]),
        ({"a": UNKNOWN}, {"a": UNKNOWN}, []),
    ],
)  # fmt: skip
def test_two_sides(old: Any, new: Any, expected: list[Any]) -> None:
    assert [(item.op, item.path, item.old, item.new) for item in differences(old, new)] == expected


def test_three_sides_are_entered_where_two_have_a_mapping_and_the_third_nothing() -> None:
    items = list(differences({"a": {"x": 1}}, {"a": {"x": 1, "y": 2}}, {}))
    assert items == [DiffItem(("a", "x"), (1, 1, ABSENT)), DiffItem(("a", "y"), (ABSENT, 2, ABSENT))]
    assert list(differences({"a": {"x": 1}}, {}, {})) == [DiffItem(("a",), ({"x": 1}, ABSENT, ABSENT))]
    assert list(differences({"a": {"x": 1}}, {"a": {"x": 2}}, {"a": 3})) == [DiffItem(("a",), ({"x": 1}, {"x": 2}, 3))]


def test_the_policy_is_the_callers() -> None:
    old, new = {"b": {"x": 1}, "a": [1]}, {"b": {"x": 2}, "a": [2]}
    paths = [item.path for item in differences(old, new, entered=lambda path: not path, lists=False)]
    assert paths == [("b",), ("a",)]
    assert [item.path for item in differences(old, new, sort_keys=True)] == [("a", 0), ("b", "x")]
    unknown = {"a": UNKNOWN}
    assert [item.path for item in differences(unknown, unknown, equal=is_known_and_same)] == [("a",)]


def test_the_spelling_of_paths() -> None:
    assert property_path("root", ("a", "b c", 0, 'say "x"')) == 'root.a["b c"][0]["say \\"x\\""]'
    assert property_path("root", ()) == "root"


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
)


def put(value: Any, path: tuple[str | int, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    key: Any = path[0]
    if len(path) == 1 and new is ABSENT:
        del copy[key]
    else:
        copy[key] = put(copy[key] if len(path) > 1 else None, path[1:], new)
    return copy


@given(PLAIN, PLAIN)
def test_the_items_lead_from_the_old_value_to_the_new_one(old: Any, new: Any) -> None:
    assert list(differences(old, old)) == []
    result = old
    for item in differences(old, new):
        assert not same(item.old, item.new)
        result = put(result, item.path, item.new)
    assert same(result, new)
