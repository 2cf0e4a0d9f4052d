"""Ctrl-C and SIGTERM: the first one lets what is in flight end, the second one ends the process at once."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from prefect_pulumi.core.errors import ExitCode

SIGNALS = (signal.SIGINT, signal.SIGTERM)
FIRST = "\ninterrupted: operations in progress end and are saved; once more stops at once\n"
SECOND = "\x1b[?25h\nstopped at once: the next run recovers what was in progress\n"


class Stoppable(Protocol):
    def abort(self) -> None: ...


class Stop(list[Stoppable]):
    """What to stop at the first signal."""

    interrupted = False


@contextmanager
def stopping(at_once: Callable[[], None]) -> Iterator[Stop]:
    """`at_once` runs before the process ends at the second signal: it gives back the lock."""
    stop = Stop()

    def handler(signum: int, frame: object) -> None:
        if stop.interrupted:
            _say(SECOND)
            with contextlib.suppress(OSError):
                at_once()
            os._exit(ExitCode.INTERRUPTED)
        stop.interrupted = True
        _say(FIRST)
        for each in stop:
            each.abort()

    before: dict[int, Any] = {}
    try:
        for number in SIGNALS:
            before[number] = signal.signal(number, handler)
    except ValueError:  # not the main thread: the caller handles signals
        yield stop
        return
    try:
        yield stop
    finally:
        for each, former in before.items():
            signal.signal(each, former)


def _say(text: str) -> None:
    """Past every lock and buffer: a handler may run in the middle of any of them."""
    with contextlib.suppress(OSError):
        os.write(2, text.encode())
