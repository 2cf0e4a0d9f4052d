"""The stack's values over the entries of `prefect.yaml`, and the pin of pull steps."""

from __future__ import annotations

from typing import Any

import pytest

from prefect_pulumi.deploy.file.overrides import CLONE, overlaid, override_for, pin_conflicts, pinned

COMMIT = "a" * 40


def clone(**inputs: Any) -> dict[str, Any]:
    return {CLONE: {"repository": "https://example.com/flows.git", **inputs}}


def test_every_clone_is_pinned_and_its_branch_gives_way() -> None:
    other = {"prefect.deployments.steps.set_working_directory": {"directory": "/opt"}}
    raw = {"pull": [clone(branch="main"), other], "deployments": [{"name": "a"}, {"name": "b", "pull": clone()}]}
    assert pinned(raw, COMMIT) == {
        "pull": [clone(commit_sha=COMMIT), other],
        "deployments": [{"name": "a"}, {"name": "b", "pull": [clone(commit_sha=COMMIT)]}],
    }
    assert pinned(raw, None) == raw
    assert raw["pull"] == [clone(branch="main"), other]


def test_another_commit_in_the_file_is_a_conflict() -> None:
    raw = {"pull": [clone(commit_sha=COMMIT)], "deployments": [{"pull": [clone(), clone(commit_sha="b" * 40)]}]}
    assert list(pin_conflicts(raw, COMMIT)) == [(["deployments", 0, "pull", 1, CLONE, "commit_sha"], "b" * 40)]
    assert list(pin_conflicts(raw, None)) == []


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ({"tags": ["x"]}, {"tags": ["x"]}),
        ({"work_pool": {"name": "p"}}, {"work_pool": {"name": "p", "job_variables": {"a": 1}}}),
        ({"schedules": {"s": {"active": False}}}, {"schedules": [{"slug": "s", "active": False}, {"slug": "t"}]}),
        ({"schedules": []}, {"schedules": []}),
    ],
)
def test_overlaid(override: dict[str, Any], expected: dict[str, Any]) -> None:
    entry = {
        "tags": ["a"],
        "work_pool": {"name": "o", "job_variables": {"a": 1}},
        "schedules": [{"slug": "s"}, {"slug": "t"}],
    }
    assert overlaid(entry, override) == {**entry, **expected}


def test_the_name_wins_over_patterns_and_long_patterns_over_short_ones() -> None:
    overrides = {
        "etl/daily": {"tags": ["own"]},
        "*": {"tags": ["all"], "schedules": {"s": {"active": False}}},
        "etl/*": {"tags": ["etl"], "schedules": {"t": {"active": False}}, "paused": True},
    }
    both = {"s": {"active": False}, "t": {"active": False}}
    assert override_for("etl/daily", overrides) == {"tags": ["own"], "schedules": both, "paused": True}
    assert override_for("etl/hourly", overrides) == {"tags": ["etl"], "schedules": both, "paused": True}
    assert override_for("other/daily", overrides) == overrides["*"]
