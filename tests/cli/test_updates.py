"""What an update prints: names are data, whatever they hold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefect_pulumi.app.documents import update_document
from prefect_pulumi.app.update_text import counts, plan_lines, result_lines
from prefect_pulumi.cli.output.terminal import TerminalSink, print_lines
from prefect_pulumi.core.provider_protocol import Changes, DiffKind, DiffResult
from prefect_pulumi.core.values import Secret
from prefect_pulumi.engine.operations import Result
from prefect_pulumi.engine.plan.steps import Op, Step, summarize
from prefect_pulumi.engine.run.events import Message, StepDone, StepStarted
from prefect_pulumi.state.entries import ResourceEntry

TYPE = "prefect:index:Variable"


def step(name: str, op: Op = Op.CREATE, path: str = "") -> Step:
    urn = f"urn:pulumi:dev::p::{TYPE}::{name}"
    diff = DiffResult(Changes.SOME, {path: DiffKind.UPDATE}) if path else None
    return Step(op, urn, TYPE, None, ResourceEntry(urn, TYPE, True, id="1"), diff)


def result(*steps: Step, **outputs: Any) -> Result:
    return Result(steps, outputs, summarize(steps), 1.25)


NAMES = ["[/x]", "[red]alarm[/red]", "[bold", "a]b", "smörgås", "日本", r"\[x]"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_shown_as_it_is(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    planned = result(step(name, Op.UPDATE, path=f"value[{name!r}]"))
    print_lines(plan_lines(planned))
    print_lines(result_lines(planned, stack=name, verb="Updated"))
    shown = capsys.readouterr().err
    assert f"~  Variable {name} update" in shown
    assert f"value[{name!r}] (update)" in shown
    assert f"Updated stack {name} in 1.2s: 1 updated" in shown


def test_what_a_refresh_found_and_the_program_changes_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    def found(name: str, op: Op, *, leftover: bool = False) -> Step:
        old = replace(step(name).new or ResourceEntry("", "", True), delete=leftover)
        return replace(step(name, op), old=old)

    planned = result(
        found("edited", Op.UPDATE), found("gone", Op.DELETE), found("newer", Op.REFRESH), found("kept", Op.UPDATE),
        found("left", Op.DELETE, leftover=True),
        step("edited", Op.UPDATE, path="value"), step("gone"), step("newer", Op.SAME), step("left", Op.UPDATE),
    )  # fmt: skip
    print_lines(plan_lines(planned))
    lines = [line.strip() for line in capsys.readouterr().err.splitlines()]
    assert lines == [
        "~  Variable newer refresh",
        "~  Variable kept update",
        "-  Variable left delete",
        "~  Variable edited update",
        "value (update)",
        "+  Variable gone create",
        "~  Variable left update",
        "1 to create, 3 to update, 1 to delete, 1 unchanged",
    ]


def test_a_replacement_says_what_it_costs(capsys: pytest.CaptureFixture[str]) -> None:
    schedule = "prefect:index:DeploymentSchedule"
    planned = replace(step("nightly", Op.REPLACE, path="slug"), type=schedule)
    print_lines(plan_lines(result(planned)))
    lines = [line.strip() for line in capsys.readouterr().err.splitlines()]
    assert lines[:4] == [
        "+- DeploymentSchedule nightly replace",
        "slug (update)",
        "replace: the object is deleted and recreated with a new id",
        "scheduled runs lost: its scheduled runs are deleted too",
    ]


@given(st.text(st.characters(blacklist_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=20))
def test_any_name_leaves_the_display_standing(name: str) -> None:
    sink = TerminalSink()
    for event in (
        StepStarted(step(name), False),
        StepDone(step(name), False, 0.1, error=f"[/{name}]"),
        Message("warning", name, f"urn:pulumi:dev::p::{TYPE}::{name}"),
    ):
        sink.emit(event)
    sink.close()
    print_lines(plan_lines(result(step(name))))
    print_lines(result_lines(result(step(name)), stack=name, verb="Updated"))


def test_what_comes_next(capsys: pytest.CaptureFixture[str]) -> None:
    outputs = {"deployments": {"f/[d]": "1"}, "ui": "http://127.0.0.1:4200"}
    print_lines(result_lines(result(step("a"), **outputs), stack="dev", verb="Updated"))
    shown = capsys.readouterr().err
    assert "  infra run 'f/[d]' -s dev\n" in shown
    assert "  Prefect: http://127.0.0.1:4200\n" in shown
    print_lines(result_lines(result(step("a"), **outputs), stack="dev", verb="Destroyed"))
    assert "Next" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("verb", "text"),
    [
        ("Refreshed", "No changes: the state is as the servers have it. (1.2s)"),
        ("Destroyed", "Nothing to destroy. (1.2s)"),
        ("Updated", "No changes: 0 resources are as declared. (1.2s)"),
    ],
)
def test_a_run_that_changed_nothing_says_so(verb: str, text: str) -> None:
    lines = result_lines(result(), stack="dev", verb=verb)
    assert "".join(part for part, _ in lines[0]) == text


@pytest.mark.parametrize(
    ("summary", "text"),
    [
        ({"same": 1}, "No changes: 1 resource is as declared."),
        ({"same": 3}, "No changes: 3 resources are as declared."),
        ({"create": 1, "same": 2}, "1 to create, 2 unchanged"),
        ({"update": 1, "replace": 2, "delete": 3}, "1 to update, 2 to replace, 3 to delete"),
    ],
)
def test_counts(summary: dict[str, int], text: str) -> None:
    assert counts(summary) == text


def test_the_document_masks_secret_outputs() -> None:
    document = update_document("up", "dev", result(step("a", path="value"), token=Secret("hidden")))
    assert document["outputs"] == {"token": "[secret]"}
    assert document["steps"][0]["diff"] == {"value": "update"}
    assert (document["changed"], document["summary"], document["seconds"]) == (True, {"create": 1}, 1.25)
