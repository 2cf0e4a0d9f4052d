"""Desired inputs against known outputs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prefect_pulumi.core.provider_protocol import Changes, DiffKind
from prefect_pulumi.core.values import UNKNOWN, Secret
from prefect_pulumi.models import Variable, WorkPool
from prefect_pulumi.provider.handlers.base import Call
from prefect_pulumi.provider.handlers.diff import changed_fields, diff

ADD, DELETE, UPDATE = DiffKind.ADD, DiffKind.DELETE, DiffKind.UPDATE


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (1, 1.0, {}),
        (1, True, {"value": UPDATE}),
        ("a", Secret("a"), {}),
        ({"a": {"b": 1}}, {"a": {"b": 2}}, {"value.a.b": UPDATE}),
        ({"a": 1}, {"b": 1}, {"value.a": DELETE, "value.b": ADD}),
        ({"a-b": 1}, {"a-b": 2}, {'value["a-b"]': UPDATE}),
        ([1, 2], [1, 3], {"value[1]": UPDATE}),
        ([1, 2], [1], {"value": UPDATE}),
        ({"a": None}, {"a": 1}, {"value.a": ADD}),
        ({"a": Secret({"b": 1})}, {"a": {"b": 2}}, {"value.a.b": UPDATE}),
        ({"a": 1}, {"a": UNKNOWN}, {"value.a": UPDATE}),
        ({"a": 1}, UNKNOWN, {"value": UPDATE}),
    ],
)
def test_paths(old: Any, new: Any, expected: dict[str, DiffKind]) -> None:
    call = Call("urn", outputs={"name": "v", "value": old}, news={"name": "v", "value": new})
    found = diff(Variable, call)
    assert dict(found.detailed) == expected
    assert found.changes is (Changes.SOME if expected else Changes.NONE)
    assert not found.delete_before_replace


def test_replacing_fields_delete_first() -> None:
    outputs = {"name": "a", "type": "process"}
    found = diff(WorkPool, Call("urn", outputs=outputs, news={"name": "a", "type": "docker", "paused": True}))
    assert dict(found.detailed) == {"type": DiffKind.UPDATE_REPLACE, "paused": ADD}
    assert found.replaces == ("type",)
    assert found.delete_before_replace


@pytest.mark.parametrize(
    ("ignored", "left"),
    [
        (["value"], set()),
        (["value.a"], {"value.b[0]", "value.b[1]"}),
        (["value.b[*]"], {"value.a.x"}),
        (["value.b[0]"], {"value.a.x", "value.b[1]"}),
        (["val"], {"value.a.x", "value.b[0]", "value.b[1]"}),
        (["*"], set()),
    ],
)
def test_ignored_paths(ignored: list[str], left: set[str]) -> None:
    outputs = {"name": "v", "value": {"a": {"x": 1}, "b": [1, 2]}}
    news = {"name": "v", "value": {"a": {"x": 2}, "b": [3, 4]}}
    assert set(diff(Variable, Call("urn", outputs=outputs, news=news, ignored=ignored)).detailed) == left


def test_defaults_and_server_decisions_are_no_difference() -> None:
    outputs = {"name": "a", "type": "process", "paused": False, "baseJobTemplate": {"x": 1}, "created": "now"}
    assert changed_fields(WorkPool, Call("urn", outputs=outputs, news={"name": "a", "type": "process"})) == {}
    removed = Call("urn", inputs={"baseJobTemplate": {"x": 1}}, outputs=outputs, news={"name": "a", "type": "process"})
    assert changed_fields(WorkPool, removed) == {"baseJobTemplate": {}}


@settings(max_examples=50, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_a_value_never_differs_from_itself(value: Any) -> None:
    call = Call("urn", outputs={"name": "v", "value": value}, news={"name": "v", "value": value})
    assert diff(Variable, call).changes is Changes.NONE
