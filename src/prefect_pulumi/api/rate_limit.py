"""How many requests may be under way: additive increase while it pays, multiplicative decrease; pure.

A SQLite server writes one after the other: more requests at once only wait for each other, and it answers 503
"database is locked" or, at times, stands still for its lock's 60 seconds. A PostgreSQL one, or one that is far away,
serves many at once. So the limiter starts low and grows as long as each step gains.
"""

from __future__ import annotations

START = 2
FLOOR = 1
CEILING = 8
GOOD_ANSWERS_PER_STEP = 40
WORTH = 0.5
"""Part of the ideal gain that a step must bring: at an unchanged latency, n requests at once bring n/(n-1)."""


class AdaptiveConcurrency:
    """`value` is the present limit. It grows no further than to one below where a step was refused or did not pay."""

    def __init__(self) -> None:
        self.value = START
        self._ceiling = CEILING
        self._good = 0
        self._seconds = 0.0
        self._rate_below: float | None = None
        """Answers a second at the limit before the last step up, until that step is judged."""

    def succeeded(self, seconds: float) -> None:
        """Called for a good answer that took so long."""
        self._good += 1
        self._seconds += seconds
        if self._good < GOOD_ANSWERS_PER_STEP:
            return
        rate, below = self.value * self._good / max(self._seconds, 1e-9), self._rate_below
        if below is not None and rate < below * (1 + WORTH / (self.value - 1)):
            self._ceiling = self.value - 1
        self._go_to(min(self.value + 1, self._ceiling), rate)

    def overloaded(self) -> None:
        """Called for a 503 or 429."""
        self._ceiling = max(START, self.value - 1)
        self._go_to(max(FLOOR, self.value // 2))

    def _go_to(self, value: int, rate: float | None = None) -> None:
        # From one to two there is nothing to judge: two are what every server takes.
        self._rate_below = rate if value > max(self.value, START) else None
        self.value, self._good, self._seconds = value, 0, 0.0
