"""What a team asks of a release before it reaches a stack: `promotion.gates` of Pulumi.yaml."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MOST_WINDOWS_IN_A_ROW = 1000
"""Windows may follow one another without an end, as those of every day do."""

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]
"""`HH:MM`. YAML reads 12:00 without quotes as a number."""


class FreezeWindow(BaseModel):
    """Nothing is deployed while it lasts.

    `days`: weekdays, all when empty. `start` and `end`: `HH:MM` of each of these days, the end excluded. `first` and
    `last`: dates, both included. All in the time zone `zone` (IANA name).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    days: tuple[Weekday, ...] = ()
    start: Clock = "00:00"
    end: Clock = "24:00"
    first: datetime.date | None = None
    last: datetime.date | None = None
    zone: str = "UTC"
    reason: str = ""

    @field_validator("start", "end", mode="before")
    @classmethod
    def _quoted(cls, value: object) -> object:
        if not isinstance(value, str):
            raise ValueError('write the time in quotes: "12:00"')
        return value

    @field_validator("zone")
    @classmethod
    def _known(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"{zone!r} is no time zone; write one such as Europe/Berlin") from None
        return zone

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.end <= self.start:
            raise ValueError("end is not after start; for a night write two windows")
        if self.first and self.last and self.last < self.first:
            raise ValueError("last is before first")
        if not self.days and self.first is None and self.last is None and (self.start, self.end) == ("00:00", "24:00"):
            raise ValueError("it lasts always; give days, start and end, or first and last")
        return self

    def end_of(self, moment: datetime.datetime) -> datetime.datetime | None:
        """When the window that holds `moment` (with a time zone) ends; None outside of it."""
        local = moment.astimezone(ZoneInfo(self.zone))
        day = local.date()
        if self.days and WEEKDAYS[day.weekday()] not in self.days:
            return None
        if (self.first and day < self.first) or (self.last and day > self.last):
            return None
        if not self.start <= local.strftime("%H:%M") < self.end:
            return None
        return _at(day, self.end, self.zone)


class GateRules(BaseModel):
    """What a stack asks for. `soak_hours`: how long a release has to run in the stage before, without a failed run.
    `approvals`: reviewers of the pull request that pinned the release, its author not counted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    freeze: tuple[FreezeWindow, ...] = ()
    soak_hours: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0
    approvals: Annotated[int, Field(ge=0)] = 0


def frozen_until(
    windows: Sequence[FreezeWindow], moment: datetime.datetime
) -> tuple[datetime.datetime, FreezeWindow] | None:
    """The end of the freeze that holds `moment`, windows that follow one another counted as one, and its first window;
    None when none holds it."""
    first: FreezeWindow | None = None
    for _ in range(MOST_WINDOWS_IN_A_ROW):
        holding = next(((window, end) for window in windows if (end := window.end_of(moment)) is not None), None)
        if holding is None:
            break
        first = first or holding[0]
        moment = holding[1]
    return (moment, first) if first is not None else None


def _at(day: datetime.date, clock: str, zone: str) -> datetime.datetime:
    if clock == "24:00":
        day, clock = day + datetime.timedelta(days=1), "00:00"
    return datetime.datetime.combine(day, datetime.time.fromisoformat(clock), ZoneInfo(zone))
