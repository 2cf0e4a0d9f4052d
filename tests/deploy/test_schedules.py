"""Which of two lists of schedules are the same ones, and what they are called."""

from __future__ import annotations

from typing import Any

import pytest

from prefect_pulumi.core.values import Secret
from prefect_pulumi.deploy.file.fields import changes, declared_fields, live_fields, renamed
from prefect_pulumi.deploy.file.schedules import declared_schedule, label, live_schedule, named, numbered, pairs


@pytest.mark.parametrize(
    ("schedule", "name"),
    [
        ({"cron": "0 6 * * *"}, "0 6 * * *"),
        ({"cron": Secret("0 6 * * *")}, "cron"),
        ({"interval": 600}, "every 600s"),
        ({"interval": 0.5}, "every 0.5s"),
        ({"interval": "PT10M"}, "every 600s"),
        ({"interval": "0:10:00"}, "every 600s"),
        ({"interval": "{{ $EVERY }}"}, "every {{ $EVERY }}"),
        ({"rrule": "DTSTART:20260101T000000\nRRULE:FREQ=DAILY"}, "DTSTART:20260101T000000 RRULE:FREQ=DAILY"),
        ({"rrule": '{"rrule": "FREQ=DAILY", "timezone": "Asia/Tokyo"}'}, "FREQ=DAILY"),
    ],
)
def test_a_schedule_without_a_slug_is_called_by_its_rule(schedule: dict[str, Any], name: str) -> None:
    assert label(declared_schedule(schedule)) == name


def test_names_are_single() -> None:
    rules = [{"cron": "0 6 * * *"}, {"slug": "a", "cron": "0 6 * * *"}, {"cron": "0 6 * * *", "timezone": "Asia/Tokyo"}]
    assert list(named(map(declared_schedule, rules))) == ["0 6 * * *", "a", "0 6 * * * (2)"]
    assert numbered([*rules, {"slug": "schedule-1"}]) == ["schedule-1-1", "a", "schedule-3", "schedule-1"]


def cron(line: str = "0 6 * * *", **fields: Any) -> dict[str, Any]:
    return declared_schedule({"cron": line, **fields})


@pytest.mark.parametrize(
    ("wanted", "there", "same"),
    [
        # Slugs first, wherever they stand.
        ([cron(slug="a"), cron(slug="b")], [cron(slug="b"), cron(slug="a")], {0: 1, 1: 0}),
        ([cron(slug="a")], [cron(slug="b")], {}),
        # A slug that came or went, by the rule.
        ([cron()], [cron(slug="schedule-1")], {0: 0}),
        ([cron(slug="a")], [cron()], {0: 0}),
        ([cron("0 7 * * *")], [cron(slug="schedule-1")], {}),
        # The rule with all that belongs to it, then the times alone.
        ([cron(), cron(timezone="Asia/Tokyo")], [cron(timezone="Asia/Tokyo"), cron()], {0: 1, 1: 0}),
        ([cron(), cron(parameters={"x": 1})], [cron(parameters={"x": 2}), cron()], {0: 1, 1: 0}),
        ([cron(active=False), cron()], [cron(), cron(active=False)], {0: 1, 1: 0}),
        # The one that is left on each side was edited; of several nobody knows.
        ([cron("0 7 * * *"), cron(slug="a")], [cron(slug="a"), cron()], {0: 1, 1: 0}),
        ([cron("0 7 * * *"), cron("0 8 * * *")], [cron(), cron("0 5 * * *")], {}),
    ],
)
def test_the_same_schedule(wanted: list[Any], there: list[Any], same: dict[int, int]) -> None:
    assert pairs(wanted, there) == same


def test_what_the_server_adds_is_no_difference() -> None:
    file = [{"interval": 600}, {"rrule": "FREQ=DAILY"}, {"rrule": "RRULE:FREQ=HOURLY"}]
    rows = [
        {"schedule": {"rrule": "DTSTART:20200101T000000\nRRULE:FREQ=HOURLY", "timezone": "UTC"}},
        {"schedule": {"rrule": "DTSTART:20200101T000000\nRRULE:FREQ=DAILY", "timezone": "UTC"}},
        {"schedule": {"interval": 600.0, "anchor_date": "2026-01-01T00:00:00Z", "timezone": "UTC"}},
    ]
    declared = named(map(declared_schedule, file))
    assert named(map(live_schedule, rows), declared) == {name: declared[name] for name in reversed(declared)}


def test_a_state_that_gave_slugs_is_compared_by_rule() -> None:
    """As older versions wrote it: a name that is the slug, and neither `path` nor `max_scheduled_runs`."""
    entry = {"name": "a", "entrypoint": "f.py:f", "work_pool": {"name": "p"}, "schedules": [{"cron": "0 6 * * *"}]}
    declared = declared_fields(entry, None, ())
    schedule = {"active": True, "parameters": {}, "timezone": "UTC", "cron": "0 6 * * *", "day_or": True}
    old = {**declared, "schedules": {"schedule-1": schedule}}
    del old["path"]
    row = {"schedules": [{"id": "1", "slug": "schedule-1", "active": True, "schedule": {"cron": "0 6 * * *"}}]}
    live = live_fields(row, (), None, renamed(old, old)["schedules"])
    assert live["schedules"] == renamed(old, old)["schedules"]
    assert changes(renamed(old, declared), declared) == {("schedules", "0 6 * * *", "slug"): ("schedule-1", None)}
