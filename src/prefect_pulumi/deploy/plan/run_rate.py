"""How many runs a day schedules make; pure.

It is the mean over the times that follow a fixed moment, so that a plan says the same each day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from cronsim import CronSim, CronSimError

from prefect_pulumi.core.values import unwrap
from prefect_pulumi.deploy.file.schedules import without_start

START = datetime(2026, 1, 1)
SPAN = timedelta(days=365)
MOST = 1000
"""Times that are looked at."""

Fields = Mapping[str, Any]


def runs_per_day(schedules: Iterable[Fields]) -> float | None:
    """Of those that are active; None when one of them is not known before the deploy, or only to the server."""
    rates = [_rate(unwrap(fields)) for fields in schedules if fields.get("active") is not False]
    known = [rate for rate in rates if rate is not None]
    return sum(known) if len(known) == len(rates) else None


def _rate(fields: Fields) -> float | None:
    interval = fields.get("interval")
    if isinstance(interval, int | float) and interval > 0:
        return 86400 / interval
    try:
        if "cron" in fields:
            return _mean(CronSim(fields["cron"], START))
        if "rrule" in fields:
            from dateutil.rrule import rrulestr

            return _mean(iter(rrulestr(without_start(fields["rrule"]), dtstart=START, ignoretz=True)))
    except (CronSimError, ValueError, TypeError, AttributeError):
        return None
    return None


def _mean(times: Iterator[datetime]) -> float:
    listed = [time for time in islice(times, MOST) if time < START + SPAN]
    if len(listed) < MOST:
        return len(listed) / SPAN.days
    return (MOST - 1) / ((listed[-1] - listed[0]) / timedelta(days=1))
