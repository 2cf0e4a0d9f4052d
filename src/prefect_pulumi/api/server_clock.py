"""How far the server's clock is off this machine's, measured by the `Date` of its answers."""

from __future__ import annotations

import math
import time
from email.utils import parsedate_to_datetime

import httpx

RESOLUTION = 2.0
"""Seconds: `Date` has whole ones, and a server may renew it once in a second."""


class ServerClock:
    """The difference lies between two bounds, which every answer narrows. It starts again when a clock was set."""

    def __init__(self) -> None:
        self._bounds: tuple[float, float] | None = None

    def observe(self, response: httpx.Response, began: float) -> None:
        """`began`: when the request was sent, Unix seconds of this machine; its answer has just come."""
        if "Age" in response.headers:
            return  # of a cache
        try:
            date = parsedate_to_datetime(response.headers["Date"]).timestamp()
        except (KeyError, TypeError, ValueError, OverflowError):
            return
        low, high = date - time.time(), date + RESOLUTION - began
        known_low, known_high = self._bounds or (-math.inf, math.inf)
        overlap = max(low, known_low), min(high, known_high)
        self._bounds = overlap if overlap[0] <= overlap[1] else (low, high)

    def now(self) -> float | None:
        """Unix seconds of the server, or a moment earlier; None while it has not answered."""
        return None if self._bounds is None else time.time() + self._bounds[0]
