"""How many requests may be under way: additive increase, multiplicative decrease; pure.

A SQLite server answers 503 "database is locked" under more than about two writers, a PostgreSQL one takes many
more: the limiter starts low, grows while answers are good, and halves when the server says that it is too much.
"""

from __future__ import annotations

START = 2
FLOOR = 1
CEILING = 8
GOOD_ANSWERS_PER_STEP = 40


class AdaptiveLimit:
    """`value` is the present limit. After a refusal it grows no further than to one below where that happened."""

    def __init__(self) -> None:
        self.value = START
        self._ceiling = CEILING
        self._good = 0

    def succeeded(self) -> None:
        self._good += 1
        if self._good >= GOOD_ANSWERS_PER_STEP:
            self._good = 0
            self.value = min(self.value + 1, self._ceiling)

    def overloaded(self) -> None:
        """Called for a 503 or 429."""
        self._good = 0
        self._ceiling = max(START, self.value - 1)
        self.value = max(FLOOR, self.value // 2)
