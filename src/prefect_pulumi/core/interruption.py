"""What a signal to this process has to know: which work ends by itself, what is not to be torn, what is given back.

The command installs the handlers (`process.signals`); here operations say what they do. Without handlers, as in a
program that calls the toolkit, it is bookkeeping alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

Pool = TypeVar("Pool", bound=ThreadPoolExecutor)


@dataclass(frozen=True, eq=False, slots=True)
class Work:
    """Operations that are better ended than broken off. `stop`: begin no further one; `busy`: one is in progress."""

    stop: Callable[[], None]
    busy: Callable[[], bool]


@dataclass(slots=True)
class Interruption:
    """Of one process. `requested`: a first signal has come."""

    requested: bool = False
    work: list[Work] = field(default_factory=list)
    shields: int = 0
    releases: list[Callable[[], None]] = field(default_factory=list)

    def interrupt(self) -> None:
        """The first signal, in the main thread. Raises `KeyboardInterrupt` unless something has to reach its end."""
        self.requested = True
        for work in self.work:
            work.stop()
        if not self.work and not self.shields:
            raise KeyboardInterrupt

    def release(self) -> None:
        """Gives the locks back; for the end of the process."""
        for give_back in list(self.releases):
            give_back()


PROCESS = Interruption()


@contextmanager
def ending(stop: Callable[[], None], busy: Callable[[], bool]) -> Iterator[None]:
    """A first signal inside calls `stop` and lets the block reach its end."""
    work = Work(stop, busy)
    PROCESS.work.append(work)
    try:
        yield
    finally:
        PROCESS.work.remove(work)


@contextmanager
def shielded() -> Iterator[None]:
    """A first signal inside takes effect when the block has ended, unless it ends with an error of its own."""
    before = PROCESS.requested
    PROCESS.shields += 1
    try:
        yield
    finally:
        PROCESS.shields -= 1
    if PROCESS.requested and not before and not PROCESS.shields:
        raise KeyboardInterrupt


@contextmanager
def thread_pool(workers: int, name: str = "") -> Iterator[ThreadPoolExecutor]:
    """Threads as `in_use` has them."""
    with in_use(ThreadPoolExecutor(max_workers=workers, thread_name_prefix=name)) as pool:
        yield pool


@contextmanager
def in_use(pool: Pool) -> Iterator[Pool]:
    """Its threads are waited for at the end of the block, but not when an interruption ends it: one of them may wait
    for an answer that never comes."""
    try:
        yield pool
        pool.shutdown(wait=True)
    except KeyboardInterrupt:
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    except BaseException:
        pool.shutdown(wait=True)
        raise
