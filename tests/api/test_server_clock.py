"""The server's clock, measured by the dates of its answers."""

from __future__ import annotations

import time
from email.utils import formatdate

import httpx
import pytest

from prefect_pulumi.api.server_clock import RESOLUTION, ServerClock


def answer(date: float | str, **headers: str) -> httpx.Response:
    text = date if isinstance(date, str) else formatdate(int(date), usegmt=True)
    return httpx.Response(200, headers={"Date": text, **headers})


@pytest.mark.parametrize("ahead", [0.0, -60.0, 7200.0, 0.7])
def test_the_difference_is_never_overestimated(ahead: float) -> None:
    clock = ServerClock()
    assert clock.now() is None
    for _ in range(3):
        clock.observe(answer(time.time() + ahead), time.time())
        now = clock.now()
        assert now is not None
        assert time.time() + ahead - RESOLUTION <= now <= time.time() + ahead


def test_a_slow_answer_says_less_than_a_quick_one() -> None:
    clock = ServerClock()
    clock.observe(answer(time.time()), time.time())
    quick = clock.now()
    clock.observe(answer(time.time() - 40), time.time() - 45)
    now = clock.now()
    assert quick is not None
    assert now is not None
    assert quick <= now


def test_a_clock_that_was_set_is_measured_again() -> None:
    clock = ServerClock()
    clock.observe(answer(time.time()), time.time())
    for ahead in (-3600.0, 3600.0):
        clock.observe(answer(time.time() + ahead), time.time())
        now = clock.now()
        assert now is not None
        assert abs(now - time.time() - ahead) <= RESOLUTION


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 99 Nov 2026 10:00:00 GMT"])
def test_no_date_says_nothing(date: str) -> None:
    clock = ServerClock()
    clock.observe(answer(date), time.time())
    clock.observe(answer(time.time() - 9000, Age="9000"), time.time())
    clock.observe(httpx.Response(200), time.time())
    assert clock.now() is None
