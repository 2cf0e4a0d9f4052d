"""Markdown for the forge, read back by a CommonMark parser: strangers' text is text and nothing else."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from types import ModuleType
from typing import Any
from unicodedata import lookup

import pytest
from markdown_it import MarkdownIt

from prefect_pulumi.core.display_text import one_line
from prefect_pulumi.review.model import (
    GONE_ALREADY,
    Action,
    Class,
    DisplayValue,
    Environment,
    FieldChange,
    Item,
    Report,
)
from prefect_pulumi.review.remedies import with_remedies
from prefect_pulumi.review.renderers import markdown
from prefect_pulumi.review.renderers.escape import code, plain

ALLOWED = {
    "h3", "h4", "p", "ul", "li", "table", "thead", "tbody", "tr", "th", "td", "code", "strong", "details", "summary",
    "sub", "b", "pre", "a",
}  # fmt: skip


class Page(HTMLParser):
    """Tags, texts outside of code, and the number of cells of each table row."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.prose = ""
        self.code: list[str] = []
        self.rows: list[int] = []
        self.comments: list[str] = []
        self._in_code = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.add(tag)
        self.attributes.extend(attrs)
        if tag == "code":
            self._in_code += 1
            self.code.append("")
        if tag == "tr":
            self.rows.append(0)
        if tag in ("td", "th"):
            self.rows[-1] += 1

    def handle_endtag(self, tag: str) -> None:
        self._in_code -= tag == "code"

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def handle_data(self, data: str) -> None:
        if self._in_code:
            self.code[-1] += data
        else:
            self.prose += data


def page(text: str) -> Page:
    return Page(MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(text))


def test_nothing_of_a_stranger_becomes_markup(sample: ModuleType) -> None:
    text = markdown.comment(sample.report(), sample.report().environments[0])
    found = page(text)
    assert found.tags <= ALLOWED, found.tags - ALLOWED
    links = [value or "" for name, value in found.attributes if name == "href"]
    assert links
    assert all(address.startswith("http://127.0.0.1:4200/") for address in links)
    assert {pair for pair in found.attributes if pair[0] not in ("style", "href")} == {("class", "language-diff")}
    assert found.rows
    assert set(found.rows) == {4, 5}
    assert found.comments == [" prefect-pulumi-review: p-dev "]
    for shown in sample.HOSTILE:
        line = one_line(shown)
        assert any(line in each for each in found.code), line
    assert "@everyone" not in found.prose


@pytest.mark.parametrize("wrap", [code, plain])
def test_each_hostile_text_is_shown_as_it_is(wrap: Any, sample: ModuleType) -> None:
    for text in sample.HOSTILE:
        found = page(f"| a | b |\n|---|---|\n| {wrap(text)} | x |\n\n- {wrap(text)}\n")
        assert found.tags <= ALLOWED
        assert set(found.rows) == {2}
        seen = "".join(found.code) + found.prose
        assert one_line(text) in seen.replace("\N{WORD JOINER}", "")


def test_links_and_mentions_are_no_source_of_a_link(sample: ModuleType) -> None:
    for text in sample.HOSTILE:
        for wrapped in (code(text), plain(text)):
            assert "://" not in wrapped
            assert "@" not in wrapped
            assert "www." not in wrapped


def test_the_verdict_is_first_with_commit_server_and_time(sample: ModuleType) -> None:
    lines = markdown.comment(sample.report(), sample.report().environments[0]).splitlines()
    assert lines[0] == "<!-- prefect-pulumi-review: p-dev -->"
    assert "dev: drift" in page(lines[1]).prose
    said = page("\n".join(lines[:5]))
    assert "a" * 12 in said.prose
    assert "2026-11-25 07:00 UTC" in said.prose
    assert "http://127.0.0.1:4200/api" in said.code


def many(count: int, name: str = "pool") -> Report:
    items = [
        Item(f"live:WorkPool:{i}", "WorkPool", f"{name}-{i}", Class.UNMANAGED_LIVE, id=str(i)) for i in range(count)
    ]
    gone = Item("urn:x", "WorkPool", "the-important-one", Class.MISSING_LIVE)
    environment = Environment("dev", "http://x/api", items=tuple(with_remedies([*items, gone], "dev")), objects=1)
    return Report("drift", "2026-11-25T07:00:00Z", (environment,), "p")


@pytest.mark.parametrize("name", ["pool", "ü|`<" * 40])
def test_it_is_cut_at_the_forges_limit_gravest_first(name: str) -> None:
    report = many(3000, name)
    text = markdown.comment(report, report.environments[0], "the artifact drift-report of this run")
    assert len(text.encode()) <= markdown.LIMIT
    assert "the-important-one" in text
    assert "more in the full report" in text
    assert "the artifact drift-report of this run" in text
    assert text.count("<details>") == text.count("</details>")
    both = replace(report, environments=(*report.environments, *report.environments))
    assert len(markdown.render(both).encode()) <= markdown.LIMIT


def test_names_are_kept_when_remedies_and_fields_are_cut() -> None:
    change = FieldChange("value", Class.CHANGED_LIVE, *(DisplayValue("value", text * 60) for text in "aab"))

    def shown(count: int) -> tuple[int, int, int]:
        items = [Item(f"urn:{i}", "Variable", f"v-{i}", Class.CHANGED_LIVE, fields=(change,)) for i in range(count)]
        environment = Environment("dev", "http://x/api", items=tuple(with_remedies(items, "dev")), objects=count)
        text = markdown.comment(Report("drift", "2026-11-25T07:00:00Z", (environment,), "p"), environment)
        assert len(text.encode()) <= markdown.LIMIT
        names = sum(f"<code>v-{i}</code>:" in text for i in range(count))
        return names, text.count("What to do"), text.count("| field |")

    assert shown(20) == (20, 20, 20)
    assert shown(100) == (100, 0, 100)
    assert shown(400) == (400, 0, 0)


@pytest.mark.parametrize(
    ("action", "note", "icon"),
    [
        (Action.DELETE, "", "WARNING SIGN"),
        (Action.PRUNE, "", "WARNING SIGN"),
        (Action.REPLACE, "", "WARNING SIGN"),
        (Action.DELETE, GONE_ALREADY, "WHITE HEAVY CHECK MARK"),
        (Action.UPDATE, "", "WHITE HEAVY CHECK MARK"),
        (Action.CREATE, "", "WHITE HEAVY CHECK MARK"),
    ],
)
def test_what_destroys_is_no_tick(action: Action, note: str, icon: str) -> None:
    item = Item("urn:x", "Variable", "v", Class.THIS_CHANGE, action, "1", note=note)
    environment = Environment("dev", "http://x/api", items=(item,), objects=1)
    report = Report("review", "2026-11-25T07:00:00Z", (environment,), "p")
    assert lookup(icon) in markdown.comment(report, environment).splitlines()[1]


def test_the_branchs_own_change_is_first_with_deletes_at_its_head_and_drift_is_folded() -> None:
    actions = (Action.CREATE, Action.UPDATE, Action.DEPLOY, Action.REPLACE, Action.PRUNE, Action.DELETE)
    changes = [Item(f"urn:{action}", "Variable", f"v-{action}", Class.THIS_CHANGE, action, "1") for action in actions]
    drift = [Item("urn:x", "WorkPool", "drifted", Class.CHANGED_LIVE)]
    environment = Environment("dev", "http://x/api", items=(*drift, *changes), objects=9)
    text = markdown.comment(Report("review", "2026-11-25T07:00:00Z", (environment,), "p"), environment)
    signs = [line.split("`")[1] for line in text.splitlines() if line.startswith("- `")]
    assert signs == ["-", "-", "-/+", "~", "~", "+", "~"]
    assert text.index("v-create") < text.index("drifted")
    assert "<details><summary><b>Changed live</b> (1): <code>drifted</code></summary>" in text
    assert "1 to delete, 1 to prune, 1 to replace, 1 to update, 1 to deploy, 1 to create" in text


def test_long_parts_are_folded() -> None:
    short, long = many(2), many(40)
    assert "<summary><b>Unmanaged" not in markdown.comment(short, short.environments[0])
    assert "<summary><b>Unmanaged" in markdown.comment(long, long.environments[0])
