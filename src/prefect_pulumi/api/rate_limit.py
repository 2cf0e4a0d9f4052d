"""How many requests may be under way, and how many a minute may have; pure.

Under way: additive increase while it pays, multiplicative decrease.

A SQLite server writes one after the other: more requests at once only wait for each other, and it answers 503
"database is locked" or, at times, stands still for its lock's 60 seconds. A PostgreSQL one, or one that is far away,
serves many at once. So the limiter starts low and grows as long as each step gains.
"""

from __future__ import annotations

from collections import deque

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


MINUTE = 60.0
"""Seconds over which Prefect Cloud counts requests."""
MARGIN = 0.9
"""Part of what a minute took that the next ones are given: others may use the same account."""

LEAST = 120
"""Requests a minute that are sent in any case: where others have used the minute up, ours say nothing of the limit."""


class MinuteBudget:
    """Paces requests once a server has refused one for its rate. Times are seconds of one clock."""

    def __init__(self) -> None:
        self._sent: deque[float] = deque()
        self.limit: int | None = None
        """Requests a minute; None while none was refused."""

    def wait(self, now: float) -> float:
        """Seconds until the next request may be sent; 0 for at once."""
        self._forget(now)
        if self.limit is None or len(self._sent) < self.limit:
            return 0.0
        return self._sent[-self.limit] + MINUTE - now

    def sent(self, now: float) -> None:
        self._sent.append(now)

    def refused(self, now: float) -> None:
        """What the last minute took is more than the limit."""
        self._forget(now)
        taken = max(LEAST, int(MARGIN * len(self._sent)))
        self.limit = taken if self.limit is None else min(self.limit, max(taken, self.limit // 2, LEAST))

    def _forget(self, now: float) -> None:
        while self._sent and self._sent[0] <= now - MINUTE:
            self._sent.popleft()
