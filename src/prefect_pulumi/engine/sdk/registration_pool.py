"""The threads on which the calls of a program's registrations run: as few as keep the processor busy."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Lock
from typing import Any, NoReturn

from typing_extensions import override

LAG = 0.002
"""Seconds after which a call that waits may get another thread."""
WAITS = 3
"""Calls in a row that waited, after which the loop makes none itself: one alone may have lost the processor."""
BUSY = 0.8
"""Part of the time that this process computes, from which on another thread would only be in the way."""


def interrupt() -> NoReturn:
    """Leaves a loop that calls it. The SDK catches the exception in a task, and first waits for what is registered."""
    raise KeyboardInterrupt


class RegistrationPool(ThreadPoolExecutor):
    """The default executor of `loop`, whose thread alone submits. `submit` gives a future of that loop.

    A thread that is woken for each call, and wakes the loop for each answer, takes the interpreter's lock away from the
    other each time, which on several processors costs more than the call. So a thread takes one call after the other
    while there are any, its answers reach the loop many at once, and a thread is added only when calls wait while the
    process does not compute: then they wait for servers.

    With `inline`, for runs that write nothing, calls are made by the loop itself as long as they do not wait: an
    interruption may then end one half-way.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, workers: int, name: str, *, inline: bool) -> None:
        super().__init__(max_workers=workers, thread_name_prefix=name)
        self._inline = inline
        self._loop = loop
        self._most = workers
        self._calls: deque[tuple[asyncio.Future[Any], Callable[[], Any]]] = deque()
        self._answers: deque[tuple[asyncio.Future[Any], Any, BaseException | None]] = deque()
        self._lock = Lock()
        self._at_work = 0
        self._delivers = False
        self._waits = 0
        self._timer: asyncio.TimerHandle | None = None
        self._looked = (0.0, 0.0)

    @override
    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> asyncio.Future[Any]:  # type: ignore[override]  # `run_in_executor` takes a future of the loop as it is
        future: asyncio.Future[Any] = self._loop.create_future()
        call = partial(fn, *args, **kwargs)
        if self._inline and not self._at_work and self._waits < WAITS:
            self._call_inline(future, call)
            return future
        with self._lock:
            self._calls.append((future, call))
            idle = not self._at_work
            if idle:
                self._at_work += 1
        if idle:
            super().submit(self._work)
        elif self._timer is None:
            self._look_later()
        return future

    def _call_inline(self, future: asyncio.Future[Any], call: Callable[[], Any]) -> None:
        began, computed = time.monotonic(), time.thread_time()
        try:
            future.set_result(call())
        except KeyboardInterrupt:
            self._loop.call_soon(interrupt)
            raise
        except BaseException as error:  # noqa: BLE001 - it is raised where the future is awaited
            future.set_exception(error)
        waited = time.monotonic() - began - (time.thread_time() - computed) > LAG
        self._waits = self._waits + 1 if waited else 0

    @override
    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        if cancel_futures:
            self._calls.clear()
        super().shutdown(wait, cancel_futures=cancel_futures)

    def _work(self) -> None:
        """In a thread: until no call is left."""
        while True:
            try:
                future, call = self._calls.popleft()
            except IndexError:
                with self._lock:
                    if self._calls:
                        continue
                    self._at_work -= 1
                    self._waits = 0
                    return
            try:
                self._answers.append((future, call(), None))
            except BaseException as error:  # noqa: BLE001 - it is raised where the future is awaited
                self._answers.append((future, None, error))
            if not self._delivers:
                self._delivers = True
                with contextlib.suppress(RuntimeError):  # the loop is closed, and nobody waits any more
                    self._loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        self._delivers = False  # before the answers are looked at: one that comes later has itself delivered
        while self._answers:
            future, value, error = self._answers.popleft()
            if future.done():
                continue
            if error is not None:
                future.set_exception(error)
            else:
                future.set_result(value)

    def _look_later(self) -> None:
        self._looked = (time.monotonic(), time.process_time())
        self._timer = self._loop.call_later(LAG, self._look)

    def _look(self) -> None:
        self._timer = None
        if not self._calls:
            return
        began, computed = self._looked
        idle = time.process_time() - computed < BUSY * (time.monotonic() - began)
        with self._lock:
            adds = idle and bool(self._calls) and self._at_work < self._most
            if adds:
                self._at_work += 1
        if adds:
            super().submit(self._work)
        self._look_later()
