"""Property values: round trips through the wire and the checkpoint."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefect_pulumi.core.values import (
    SECRET,
    SIGNATURE,
    UNKNOWN,
    Asset,
    ResourceReference,
    Secret,
    from_checkpoint,
    from_struct,
    has_secret,
    has_unknown,
    mask,
    same,
    secret,
    to_checkpoint,
    to_struct,
    unwrap,
)

numbers = st.one_of(st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False))
leaves = st.one_of(st.none(), st.booleans(), numbers, st.text())
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4), inner.map(secret)
    ),
    max_leaves=20,
)
special = st.sampled_from(
    [UNKNOWN, ResourceReference("urn:x", "id"), ResourceReference("urn:y", UNKNOWN), Asset(text="t")]
)


@given(st.dictionaries(st.text(max_size=8), st.one_of(values, special), max_size=5))
def test_wire_round_trip(props: dict[str, Any]) -> None:
    back = from_struct(to_struct(props))
    assert same(back, props)
    assert has_secret(back) == has_secret(props)


@given(values)
def test_checkpoint_round_trip(value: Any) -> None:
    assert same(from_checkpoint(to_checkpoint(value, lambda text: text[::-1]), lambda text: text[::-1]), value)


def test_ints_stay_ints() -> None:
    back = from_struct(to_struct({"whole": 3, "part": 3.5, "flag": True}))
    assert {key: type(value) for key, value in back.items()} == {"whole": int, "part": float, "flag": bool}


def test_a_secret_is_never_shown() -> None:
    value = {"a": Secret("hush"), "b": [Secret({"c": "hush"})], "d": UNKNOWN}
    assert "hush" not in repr(value)
    assert mask(value) == {"a": "[secret]", "b": ["[secret]"], "d": "[unknown]"}
    assert unwrap(value) == {"a": "hush", "b": [{"c": "hush"}], "d": UNKNOWN}
    assert has_unknown(value)


def test_secret_without_its_mark_on_the_wire() -> None:
    assert from_struct(to_struct({"a": Secret("x")}, keep_secrets=False)) == {"a": "x"}


def test_an_unknown_is_neither_true_nor_false() -> None:
    with pytest.raises(TypeError):
        bool(UNKNOWN)


def test_same_tells_true_from_one() -> None:
    assert same(1, 1.0)
    assert not same(1, True)
    assert same({"a": Secret([1])}, {"a": [1]})


def test_plaintext_secret_is_read() -> None:
    assert from_checkpoint({SIGNATURE: SECRET, "plaintext": '"abc"'}, str) == Secret("abc")
