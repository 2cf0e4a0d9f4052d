"""Runs work items in parallel, each after the items that it waits for."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from graphlib import CycleError, TopologicalSorter
from queue import SimpleQueue
from typing import TypeVar

from prefect_pulumi.core.interruption import thread_pool

K = TypeVar("K", bound=Hashable)


def run_ordered(
    items: Iterable[K], waits_for: Mapping[K, set[K]], work: Callable[[K], bool], *, parallel: int
) -> list[K]:
    """Calls `work(item)` for each item once all it waits for have returned True; returns those never run.

    An item whose predecessor returned False is not run, nor is anything behind it, nor a circle. `work` must not
    raise. The cost is that of the work and of the edges.
    """
    waiting = dict.fromkeys(items)
    order: TopologicalSorter[K] = TopologicalSorter(dict.fromkeys(waiting, ()))
    for item in waiting:
        order.add(item, *(waits_for.get(item, set()) & waiting.keys()))
    with suppress(CycleError):  # what is outside of a circle can be run all the same
        order.prepare()
    ended: SimpleQueue[tuple[K, Future[bool]]] = SimpleQueue()
    running = 0
    with thread_pool(max(1, parallel)) as pool:

        def submit(item: K) -> None:
            del waiting[item]
            pool.submit(work, item).add_done_callback(lambda future: ended.put((item, future)))

        while True:
            for item in order.get_ready():
                submit(item)
                running += 1
            if not running:
                return list(waiting)
            item, future = ended.get()
            running -= 1
            if future.result():
                order.done(item)
