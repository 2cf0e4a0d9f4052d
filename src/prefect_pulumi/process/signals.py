"""Ctrl-C, SIGTERM and SIGHUP, for the whole command: the first one ends it in order, the second one at once.

In order means: operations in progress get their answers and are saved (`core.interruption`), all else is left by a
`KeyboardInterrupt` in the main thread, and every context gives back what it holds. What does not end by itself (a
program that catches the interrupt, a call that never returns) is ended after a stated time.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from prefect_pulumi.core.errors import ExitCode
from prefect_pulumi.core.interruption import PROCESS

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
PATIENCE = 10.0
"""Seconds that operations in progress have for their answers; what has none then is left to the next run."""
LEAVING = 8.0
"""Seconds in which contexts give back what they hold, plugins included."""
SAVING = 60.0
"""Seconds that a state may take to be written, on a slow disk."""
ECHO = 0.15
"""Seconds in which a signal that comes again is the same one, sent to the group and handed on by a shell or runner."""
TICK = 0.1
_exit = os._exit  # while a program runs, the engine has its own in its place
FIRST = f"\ninterrupted: operations in progress end and are saved, within {PATIENCE:.0f} s; once more stops at once\n"
SECOND = "\nstopped at once: the lock is released, and the next run recovers what was in progress\n"
OVERDUE = "\ninterrupted: the command did not end by itself and was stopped; the lock is released\n"


@contextmanager
def signals() -> Iterator[None]:
    """Handles the signals inside. For the main thread of a process that ends soon after the block."""
    handlers = _Handlers()
    # nohup has a reason to ignore a hang-up.
    numbers = [number for number in SIGNALS if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN]
    former = {number: signal.signal(number, handlers.handle) for number in numbers}
    try:
        yield
    finally:
        handlers.ended.set()
        for number, handler in former.items():
            signal.signal(number, handler)


class _Handlers:
    def __init__(self) -> None:
        self.ended = threading.Event()
        self._process = os.getpid()
        self._main = threading.get_ident()
        self._first = 0.0
        self._nudged = False

    def handle(self, number: int, frame: object) -> None:
        if os.getpid() != self._process:  # a child that the program forked
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        if self._nudged:
            self._nudged = False
            raise KeyboardInterrupt
        if PROCESS.requested:
            if time.monotonic() - self._first > ECHO:
                _say(SECOND)
                end_process()
            return
        self._first = time.monotonic()
        threading.Thread(target=self._watch, name="interruption", daemon=True).start()
        if PROCESS.work:
            _say(FIRST)
        PROCESS.interrupt()

    def _watch(self) -> None:
        """Ends what does not end by itself: first the wait of the main thread, then the process."""
        quiet = leaving = saving = 0.0
        while not self.ended.wait(TICK):
            late = time.monotonic() - self._first
            if PROCESS.work:
                quiet = 0.0 if any(work.busy() for work in PROCESS.work) else quiet + TICK
                if quiet > 1.0 or late > PATIENCE:
                    # The program waits for what will never be, or an answer does not come.
                    quiet = 0.0
                    self._nudged = True
                    signal.pthread_kill(self._main, signal.SIGINT)
                if late < PATIENCE + LEAVING:
                    continue
            elif PROCESS.shields and saving < SAVING:
                saving += TICK
                continue
            elif leaving < LEAVING:
                leaving += TICK
                continue
            _say(OVERDUE)
            end_process()


def end_process(code: int = ExitCode.INTERRUPTED) -> NoReturn:
    """Without waiting for threads, which may wait for what never comes."""
    with contextlib.suppress(OSError):
        PROCESS.release()
    _end_children()
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    _exit(code)


def _end_children() -> None:
    """Servers and workers outlive the command in sessions of their own; a deploy or another command does not."""
    import psutil

    session = os.getsid(0)
    with contextlib.suppress(psutil.Error, OSError):
        for child in psutil.Process().children():
            with contextlib.suppress(psutil.Error, OSError):
                if os.getsid(child.pid) == session:
                    child.terminate()


def _say(text: str) -> None:
    """Past every lock and buffer: a handler may run in the middle of any of them."""
    with contextlib.suppress(OSError):
        if os.isatty(2):
            os.write(2, b"\x1b[?25h")  # a progress display hides the cursor
        os.write(2, text.encode())
