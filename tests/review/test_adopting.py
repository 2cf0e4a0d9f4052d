"""Edits that put a live value where the code's stands, and touch nothing else."""

from __future__ import annotations

import difflib
from typing import Any

import pytest
import yaml

from prefect_pulumi.core.diffs import ABSENT
from prefect_pulumi.review.edits import yaml_edit
from prefect_pulumi.review.edits.adoption import Code, adopt, steps
from prefect_pulumi.review.edits.patch import unified_diff
from prefect_pulumi.review.edits.python_edit import Source, literal
from prefect_pulumi.review.edits.yaml_edit import CannotEditError
from prefect_pulumi.review.model import NO_VALUE, SECRET, Class, DisplayValue, FieldChange, Item

YAML = """\
# a comment that stays
top:
  plain: 1   # behind a value
  text: 'quoted'
  list: [a, b]
  block:
    - one
    - two

  map:
    deep: {x: 1}
    last: true
  empty:
anchor: &shared
  name: etl
  queue: default
uses:
  - name: first
    pool: *shared
    tags: [x]
  # about the second
  - name: second
    pool:
      <<: *shared
      queue: fast
end: over
"""


@pytest.mark.parametrize(
    ("path", "value", "lines"),
    [
        (["top", "plain"], 2, {"-  plain: 1   # behind a value", "+  plain: 2   # behind a value"}),
        (["top", "text"], "a: b", {"-  text: 'quoted'", "+  text: 'a: b'"}),
        (["top", "list"], ["c"], {"-  list: [a, b]", "+  list: [c]"}),
        (["top", "list", 1], "c", {"-  list: [a, b]", "+  list: [a, c]"}),
        (["top", "block"], [1], {"-  block:", "-    - one", "-    - two", "+  block: [1]"}),
        (["top", "map", "deep", "y"], None, {"-    deep: {x: 1}", "+    deep: {x: 1, y: null}"}),
        (["top", "map", "new"], {"a": {"b": 1}}, {"+    new:", "+      a:", "+        b: 1"}),
        (["top", "empty"], "full", {"-  empty:", "+  empty: full"}),
        (["top", "more", "deep"], 1, {"+  more:", "+    deep: 1"}),
        (
            ["uses", 0, "pool", "queue"],
            "fast",
            {"-    pool: *shared", "+    pool:", "+      <<: *shared", "+      queue: fast"},
        ),
        (["uses", 1, "pool", "queue"], "slow", {"-      queue: fast", "+      queue: slow"}),
        (["uses", 1, "pool", "name"], "other", {"+      name: other"}),
        (["end"], "12:30", {"-end: over", "+end: '12:30'"}),
    ],
)  # fmt: skip
def test_yaml_is_changed_where_it_is_meant(path: list[str | int], value: Any, lines: set[str]) -> None:
    text = yaml_edit.put(YAML, path, value)
    changed = list(difflib.unified_diff(YAML.splitlines(), text.splitlines(), n=0, lineterm=""))[2:]
    assert {line for line in changed if not line.startswith("@@")} == lines
    assert yaml_edit.get(text, path) == value
    rest, wanted = yaml.safe_load(text), yaml.safe_load(YAML)
    assert rest["anchor"] == wanted["anchor"]


def test_yaml_keys_and_entries_are_taken_out() -> None:
    assert yaml_edit.get(yaml_edit.delete(YAML, ["top", "map"]), ["top", "map"]) is ABSENT
    shorter = yaml_edit.delete(YAML, ["uses", 0])
    assert [each["name"] for each in yaml.safe_load(shorter)["uses"]] == ["second"]
    assert "# about the second" in shorter
    first = yaml.safe_load(yaml_edit.delete(YAML, ["uses", 1, "name"]))["uses"][1]
    assert set(first) == {"pool"}
    with pytest.raises(CannotEditError):
        yaml_edit.delete(YAML, ["top", "list", 0])


PROGRAM = '''"""Ü: offsets are bytes."""
from prefect_pulumi.resources import *
pool = WorkPool("etl", opts, type="process", concurrency_limit=2)
Variable(
    "region",
    value={"a": [1, {"b": "ä"}], "c": 1},
    tags=["x"],
)
JsonBlock("app", value=load())
for name in ("a", "b"):
    Variable(name, value=1)
print(pool)
unused = Variable("unused", value=1)  # by nothing
if unused_too := 1:
    Variable("alone", value=1)
Variable("beside", value=1); print(pool)
'''


POOL = 'pool = WorkPool("etl", opts, type="process", '


@pytest.mark.parametrize(
    ("kind", "name", "keyword", "path", "value", "line"),
    [
        ("WorkPool", "etl", "concurrency_limit", [], 5, f"{POOL}concurrency_limit=5)"),
        ("WorkPool", "etl", "paused", [], True, f"{POOL}concurrency_limit=2, paused=True)"),
        ("Variable", "region", "value", ["a", 1, "b"], "ö", '    value={"a": [1, {"b": "ö"}], "c": 1},'),
        ("Variable", "region", "value", ["d"], {}, '    value={"a": [1, {"b": "ä"}], "c": 1, "d": {}},'),
        ("Variable", "region", "tags", [], ["x", "y"], '    tags=["x", "y"],'),
    ],
)  # fmt: skip
def test_a_literal_of_the_program(kind: str, name: str, keyword: str, path: list[Any], value: Any, line: str) -> None:
    source = Source(PROGRAM)
    call = source.resource(kind, name)
    assert call is not None
    text = source.put(call, keyword, path, value)
    assert line in text.splitlines()
    assert len(text.splitlines()) == len(PROGRAM.splitlines())
    again = Source(text)
    found = again.resource(kind, name)
    assert found is not None
    assert again.get(found, keyword, path) == value


def test_what_is_no_literal_is_left_to_people() -> None:
    source = Source(PROGRAM)
    app = source.resource("JsonBlock", "app")
    assert app is not None
    with pytest.raises(CannotEditError):
        source.get(app, "value", [])
    assert source.resource("Variable", "a") is None
    pool = source.resource("WorkPool", "etl")
    assert pool is not None
    with pytest.raises(CannotEditError, match="used by others"):
        source.remove(pool)
    region = source.resource("Variable", "region")
    assert region is not None
    assert "region" not in source.remove(region)
    unused, beside = source.resource("Variable", "unused"), source.resource("Variable", "beside")
    assert unused is not None
    assert beside is not None
    assert "by nothing" not in source.remove(unused)
    with pytest.raises(CannotEditError, match="by hand"):
        source.remove(beside)
    assert literal({"a": [True, None, 'it"s', 1.5]}) == '{"a": [true, None, "it\\"s", 1.5]}'.replace("true", "True")


CONFIG = """\
config:
  p:environment:
    pools:
      etl:
        type: process
        queues:
          fast: {priority: 1}
    variables:
      # The only one.
      region:
        value: eu
"""
DEPLOYS = """\
deployments:
- &first
  name: first
  schedules:
  - slug: s
    cron: 0 6 * * *
- name: second
  tags: &tags [a, b]
  description: |
    Two

    # lines
# About the third.
- name: third
  tags: *tags
  schedules: [{interval: 600}]
  more:
  - *tags
"""


def gone(kind: str, name: str, key: str = "") -> Item:
    return Item(key or f"urn:pulumi:dev::p::t::{name}", kind, name, Class.MISSING_LIVE)


@pytest.mark.parametrize(
    ("items", "left"),
    [
        (
            [gone("Variable", "region")],
            {"p:environment": {"pools": {"etl": {"type": "process", "queues": {"fast": {"priority": 1}}}}}},
        ),
        (
            [gone("WorkQueue", "etl/fast")],
            {"p:environment": {"pools": {"etl": {"type": "process"}}, "variables": {"region": {"value": "eu"}}}},
        ),
        (
            [gone("WorkPool", "etl"), gone("WorkQueue", "etl/fast")],
            {"p:environment": {"variables": {"region": {"value": "eu"}}}},
        ),
    ],
)
def test_what_is_gone_leaves_no_empty_group(items: list[Item], left: Any) -> None:
    adopted = adopt(Code("p", {"dev": CONFIG}, config="dev"), items)
    assert adopted.left == []
    assert yaml.safe_load(adopted.files["dev"]) == {"config": left}


@pytest.mark.parametrize(
    ("name", "path", "applied", "live", "lines"),
    [
        ("second", "", None, None, "- name: second|  tags: &tags [a, b]|  description: |"),
        ("third", "tags[0]", "a", "c", "-  tags: *tags|+  tags: [c, b]"),
        ("third", "tags", ["a", "b"], ["z"], "-  tags: *tags|+  tags: [z]"),
        (
            "third", 'schedules["every 600s"]', {"interval": 600.0}, None,
            "-  schedules: [{interval: 600}]|+  schedules: []",
        ),
        (
            "first", "schedules.s", {"cron": "0 6 * * *"}, None,
            "-  schedules:|-  - slug: s|-    cron: 0 6 * * *|+  schedules: []",
        ),
        (
            "first", 'schedules["0 7 * * *"]', None,
            {"cron": "0 7 * * *", "timezone": "UTC", "day_or": True, "active": False, "parameters": {}, "slug": None},
            "+  - {cron: 0 7 * * *, active: false}",
        ),
        (
            "third", "schedules.new", None, {"interval": 900.0, "timezone": "Europe/Berlin", "slug": "new"},
            "-  schedules: [{interval: 600}]|"
            "+  schedules: [{interval: 600}, {slug: new, interval: 900, timezone: Europe/Berlin}]",
        ),
        (
            "second", "description", "Two\n\n# lines\n", "Three",
            "-  description: ||-    Two|-|-    # lines|+  description: Three",
        ),
    ],
)  # fmt: skip
def test_entries_of_prefect_yaml(name: str, path: str, applied: Any, live: Any, lines: str) -> None:
    """Comments, anchors and the entries beside stay; what others use of an entry keeps it from being taken out."""
    code, key = Code("p", {"prefect.yaml": DEPLOYS}, deploys=["prefect.yaml"]), f"urn:x#f/{name}"
    adopted = adopt(code, [item("Deployment", f"f/{name}", path, applied, live, key=key)] if path else [
        gone("Deployment", f"f/{name}", key)
    ])  # fmt: skip
    if not path:
        assert "anchor" in adopted.left[0].reason or "alias" in adopted.left[0].reason
        return
    assert adopted.left == []
    new = adopted.files["prefect.yaml"]
    changed = difflib.unified_diff(DEPLOYS.splitlines(), new.splitlines(), n=0, lineterm="")
    assert "|".join(line for line in changed if not line.startswith(("---", "+++", "@@"))) == lines
    assert "# About the third." in adopted.files["prefect.yaml"]


def test_steps_of_a_path() -> None:
    assert steps('a.b[0]["c d"].e["x\\"y"]') == ["a", "b", 0, "c d", "e", 'x"y']


def item(kind: str, name: str, path: str, applied: Any, live: Any, **over: Any) -> Item:
    sides = (
        DisplayValue("value", applied),
        DisplayValue("value", applied),
        DisplayValue("value", live) if live is not None else NO_VALUE,
    )
    change = FieldChange(path, Class.CHANGED_LIVE, *sides)
    key = over.pop("key", f"urn:pulumi:dev::p::prefect:index:{kind}::{name}")
    return Item(key, kind, name, Class.CHANGED_LIVE, fields=(change,), **over)


def test_only_what_says_the_same_is_edited_and_secrets_never() -> None:
    code = Code("p", {"infra/__main__.py": PROGRAM}, program=["infra/__main__.py"])
    stale = adopt(code, [item("WorkPool", "etl", "concurrencyLimit", 3, 9)])
    assert stale.files == {}
    assert "in another way" in stale.left[0].reason
    change = FieldChange("value", Class.CHANGED_LIVE, SECRET, SECRET, SECRET)
    hidden = Item("urn:pulumi:dev::p::t::region", "Variable", "region", Class.CHANGED_LIVE, fields=(change,))
    assert "config set --secret" in adopt(code, [hidden]).left[0].reason
    leaked = adopt(code, [item("WorkPool", "etl", "concurrencyLimit", 2, "x [secret] y")])
    assert leaked.files == {}


def test_several_edits_of_one_file_make_one_diff() -> None:
    code = Code("p", {"infra/__main__.py": PROGRAM.rstrip("\n")}, program=["infra/__main__.py"])
    made = adopt(
        code, [item("WorkPool", "etl", "concurrencyLimit", 2, 9), item("Variable", "region", "tags", ["x"], [])]
    )
    ((path, new),), old = made.changed(code).items(), code.files["infra/__main__.py"]
    text = unified_diff(f"sub/{path}", old.encode(), new.encode())
    assert text.startswith("diff --git a/sub/infra/__main__.py b/sub/infra/__main__.py\n--- a/sub/")
    assert text.count("@@ ") == 1
    assert "\\ No newline at end of file" not in text or text.endswith("\n")
    assert made.left == []


def test_a_schedule_of_prefect_yaml_is_found_by_slug_or_rule() -> None:
    schedules = "  - cron: 0 6 * * *\n  - interval: 600\n  - {slug: s, cron: 0 7 * * *}\n"
    text = f"deployments:\n- name: a\n  schedules:\n{schedules}"
    code = Code("p", {"prefect.yaml": text}, deploys=["prefect.yaml"])

    def edited(path: str, applied: Any, live: Any) -> tuple[str, list[str]]:
        adopted = adopt(code, [item("Deployment", "f/a", path, applied, live, key="urn:x#f/a")])
        return adopted.files.get("prefect.yaml", ""), [str(entry) for entry in adopted.left]

    assert "  - cron: 0 8 * * *\n" in edited('schedules["0 6 * * *"].cron', "0 6 * * *", "0 8 * * *")[0]
    assert "  - interval: 600\n    active: false\n" in edited('schedules["every 600s"].active', True, False)[0]
    assert "{slug: s, cron: 0 9 * * *}" in edited("schedules.s.cron", "0 7 * * *", "0 9 * * *")[0]
    assert "no schedule '0 7 * * *'" in edited('schedules["0 7 * * *"].active', True, False)[1][0]
    assert "`up` takes it away" in edited("schedules.s.max_scheduled_runs", None, 3)[1][0]


@pytest.mark.parametrize(
    ("resource", "file"),
    [
        ("flows", "prefect.yaml"),
        ("flows-teams-a", "teams/a/prefect.yaml"),
        ("flows-x-teams-a", "x/teams/a/prefect.yaml"),
    ],
)
def test_each_directory_has_its_own_file(resource: str, file: str) -> None:
    code = Code("p", {}, deploys=["prefect.yaml", "teams/a/prefect.yaml", "x/teams/a/prefect.yaml"])
    assert code.deploys_of(f"urn:pulumi:dev::p::prefect:index:Deployments::{resource}#f/d") == file
    assert Code("p", {}).deploys_of("urn:x#f/d") == ""
