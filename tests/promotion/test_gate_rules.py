"""Freeze windows and other rules of `promotion.gates`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from prefect_pulumi.core.errors import ConfigError
from prefect_pulumi.promotion.gate_rules import FreezeWindow, frozen_until
from prefect_pulumi.promotion.stages import Stages

WEEKEND = (
    FreezeWindow(days=("fri",), start="12:00", zone="Europe/Berlin", reason="quiet Fridays"),
    FreezeWindow(days=("sat", "sun"), zone="Europe/Berlin"),
)
HOLIDAYS = FreezeWindow.model_validate({"first": "2026-12-20", "last": "2027-01-03"})


@pytest.mark.parametrize(
    ("moment", "until"),
    [
        ("2026-11-27T11:59:00+01:00", None),
        ("2026-11-27T12:00:00+01:00", "2026-11-30T00:00:00+01:00"),
        ("2026-11-27T11:30:00+00:00", "2026-11-30T00:00:00+01:00"),  # half past twelve in Berlin
        ("2026-11-29T23:59:59+01:00", "2026-11-30T00:00:00+01:00"),
        ("2026-11-30T00:00:00+01:00", None),
        ("2026-10-23T12:00:00+02:00", "2026-10-26T00:00:00+01:00"),  # the clock goes back in between
    ],
)
def test_windows_that_follow_one_another_are_one_freeze(moment: str, until: str | None) -> None:
    frozen = frozen_until(WEEKEND, datetime.fromisoformat(moment))
    assert (frozen[0] if frozen else None) == (datetime.fromisoformat(until) if until else None)
    if frozen is not None and moment.startswith("2026-11-27"):
        assert frozen[1].reason == "quiet Fridays"


@pytest.mark.parametrize(
    ("moment", "frozen"),
    [
        ("2026-12-19T23:59:00+00:00", False),
        ("2026-12-20T00:00:00+00:00", True),
        ("2027-01-03T23:59:00+00:00", True),
        ("2027-01-04T00:00:00+00:00", False),
    ],
)
def test_both_dates_are_included(moment: str, frozen: bool) -> None:
    assert (HOLIDAYS.end_of(datetime.fromisoformat(moment)) is not None) is frozen


def test_a_freeze_of_all_days_ends_somewhere() -> None:
    halves = (FreezeWindow(start="00:00", end="12:00"), FreezeWindow(start="12:00", end="24:00"))
    frozen = frozen_until(halves, datetime.fromisoformat("2026-11-30T00:00:00+00:00"))
    assert frozen is not None
    assert frozen[0].year > 2026


@pytest.mark.parametrize(
    ("gates", "message"),
    [
        ({"prod": {"freeze": [{"days": ["friday"]}]}}, "gates.prod.freeze.0.days.0: Input should be 'mon'"),
        ({"prod": {"freeze": [{"days": ["fri"], "start": 720}]}}, 'write the time in quotes: "12:00"'),
        ({"prod": {"freeze": [{"start": "22:00", "end": "06:00"}]}}, "for a night write two windows"),
        ({"prod": {"freeze": [{"first": "2027-01-03", "last": "2026-12-20"}]}}, "last is before first"),
        ({"prod": {"freeze": [{"days": ["fri"], "zone": "Berlin"}]}}, "'Berlin' is no time zone"),
        ({"prod": {"freeze": [{}]}}, "it lasts always"),
        ({"prod": {"soak_hours": -1}}, "gates.prod.soak_hours: Input should be greater than or equal to 0"),
        ({"prod": {"soak_hours": float("nan")}}, "gates.prod.soak_hours"),
        ({"prod": {"approval": 1}}, "gates.prod.approval: Extra inputs are not permitted"),
        ({"production": {"approvals": 1}}, "production: no stage"),
    ],
)
def test_wrong_rules_are_refused_by_their_place(gates: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as error:
        Stages.parse({"stages": ["dev", "prod"], "gates": gates})
    assert message in str(error.value)


def test_a_stack_without_rules_asks_for_nothing() -> None:
    stages = Stages.parse({"stages": ["dev", "prod"], "gates": {"prod": {"approvals": 2}}})
    assert stages.rules("prod").approvals == 2
    assert stages.rules("dev").model_dump() == {"freeze": (), "soak_hours": 0, "approvals": 0}
