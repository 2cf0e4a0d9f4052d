"""How long an operation may take: Pulumi's `custom_timeouts`, for all requests and waits that it makes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_END: ContextVar[float | None] = ContextVar("end", default=None)


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """What runs inside has this long; 0: its usual time limits."""
    if not seconds:
        yield
        return
    token = _END.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _END.reset(token)


def remaining() -> float | None:
    """Seconds until the deadline, 0 when it has passed; None: no deadline was set."""
    end = _END.get()
    return None if end is None else max(0.0, end - time.monotonic())


def clamp(seconds: float) -> float:
    """`seconds`, or what remains until the deadline when that is less."""
    left = remaining()
    return seconds if left is None else min(seconds, left)
