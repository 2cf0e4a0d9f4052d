"""Runs work items in parallel, each after the items that it waits for."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import TypeVar

K = TypeVar("K", bound=Hashable)


def run_ordered(
    items: Iterable[K], waits_for: Mapping[K, set[K]], work: Callable[[K], bool], *, parallel: int
) -> list[K]:
    """Calls `work(item)` for each item once all it waits for have returned True; returns those never run.

    An item whose predecessor returned False is not run, nor is anything behind it. `work` must not raise. The cost is
    that of the work and of the edges: each item is looked at once, and once for each that it waits for.
    """
    todo = dict.fromkeys(items)
    open_edges = {item: waits_for.get(item, set()) & todo.keys() for item in todo}
    behind: dict[K, list[K]] = {}
    for item, before in open_edges.items():
        for each in before:
            behind.setdefault(each, []).append(item)
    ended: SimpleQueue[tuple[K, Future[bool]]] = SimpleQueue()
    running = 0
    with ThreadPoolExecutor(max_workers=max(1, parallel)) as pool:

        def begin(item: K) -> None:
            del todo[item]
            pool.submit(work, item).add_done_callback(lambda future: ended.put((item, future)))

        for item in [item for item, before in open_edges.items() if not before]:
            begin(item)
            running += 1
        while running:
            item, future = ended.get()
            running -= 1
            if not future.result():
                continue
            for user in behind.get(item, ()):
                open_edges[user].discard(item)
                if not open_edges[user]:
                    begin(user)
                    running += 1
    return list(todo)
