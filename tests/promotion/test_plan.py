"""The plan: its checksum, its renderings, its pin."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from prefect_pulumi.core.errors import GateError, StalePlanError
from prefect_pulumi.models.release_record import ReleaseRecord
from prefect_pulumi.project.settings import ReleasePin
from prefect_pulumi.promotion import render
from prefect_pulumi.promotion.compare import Row, at
from prefect_pulumi.promotion.gates import Gate
from prefect_pulumi.promotion.plan import CodeChange, FileChange, Plan, need_open, need_same
from prefect_pulumi.review.model import NO_VALUE, DisplayValue
from tests.support.golden import need_golden


def value(of: object) -> DisplayValue:
    return DisplayValue("value", of)


CHANGE = Row("WorkPool", "etl|<b>", "description", value("new"), value("old"), value("new"))
STAYS = Row("WorkPool", "etl", "concurrencyLimit", value(10), value(50), value(50), own=True)
PLAN = Plan(
    source="dev",
    target="prod",
    release=ReleaseRecord("dev-3", "c" * 40, images={"etl": "r@sha256:" + "0" * 64}),
    before=ReleaseRecord("prod-1", "b" * 40),
    actions=[("update", "WorkPool", "etl")],
    rows=[CHANGE, STAYS],
    gates=[Gate("stage", True, "prod comes after dev"), Gate("verified", False, "not verified", "infra verify")],
)


def test_the_checksum_is_of_what_is_approved() -> None:
    same = [
        replace(PLAN, rows=[replace(CHANGE, source=value("else")), replace(STAYS, source=value(11))]),
        replace(PLAN, gates=[Gate("stage", True, "other words"), PLAN.gates[1]]),
        replace(PLAN, release=replace(PLAN.release, time="later", by="bob")),
    ]
    other = [
        replace(PLAN, rows=[replace(CHANGE, now=value("edited in the UI")), STAYS]),
        replace(PLAN, rows=[replace(CHANGE, after=value("another")), STAYS]),
        replace(PLAN, actions=[*PLAN.actions, ("delete", "WorkPool", "old")]),
        replace(PLAN, before=None),
        replace(PLAN, before=ReleaseRecord("prod-2", "b" * 40)),
        replace(PLAN, release=replace(PLAN.release, commit="d" * 40)),
        replace(PLAN, release=replace(PLAN.release, images={})),
        replace(PLAN, gates=[PLAN.gates[0], replace(PLAN.gates[1], forced="an outage")]),
        replace(PLAN, target="prod-eu"),
    ]
    assert {plan.checksum for plan in same} == {PLAN.checksum}
    assert len({PLAN.checksum, *(plan.checksum for plan in other)}) == len(other) + 1
    two = replace(
        PLAN, actions=[*PLAN.actions, ("delete", "WorkPool", "old")], rows=[CHANGE, replace(CHANGE, name="b")]
    )
    turned = replace(two, actions=two.actions[::-1], rows=two.rows[::-1])
    assert turned.checksum == two.checksum
    need_same(PLAN, PLAN.checksum)
    with pytest.raises(StalePlanError, match="something changed since"):
        need_same(other[0], PLAN.checksum)


def test_a_closed_gate_stops_it_and_a_reason_is_recorded() -> None:
    with pytest.raises(GateError, match="verified: not verified") as caught:
        need_open(PLAN)
    assert "infra verify" in str(caught.value)
    forced = replace(PLAN, gates=[PLAN.gates[0], replace(PLAN.gates[1], forced="an outage")])
    need_open(forced)
    pin = ReleasePin.model_validate(forced.pin())
    assert pin.forced == {"verified": "an outage"}
    assert (pin.id, pin.commit, pin.stage, pin.plan) == ("dev-3", "c" * 40, "dev", forced.checksum)


def test_text_says_what_changes_and_what_stays() -> None:
    shown = render.text(PLAN)
    assert 'WorkPool etl|<b> description: "old" -> "new"' in shown
    assert "WorkPool etl concurrencyLimit: 50 (dev: 10)" in shown
    assert "CLOSED  verified: not verified" in shown


def test_what_cannot_be_planned_is_not_called_unchanged() -> None:
    unplanned = replace(PLAN, actions=[], rows=[], unplanned="the secret token has no value")
    words = "prod cannot be planned: the secret token has no value"
    assert f"changes: not known, {words}" in render.text(unplanned)
    assert f"What changes is not known: {words}" in render.markdown(unplanned)
    for format in render.FORMATS.values():
        assert "no changes" not in format(unplanned)
        assert "Nothing changes" not in format(unplanned)
    assert "no changes" in render.text(replace(PLAN, actions=[], rows=[]))


@pytest.mark.parametrize("format", ["text", "markdown"])
def test_a_plan_reads_as_this(format: str) -> None:
    gone = Row("Variable", "old", "", value("as it is"), value({"value": 1}), NO_VALUE)
    new = Row("Variable", "new", "", value({"value": 1}), NO_VALUE, value({"value": 1}))
    morning = {"cron": "0 6 * * *", "timezone": "Europe/Berlin", "active": False}
    planned = Row("Deployment", "f/d", "schedules.morning", value(morning), NO_VALUE, value(morning))
    pool = Row("WorkPool", "etl", "concurrencyLimit", value(10), value(20), value(30), own=True)
    plan = replace(
        PLAN,
        actions=[
            *PLAN.actions,
            ("create", "Variable", "new"),
            ("delete", "Variable", "old"),
            ("deploy", "Deployment", "f/d"),
        ],
        rows=[new, planned, pool, CHANGE, gone, STAYS],
        notes=["the program says: careful"],
    )
    text = render.text(plan) if format == "text" else render.markdown(plan)
    need_golden(text, Path(__file__).parent / "golden" / f"plan.{'txt' if format == 'text' else 'md'}")


def test_markdown_takes_no_markup_from_names_and_is_cut() -> None:
    shown = render.markdown(PLAN)
    assert shown.startswith("<!-- prefect-pulumi-promotion: prod -->\n### ")
    assert "etl&#124;&#60;b&#62;" in shown
    assert "<b>" not in shown.replace("<br>", "")
    many = [replace(CHANGE, name=f"pool-{n}", after=value("x" * 300)) for n in range(2000)]
    cut = render.markdown(replace(PLAN, rows=many))
    assert len(cut.encode()) < 65_536
    assert "more: see the full plan" in cut


CODE = CodeChange(
    ("f/<daily>", "f/hourly"),
    (FileChange("flows/f.py", 12, 3), FileChange("flows/<b>.py", 0, 7)),
    ("1a2b3c4 Fix <the> join",),
)


def test_code_is_shown_by_files_and_commits_and_is_no_markup() -> None:
    page = f"https://github.com/team/repo/compare/{'b' * 40}...{'c' * 40}"
    plan = replace(PLAN, code=[CODE], compare_page=page)
    assert plan.checksum == PLAN.checksum
    text = render.text(plan)
    assert f"code: {page}\n  ~ f/<daily>, f/hourly\n      flows/f.py +12 -3\n" in text
    assert "      1a2b3c4 Fix <the> join\n" in text
    shown = render.markdown(plan)
    assert f"#### Code ([compare]({page}))" in shown
    assert "Fix &#60;the&#62; join" in shown
    assert json.loads(render.as_json(plan))["code"][0]["files"][0] == {"path": "flows/f.py", "added": 12, "removed": 3}


def test_long_code_is_cut() -> None:
    long = replace(CODE, commits=tuple(f"{n:07x} {'x' * 900}" for n in range(40)))
    assert "and 20 more commits" in render.text(replace(PLAN, code=[long]))
    many = [replace(long, deployments=(f"f/{n}",)) for n in range(20)]
    cut = render.markdown(replace(PLAN, code=many))
    assert len(cut.encode()) < 65_536
    assert "  - ... see the full plan\n" in cut


def test_notes_are_shown_and_not_approved() -> None:
    noted = replace(PLAN, notes=["the program says: <b>careful</b>"])
    assert noted.checksum == PLAN.checksum
    assert "  note: the program says: <b>careful</b>\n" in render.text(noted)
    assert "&#60;b&#62;careful" in render.markdown(noted)
    assert json.loads(render.as_json(noted))["notes"] == noted.notes


def test_json_holds_the_whole_plan() -> None:
    document = json.loads(render.as_json(PLAN))
    assert document["checksum"] == PLAN.checksum
    assert document["open"] is False
    assert [row["name"] for row in document["changes"]] == ["etl|<b>"]
    assert [row["path"] for row in document["stays"]] == ["concurrencyLimit"]


def test_paths_are_followed() -> None:
    values = {"a": {"b c": [{"d": 1}]}, "e": None}
    assert at(values, 'a["b c"][0].d') == 1
    assert at(values, "a.x") is None
    assert at(values, 'a["b c"][3]') is None
