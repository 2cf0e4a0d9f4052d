"""The threads of registrations: every call has its answer, and those that wait do not hold up the others."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from prefect_pulumi.core.interruption import in_use
from prefect_pulumi.engine.sdk.registration_pool import RegistrationPool


def answers(calls: list[Callable[[], Any]], workers: int) -> list[Any]:
    """Of calls that are made at once, as the program's loop makes them; an error is the answer of its call."""

    async def made() -> list[Any]:
        loop = asyncio.get_running_loop()
        with in_use(RegistrationPool(loop, workers, "test")) as pool:
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
        with in_use(RegistrationPool(loop, 3, "test")) as pool:
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
        pool = RegistrationPool(asyncio.get_running_loop(), 1, "test")
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
