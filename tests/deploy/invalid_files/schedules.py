"""Broken files: schedules."""

from __future__ import annotations

from tests.deploy.fixtures import CLEAN_UP

# ruff: noqa: E501

FILES: dict[str, tuple[str, list[str]]] = {
    "cron with a bad hour": (
        CLEAN_UP + "  schedules: [{cron: 0 25 * * *}]\n",
        [
            "line 6: deployments[0].schedules[0].cron: '0 25 * * *' is not a cron line (Bad hour); five fields, such as '0 6 * * 1-5'",
        ],
    ),
    "cron with four fields": (
        CLEAN_UP + "  schedules: [{cron: 0 6 * *}]\n",
        [
            "line 6: deployments[0].schedules[0].cron: '0 6 * *' is not a cron line (Wrong number of fields); five fields, such as '0 6 * * 1-5'",
        ],
    ),
    "cron that never comes": (
        CLEAN_UP + "  schedules: [{cron: 0 0 31 2 *}]\n",
        [
            "line 6: deployments[0].schedules[0].cron: '0 0 31 2 *' names a day that never comes",
        ],
    ),
    "hashed cron": (
        CLEAN_UP + "  schedules: [{cron: H 6 * * *}]\n",
        [
            "line 6: deployments[0].schedules[0].cron: 'H 6 * * *' has a random or hashed field (R, H), which Prefect does not take",
        ],
    ),
    "bad time zone": (
        CLEAN_UP + "  schedules: [{cron: 0 6 * * *, timezone: europe/berlin}]\n",
        [
            "line 6: deployments[0].schedules[0].timezone: 'europe/berlin' is not a time zone; did you mean Europe/Berlin?",
        ],
    ),
    "two kinds": (
        CLEAN_UP + "  schedules: [{cron: 0 6 * * *, interval: 60}]\n",
        [
            "line 6: deployments[0].schedules[0]: give exactly one of cron, interval and rrule, not cron and interval",
        ],
    ),
    "no kind": (
        CLEAN_UP + "  schedules: [{slug: nightly}]\n",
        [
            "line 6: deployments[0].schedules[0]: give exactly one of cron, interval and rrule, not none",
        ],
    ),
    "interval of nothing": (
        CLEAN_UP + "  schedules: [{interval: 0}]\n",
        [
            "line 6: deployments[0].schedules[0].interval: interval must be greater than zero",
        ],
    ),
    "interval as a word": (
        CLEAN_UP + "  schedules: [{interval: daily}]\n",
        [
            "line 6: deployments[0].schedules[0].interval: give seconds, HH:MM:SS or a duration such as PT15M, not 'daily'",
        ],
    ),
    "rrule misspelt": (
        CLEAN_UP + "  schedules: [{rrule: FREQ=DAYLY}]\n",
        [
            "line 6: deployments[0].schedules[0].rrule: 'FREQ=DAYLY' is not a recurrence rule (invalid 'FREQ': DAYLY); such as 'FREQ=WEEKLY;BYDAY=MO,WE'",
        ],
    ),
    "anchor without quotes": (
        CLEAN_UP + "  schedules: [{interval: 3600, anchor_date: 2026-01-01}]\n",
        [
            "line 6: deployments[0].schedules[0].anchor_date: YAML makes a date of 2026-01-01, for which Prefect skips the file beside other keys than interval and timezone; put it in quotes",
        ],
    ),
    "anchor as a word": (
        CLEAN_UP + "  schedules: [{interval: 3600, anchor_date: tomorrow}]\n",
        [
            "line 6: deployments[0].schedules[0].anchor_date: 'tomorrow' is not a moment such as '2026-01-01T06:00:00+00:00'",
        ],
    ),
    "schedule and schedules": (
        CLEAN_UP + "  schedule: {cron: 0 6 * * *}\n  schedules: []\n",
        [
            "line 2: deployments[0]: give schedule or schedules, not both",
        ],
    ),
    "schedules as a mapping": (
        CLEAN_UP + "  schedules: {cron: 0 6 * * *}\n",
        [
            "line 6: deployments[0].schedules: give a list, not a mapping",
        ],
    ),
    "slug twice": (
        CLEAN_UP + "  schedules:\n  - {slug: nightly, cron: 0 6 * * *}\n  - {slug: nightly, cron: 0 7 * * *}\n",
        [
            "line 8: deployments[0].schedules[1].slug: the slug 'nightly' belongs to schedules[0] already",
        ],
    ),
    "cron from the environment": (
        CLEAN_UP + "  schedules: [{cron: '{{ $CRON }}'}]\n",
        [
            "line 6: deployments[0].schedules[0].cron: '0 25 * * *' is not a cron line (Bad hour); five fields, such as '0 6 * * 1-5'",
        ],
    ),
}
