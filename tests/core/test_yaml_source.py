"""The one reader of YAML: places, duplicate keys, bounds."""

from __future__ import annotations

import time
from typing import Any

import pytest

from prefect_pulumi.core.errors import ExitCode
from prefect_pulumi.core.yaml_source import MAX_CHARACTERS, YamlError, compose, decode, parse

TEXT = """\
base: &base
  name: etl
  size: 1
list:
  - one: 1
    pool:
      <<: *base
      size: 2
  - {two: {deep: x}}
"""


@pytest.mark.parametrize(
    ("keys", "place"),
    [
        (["list", 0, "pool", "name"], (2, 3)),
        (["list", 0, "pool", "size"], (8, 7)),
        (["list", 0, "pool", "missing"], (6, 5)),
        (["list", 1, "two", "deep"], (9, 12)),
        (["base", 0, "size"], (3, 3)),
        ([], (1, 1)),
    ],
)
def test_lines_and_columns_of_keys(keys: list[str | int], place: tuple[int, int]) -> None:
    source = parse(TEXT, "file.yaml")
    assert source.locate(keys) == place
    assert source.data["list"][0]["pool"] == {"name": "etl", "size": 2}


def test_a_key_of_the_mapping_goes_before_merged_ones_wherever_they_stand() -> None:
    text = "a: &a {x: 1, y: 1}\nb: &b {x: 2}\nc:\n  x: 3\n  <<: [*b, *a]\nd:\n  <<: [*b, *a]\n"
    source = parse(text, "file.yaml")
    assert source.data["c"] == {"x": 3, "y": 1}
    assert source.data["d"] == {"x": 2, "y": 1}
    assert source.locate(["c", "x"]) == (4, 3)
    assert source.locate(["d", "x"]) == (2, 8)


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n"])
def test_an_empty_text_has_no_data(text: str) -> None:
    source = parse(text, "file.yaml")
    assert source.data is None
    assert source.mapping() == {}
    assert source.locate(["a"]) == (1, 1)


def faults(text: str | bytes) -> list[str]:
    with pytest.raises(YamlError) as caught:
        parse(text, "file.yaml").mapping()
    assert caught.value.exit_code is ExitCode.BAD_INPUT
    assert str(caught.value).startswith(f"file.yaml:{caught.value.faults[0]}")
    return [str(fault) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3\n", ["3:1: a: the key is here twice (first: line 1)"]),
        (
            "a:\n  b: {c: 1, c: 2}\nd:\n- e: 1\n  e: 1\n",
            [
                "2:13: a.b.c: the key is here twice (first: line 2)",
                "5:3: d[0].e: the key is here twice (first: line 4)",
            ],
        ),
        ("a: &a [*a]\n", ["1:4: a[0]: the anchor holds itself"]),
        ("a: &a {b: *a}\n", ["1:4: a.b: the anchor holds itself"]),
        ("a: {{ $B }}\n", ["1:5: a: put a text that begins with {{ in quotes"]),
        ("- a\n", ["1:1: the top level must be a mapping of keys to values"]),
        ("a: !env X\n", ["1:4: could not determine a constructor for the tag '!env'"]),
        ("a: 2026-13-45\n", ["1:1: it cannot be read as YAML (month must be in 1..12)"]),
        ("a: x\x01y\n", ["1:5: control characters are not allowed"]),
        (b"a: x\nb: caf\xe9\n", ["2:7: it is not UTF-8 text; save it as UTF-8"]),
        ("a: 1\n--- \nb: 1\n", ["2:1: expected a single document in the stream: but found another document"]),
        ("a: " + "9" * 401, ["1:4: a: a number of more than 400 digits; put it in quotes"]),
        ("a: [0x" + "f" * 400 + "]", ["1:5: a[0]: a number of more than 400 digits; put it in quotes"]),
        ("a: 1" + ":59" * 200, ["1:4: a: a number of more than 400 digits; put it in quotes"]),
        ("9" * 401 + ": a", ["1:1: a number of more than 400 digits; put it in quotes"]),
    ],
)
def test_every_fault_has_its_place(text: str | bytes, expected: list[str]) -> None:
    assert faults(text) == expected


def nested_anchors(count: int, depth: int) -> str:
    lines = [f"a0: &a0 {'[' * depth}{']' * depth}"]
    lines += [f"a{n}: &a{n} {'[' * depth}*a{n - 1}{']' * depth}" for n in range(1, count)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "[" * 100_000,
        "[" * 100_000 + "]" * 100_000,
        "a: " + "{b: " * 50_000,
        "- " * 100_000 + "a",
        "? " * 100_000 + "a",
        "".join(" " * level + "a:\n" for level in range(1500)),
        "a: " + "[" * 201 + "]" * 201,
        nested_anchors(10, 50),
    ],
)
def test_nesting_is_bounded_before_the_parser_recurses(text: str) -> None:
    assert "nested deeper than 200 levels" in faults(text)[0]


def test_values_and_size_are_bounded() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 60)]
    start = time.monotonic()
    assert faults("\n".join(lines)) == ["1:1: its anchors come to more than 200000 values when they are written out"]
    assert "characters" in faults("#" * (MAX_CHARACTERS + 1))[0]
    assert time.monotonic() - start < 5


def test_wide_texts_are_read() -> None:
    text = "a:\n" + "".join(f"- {{b: [{n}, {{c: {n}}}], text: '{'[' * 50}'}}\n" for n in range(2000))
    assert len(parse(text, "file.yaml").data["a"]) == 2000
    long = "a: " + "x" * 50_000
    assert parse(long, "file.yaml").data == {"a": "x" * 50_000}


def test_newlines_are_those_of_text_mode() -> None:
    assert decode(b"a: 1\r\nb: 2\rc: 3\n", "file.yaml") == "a: 1\nb: 2\nc: 3\n"


@pytest.mark.parametrize("text", ["a: 1\na: 2\n", "a: [", "[" * 5000])
def test_nodes_alone_are_checked_too(text: str) -> None:
    with pytest.raises(YamlError):
        compose(text, "file.yaml")


def test_nodes_alone_are_as_written() -> None:
    node: Any = compose("a: &a {x: 1}\nb: {<<: *a}\n", "file.yaml")
    assert node.value[1][1].value[0][0].value == "<<"
