"""What a pattern of a team stands for: names and fields, in `review.yaml`, overrides and commands."""

from __future__ import annotations

import pytest

from prefect_pulumi.core.globs import covers, matches


@pytest.mark.parametrize(
    ("pattern", "text", "does"),
    [
        ("*", "", True),
        ("etl", "etl", True),
        ("etl", "etl-2", False),
        ("etl-*", "etl-2", True),
        ("*/daily", "flow/daily", True),
        ("a*c*e", "abcde", True),
        ("a*c*e", "abcd", False),
        ("x[1]?", "x[1]?", True),  # no other character is special
        ("x[1]?", "x1", False),
        ("*", "two\nlines", True),
    ],
)
def test_names(pattern: str, text: str, does: bool) -> None:
    assert matches(text, pattern) is does


@pytest.mark.parametrize(
    ("pattern", "path", "does"),
    [
        ("paused", "paused", True),
        ("paused", "pausedAt", False),
        ("template", "template.variables[0].x", True),
        ("template.variables", "template", False),
        ("schedules[0].cron", "schedules[0].cron", True),
        ("schedules[*].cron", "schedules[12].cron", True),
        ("schedules[*]", "schedules[12].cron", True),
        ("schedules[0]", "schedules[01]", False),
        ('value["a b"]', 'value["a b"].c', True),
        ("*.image", "jobs.a.image.tag", True),
    ],
)
def test_fields(pattern: str, path: str, does: bool) -> None:
    assert covers(pattern, path) is does
