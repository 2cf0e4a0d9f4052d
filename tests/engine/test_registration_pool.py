"""The threads of registrations: every call has its answer, and those that wait do not hold up the others."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from prefect_pulumi.core.interruption import in_use
from prefect_pulumi.engine.sdk.registration_pool import LAG, WAITS, RegistrationPool


def answers(calls: list[Callable[[], Any]], workers: int) -> list[Any]:
    """Of calls that are made at once, as the program's loop makes them; an error is the answer of its call."""

    async def made() -> list[Any]:
        loop = asyncio.get_running_loop()
        with in_use(RegistrationPool(loop, workers, "test", inline=False)) as pool:
            loop.set_default_executor(pool)
            return await asyncio.gather(*(loop.run_in_executor(None, call) for call in calls), return_exceptions=True)

    return asyncio.run(made())


def test_each_call_has_its_own_answer() -> None:
    def failing() -> None:
        raise ValueError("no")

    calls: list[Callable[[], Any]] = [lambda number=number: number for number in range(2000)]  # type: ignore[misc]
    *numbers, error = answers([*calls, failing], 4)
    assert numbers == list(range(2000))
    assert isinstance(error, ValueError)


@pytest.mark.parametrize("width", [2, 16])
def test_calls_that_wait_for_each_other_each_get_a_thread(width: int) -> None:
    barrier = threading.Barrier(width, timeout=60)
    assert sorted(answers([barrier.wait] * width, width)) == list(range(width))


def test_there_are_no_more_threads_than_allowed() -> None:
    names: set[str] = set()
    release = threading.Event()

    def call() -> None:
        names.add(threading.current_thread().name)
        release.wait(0.05)

    answers([call] * 20, 3)
    assert len(names) <= 3


def test_a_late_call_is_made_while_others_wait() -> None:
    async def made() -> str:
        loop = asyncio.get_running_loop()
        ends = threading.Event()
        with in_use(RegistrationPool(loop, 3, "test", inline=False)) as pool:
            waiting = [pool.submit(ends.wait, 60) for _ in range(2)]
            await asyncio.sleep(0.05)
            late = await pool.submit(lambda: "late")
            ends.set()
            assert await asyncio.gather(*waiting) == [True, True]
            return late

    assert asyncio.run(made()) == "late"


def test_what_has_not_begun_is_left_when_the_pool_is_interrupted() -> None:
    begun: list[int] = []
    started, ends = threading.Event(), threading.Event()

    def call(number: int) -> None:
        begun.append(number)
        started.set()
        ends.wait(60)

    pools: list[RegistrationPool] = []

    async def interrupted() -> None:
        pool = RegistrationPool(asyncio.get_running_loop(), 1, "test", inline=False)
        pools.append(pool)
        for number in range(5):
            pool.submit(call, number)
        started.wait(60)
        with in_use(pool):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(interrupted())
    ends.set()  # its answer finds a closed loop
    pools[0].shutdown(wait=True)
    assert begun == [0]


async def threads(calls: list[Callable[[], Any]]) -> list[bool]:
    """Whether each call was made by a thread of an inline pool; one is made after the other."""
    made: list[bool] = []

    def noting(call: Callable[[], Any]) -> None:
        made.append(threading.current_thread() is not threading.main_thread())
        call()

    with in_use(RegistrationPool(asyncio.get_running_loop(), 2, "test", inline=True)) as pool:
        for call in calls:
            await pool.submit(noting, call)
    return made


def test_an_inline_pool_makes_calls_that_do_not_wait_in_the_loop() -> None:
    assert asyncio.run(threads([int] * 50)) == [False] * 50


def test_an_inline_pool_hands_calls_that_wait_to_threads() -> None:
    def waiting() -> None:
        time.sleep(LAG * 5)

    assert asyncio.run(threads([waiting] * (WAITS + 1))) == [False] * WAITS + [True]


def test_a_call_in_the_loop_may_fail() -> None:
    async def failed() -> BaseException | None:
        with in_use(RegistrationPool(asyncio.get_running_loop(), 1, "test", inline=True)) as pool:
            return pool.submit(int, "no").exception()

    assert isinstance(asyncio.run(failed()), ValueError)


def test_an_interruption_of_a_call_in_the_loop_leaves_the_loop() -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    async def made(pool: RegistrationPool) -> None:
        with contextlib.suppress(BaseException):  # as the SDK does
            await pool.submit(interrupted)
        await asyncio.sleep(60)

    loop = asyncio.new_event_loop()
    with pytest.raises(KeyboardInterrupt), in_use(RegistrationPool(loop, 1, "test", inline=True)) as pool:
        loop.run_until_complete(made(pool))
    pending = asyncio.all_tasks(loop)
    for task in pending:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
    loop.close()
