"""Work in order: users first, nothing behind a failure, and thousands of items in no time to speak of."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prefect_pulumi.engine.run.dependency_executor import run_ordered


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20))), st.sets(st.integers(0, 20)), st.integers(1, 4))
def test_each_after_what_it_waits_for(pairs: list[tuple[int, int]], failing: set[int], parallel: int) -> None:
    waits = {item: {low for low, high in pairs if high == item and low < item} for item in range(21)}
    ended: list[int] = []
    lock = threading.Lock()

    def work(item: int) -> bool:
        with lock:
            assert waits[item] <= set(ended)
            if item in failing:
                return False
            ended.append(item)
            return True

    left = run_ordered(range(21), waits, work, parallel=parallel)
    blocked: set[int] = set()
    for item in range(21):
        if waits[item] & (failing | blocked):
            blocked.add(item)
    assert left == sorted(blocked)
    assert sorted(ended) == sorted(set(range(21)) - failing - blocked)


def test_what_is_not_among_the_items_is_not_waited_for() -> None:
    assert run_ordered(["a"], {"a": {"elsewhere"}}, lambda _: True, parallel=1) == []


def test_a_circle_is_left_over() -> None:
    assert run_ordered(["a", "b"], {"a": {"b"}, "b": {"a"}}, lambda _: True, parallel=1) == ["a", "b"]


@pytest.mark.parametrize("parallel", [1, 16])
def test_thousands(parallel: int) -> None:
    items = list(range(5000))
    done: list[int] = []
    run_ordered(items, {item: {item - 7} for item in items}, lambda item: done.append(item) is None, parallel=parallel)
    assert sorted(done) == items
