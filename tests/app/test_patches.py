"""Patches of live values: `git apply` takes each, and one edit that breaks the program costs no other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from prefect_pulumi.app.review.patches import find_patches, with_patches
from prefect_pulumi.app.review.trial import Outcome
from prefect_pulumi.core.masking import Masker
from prefect_pulumi.project.passphrase import NO_SALT, keep_salt_out_of_git
from prefect_pulumi.project.stack import Stack
from prefect_pulumi.review.model import Class, DisplayValue, FieldChange, Item
from prefect_pulumi.review.remedies import with_remedies
from tests.support.git_repository import commit_all, git

CONFIG = """\
config:
  p:environment:
    pools:
      etl: {type: process}
    variables:
      first: {value: 1}
      second: {value: 1}
      third: {value: 1}
    concurrency_limits:
      db:
        limit: 2
encryptionsalt: SALT
"""
SALT = "v1:CLONE:SALT"


def live(name: str, value: object = 2, kind: str = "Variable", path: str = "value", applied: object = 1) -> Item:
    before = DisplayValue("value", applied)
    change = FieldChange(path, Class.CHANGED_LIVE, before, before, DisplayValue("value", value))
    return Item(f"urn:pulumi:dev::p::t::{kind}-{name}", kind, name, Class.CHANGED_LIVE, fields=(change,))


LIMIT = live("db", 8, "GlobalConcurrencyLimit", "limit", 2)


def gone(kind: str, name: str) -> Item:
    return Item(f"urn:pulumi:dev::p::t::{kind}-{name}", kind, name, Class.MISSING_LIVE)


class Judge:
    """In place of the program: it does not run with the words of `breaks`, and never takes what `deaf` names."""

    def __init__(self, breaks: Sequence[str] = (), deaf: frozenset[tuple[str, str]] = frozenset()) -> None:
        self.breaks, self.deaf, self.runs = breaks, deaf, 0

    def run(self, files: Mapping[str, bytes]) -> Outcome:
        self.runs += 1
        text = b"".join(files.values()).decode()
        environment = yaml.safe_load(text)["config"]["p:environment"]
        if "etl" not in environment.get("pools", {}):
            return Outcome("pool etl is not declared")
        wrong = next((word for word in self.breaks if word in text), "")
        return Outcome(f"{wrong} is wrong" if wrong else "", self.deaf)

    @contextmanager
    def open(self, items: Sequence[Item]) -> Iterator[Judge]:
        yield self


def project(root: Path, data: bytes, attributes: str = "", *config: str) -> Stack:
    """A committed project in a folder of the repository that needs quotes."""
    folder = root / "the team's" / "in\\fra"
    folder.mkdir(parents=True)
    git(root, "init", "-q", "-b", "main")
    for setting in config:
        git(root, "config", *setting.split("="))
    (folder / "Pulumi.yaml").write_text("name: p\nruntime: python\n")
    (folder / "Pulumi.dev.yaml").write_bytes(data)
    (folder / ".gitattributes").write_text(attributes)
    keep_salt_out_of_git(folder)
    commit_all(root, "all")
    return Stack(folder, "dev")


UNIX, WINDOWS = CONFIG.encode(), CONFIG.replace("\n", "\r\n").encode()


@pytest.mark.parametrize(
    ("data", "attributes", "config"),
    [
        (UNIX, "", ()),
        (UNIX[:-1], "", ()),
        (UNIX, "Pulumi.dev.yaml filter=pulumi-local-salt", ()),
        (WINDOWS, "", ()),
        (WINDOWS, "", ("core.autocrlf=true",)),
        (WINDOWS, "*.dev.yaml text eol=crlf", ("core.safecrlf=true",)),
        (UNIX, "", ("core.autocrlf=input",)),
        (WINDOWS.replace(b"type: process}\r\n", b"type: process}\n"), "", ()),
        (UNIX, "* ident\n* working-tree-encoding=UTF-8", ()),
    ],
    ids=["plain", "no-last-newline", "filter", "crlf", "autocrlf", "eol", "autocrlf-input", "mixed", "encoding"],
)  # fmt: skip
def test_git_applies_the_patch(tmp_path: Path, data: bytes, attributes: str, config: tuple[str, ...]) -> None:
    stack = project(tmp_path, data.replace(b"SALT", SALT.encode()), attributes, *config)
    patches = find_patches(stack, [live("first"), LIMIT], Judge().open)
    assert patches.left == patches.only_together == ()
    assert ("\r\n" in patches.together) is (data != UNIX and b"\r" in data and not (config or "eol" in attributes))
    wanted = data.replace(b"SALT", SALT.encode()).replace(b"first: {value: 1}", b"first: {value: 2}")
    for key, limit in ((LIMIT.key, b"2"), ("", b"8")):
        (tmp_path / "p.diff").write_text(patches.each[live("first").key] if key else patches.together, newline="")
        if not key:
            git(tmp_path, "checkout", "-q", ".") if "filter" not in attributes else stack.config_file.write_bytes(
                data.replace(b"SALT", SALT.encode())
            )
        git(tmp_path, "apply", str(tmp_path / "p.diff"))
        assert stack.config_file.read_bytes().replace(NO_SALT.encode(), SALT.encode()) == wanted.replace(
            b"limit: 2", b"limit: " + limit
        )


def test_the_salt_of_a_clone_is_in_no_report(tmp_path: Path) -> None:
    items = with_remedies([live("first"), LIMIT], "dev")

    def diffs(stack: Stack) -> dict[str, tuple[str, tuple[str, ...]]]:
        made = with_patches(stack, items, Judge().open, Masker(["Variable", "secret of the stack"]))
        return {item.name: next((r.diff, r.left) for r in item.remedies if r.kind == "adopt") for item in made}

    data = UNIX.replace(b"SALT", SALT.encode())
    hidden = diffs(project(tmp_path / "a", data))
    assert hidden["db"] == ("", ("its lines hold a secret or the salt of this stack: infra adopt prints the patch",))
    assert "+      first: {value: 2}" in hidden["first"][0]
    shown = diffs(project(tmp_path / "b", data, "Pulumi.dev.yaml filter=pulumi-local-salt"))
    assert f" encryptionsalt: {NO_SALT}\n" in shown["db"][0]
    leaky = diffs(project(tmp_path / "c", data.replace(b"third: {value: 1}", b"third: {value: secret of the stack}")))
    assert leaky["first"][0] == ""


@pytest.mark.parametrize("count", [1, 7, 40])
def test_one_edit_that_breaks_the_program_costs_no_other(tmp_path: Path, count: int) -> None:
    names = [f"v{number}" for number in range(count)]
    variables = "".join(f"      {name}: {{value: 1}}\n" for name in names)
    stack = project(tmp_path, (CONFIG.split("      first")[0] + variables).encode())
    judge = Judge()
    items = [gone("WorkPool", "etl"), *(live(name) for name in names)]
    patches = find_patches(stack, items, judge.open)
    assert [str(entry) for entry in patches.left] == [
        "WorkPool etl: the program does not run with it (pool etl is not declared)"
    ]
    assert patches.together.count("+      v") == count
    assert set(patches.each) == {item.key for item in items}
    assert patches.each[items[0].key] == ""
    assert judge.runs <= 14


def test_values_that_do_not_arrive_and_edits_that_break_only_together(tmp_path: Path) -> None:
    stack = project(tmp_path, UNIX)
    judge = Judge(deaf=frozenset({(live("second").key, "value")}))
    patches = find_patches(stack, [live("first"), live("second")], judge.open)
    assert [str(entry) for entry in patches.left] == [
        "Variable second: value: the program does not take it from there: edit it by hand"
    ]
    assert "second: {value: 2}" not in patches.together
    both = Judge(breaks=["first: {value: 2}\n      second: {value: 2}"])
    patches = find_patches(stack, [live("first"), live("second"), live("third")], both.open)
    assert "first: {value: 2}" in patches.together
    assert [entry.name for entry in patches.left] == ["Variable second", "Variable third"]


def test_one_field_that_breaks_the_program_costs_no_other(tmp_path: Path) -> None:
    stack = project(tmp_path, UNIX.replace(b"db:\n", b"db:\n        slot_decay_per_second: 1\n"))
    decay = live("db", 7, "GlobalConcurrencyLimit", "slotDecayPerSecond", 1).fields
    both = replace(LIMIT, fields=(*LIMIT.fields, *decay))
    patches = find_patches(stack, [live("first"), both], Judge(breaks=["limit: 8"]).open)
    assert [entry.path for entry in patches.left] == ["limit"]
    assert "slot_decay_per_second: 7" in patches.together
    assert "first: {value: 2}" in patches.together


def test_what_can_be_taken_out_only_with_the_others_says_so(tmp_path: Path) -> None:
    stack = project(tmp_path, UNIX)
    judge = Judge(breaks=["variables:\n      second: {value: 1}\n      third: {value: 1}"])
    items = [gone("Variable", "first"), live("second")]
    patches = find_patches(stack, items, judge.open)
    assert patches.left == ()
    assert "infra adopt prints it with the others" in patches.only_together[0].reason
    assert items[0].key not in patches.each or patches.each[items[0].key] == ""
    assert "-      first: {value: 1}" in patches.together
