"""Masking: every spelling, every place where a text may be cut, and nothing else."""

from __future__ import annotations

import base64
import io
import itertools
import json
from pathlib import Path
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefect_pulumi.core.errors import PartialFailureError, ProgramError
from prefect_pulumi.core.masking import LONG, MaskedStream, Masker
from prefect_pulumi.core.values import MASK, Secret

CANARY = 'ca"nary/pa ss\nwörd+7431'


def masker(*secrets: object) -> Masker:
    made = Masker()
    made.learn([Secret(each) for each in secrets])
    return made


@pytest.mark.parametrize(
    "text",
    [
        CANARY,
        json.dumps({"k": [CANARY]}),
        json.dumps({"k": CANARY}, ensure_ascii=False),
        repr({"k": CANARY}),
        quote(CANARY),
        quote(CANARY, safe=""),
        quote_plus(CANARY),
        urlencode({"a": 1, "k": CANARY}),
        CANARY.encode().hex(),
        *(base64.b64encode(b"x" * before + CANARY.encode() + b"y" * before).decode() for before in range(4)),
        base64.urlsafe_b64encode(b"user:" + CANARY.encode()).decode(),
    ],
)
def test_every_spelling(text: str) -> None:
    shown = masker(CANARY).text(f"before {text} after")
    assert MASK in shown
    assert shown.startswith("before ")
    assert shown.endswith(" after")
    for part in ("nary", "7431", CANARY[3:9], quote(CANARY)[4:14], base64.b64encode(CANARY.encode()).decode()[4:16]):
        assert part not in shown


def test_structures_numbers_and_lines() -> None:
    made = masker(
        {"user": "somebody", "keys": ["key-number-one"], "pin": 123456, "on": True}, "-----\nline of a key\n-"
    )
    assert made.text("somebody key-number-one 123456 True") == f"{MASK} {MASK} {MASK} True"
    assert made.text("| line of a key |") == f"| {MASK} |"
    assert made.value({"a": ["somebody", 1], "somebody": None}) == {"a": [MASK, 1], MASK: None}
    assert masker("abc", "", None).text("abc") == "abc"


def test_overlapping_secrets_leave_no_rest() -> None:
    assert masker("abcd1234", "1234efgh").text("-abcd1234efgh-") == f"-{MASK}-"


def test_a_secret_that_begins_with_another_leaves_no_tail() -> None:
    for secrets in (["token", "token-long"], ["token-long", "token"]):
        assert Masker(secrets).text("token-long token x") == f"{MASK} {MASK} x"


def test_given_values_are_secret_whether_marked_or_not() -> None:
    made = Masker([{"a": ["plain-one", Secret({"b": "marked-one"})], "n": 123456, "small": 12}], shortest=6)
    assert made.text("plain-one marked-one 123456 12 a b") == f"{MASK} {MASK} {MASK} 12 a b"
    assert Masker(["short", "longer"], shortest=6).text("short longer") == f"short {MASK}"


def test_errors() -> None:
    made = masker("very-private")
    program = ProgramError("ValueError: very-private", details='raise ValueError("very-private")')
    partial = PartialFailureError("is very-private", id="1", outputs={}, reasons=["very-private"])
    for error in (program, partial):
        made.error(error)
    assert "very-private" not in f"{program} {program.details} {program.args} {partial} {partial.reasons}"
    assert partial.reasons == (MASK,)


@given(st.lists(st.integers(0, 60)), st.sampled_from(["", "tail of the te"]), st.booleans())
def test_a_secret_in_pieces(cuts: list[int], tail: str, held: bool) -> None:
    text = f"one two s3cret-value three {base64.b64encode(b's3cret-value').decode()} four s3cret{tail}"
    target = io.StringIO()
    stream = MaskedStream(target, masker("s3cret-value"), held=held)
    places = sorted({0, *(min(cut, len(text)) for cut in cuts), len(text)})
    for start, end in itertools.pairwise(places):
        stream.write(text[start:end])
        assert "s3cret-value" not in target.getvalue()
        assert not held or target.getvalue() == ""
    stream.finish()
    assert target.getvalue() == f"one two {MASK} three {MASK} four s3cret{tail}"


@pytest.mark.parametrize(
    ("secret", "text", "shown"),
    [
        ("main", "/home/ann/infra/__main__.py:4", "/home/ann/infra/__main__.py:4"),
        ("infra", "infra/__main__.py: no infra", f"infra/__main__.py: no {MASK}"),
        ("infra", "open('a/infra') or infra", f"open('a/infra') or {MASK}"),
        ("pass", "https://ann:pass@example.com/api", f"https://ann:{MASK}@example.com/api"),
        ("a/bc", "x/a/bc", f"x/{MASK}"),
        ("pa55word", "/home/pa55word/x", f"/home/{MASK}/x"),
        ("dev1", "key=dev1, /etc/dev1", f"key={MASK}, /etc/dev1"),
    ],
)
def test_short_secrets_are_no_parts_of_paths(secret: str, text: str, shown: str) -> None:
    assert masker(secret).text(text) == shown


@given(st.text(max_size=80), st.lists(st.text(min_size=LONG, max_size=12), max_size=4))
def test_what_is_left_holds_no_secret_and_what_holds_none_is_left(text: str, secrets: list[str]) -> None:
    made = masker(*secrets)
    known = [each.strip() for each in secrets if len(each.strip()) >= LONG]
    shown = made.text(text)
    if not any(each in text for each in known) and MASK not in shown:
        assert shown == text
    for part in shown.split(MASK):
        assert not any(each in part for each in known)


def test_output_of_bytes_and_without_a_newline_is_shown() -> None:
    target = io.StringIO()
    stream = MaskedStream(target, masker("very-private"))
    stream.write("Go on? [y/N] ")
    assert target.getvalue() == "Go on? [y/N] "
    stream.buffer.write(b"very-private\n")
    assert target.getvalue() == f"Go on? [y/N] {MASK}\n"


def test_what_else_a_program_asks_of_its_stdout(tmp_path: Path) -> None:
    with (tmp_path / "out").open("w", encoding="utf-8") as target:
        stream = MaskedStream(target, masker("very-private"))
        stream.reconfigure(line_buffering=True)
        assert (stream.encoding, stream.errors, stream.isatty(), stream.writable()) == ("utf-8", "strict", False, True)
        assert stream.fileno() == target.fileno()
        print("a very-private line", file=stream, flush=True)
        assert (tmp_path / "out").read_text() == f"a {MASK} line\n"


def test_of_a_bag_that_is_marked_as_a_whole_only_what_stands_nowhere_in_plain_is_a_secret() -> None:
    """A provider marks all inputs of a container secret for one variable in them; a lone secret always is one."""
    bag = {"name": "team-etl", "command": ["worker", "etl-1"], "env": ["TOKEN=of-the-team"]}
    value = {"inputs": {"bag": Secret(bag), "key": Secret("team-etl")}, "outputs": {"pool": "team-etl"}}
    made = Masker()
    made.learn({"bag": value["inputs"]["bag"], "outputs": value["outputs"]}, ["urn:pulumi:dev::p::Container::etl-1"])
    assert made.text("team-etl etl-1 worker TOKEN=of-the-team") == f"team-etl etl-1 {MASK} {MASK}"
    made.learn(value)
    assert made.text("team-etl") == MASK
