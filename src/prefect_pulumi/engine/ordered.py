"""Runs work items in parallel, each after the items that it waits for."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

K = TypeVar("K", bound=Hashable)


def run_ordered(
    items: Iterable[K], waits_for: Mapping[K, set[K]], work: Callable[[K], bool], *, parallel: int
) -> list[K]:
    """Calls `work(item)` for each item once all it waits for have returned True; returns those never run.

    An item whose predecessor returned False is not run, nor is anything behind it. `work` must not raise.
    """
    todo = list(dict.fromkeys(items))
    known = set(todo)
    done: set[K] = set()
    running: dict[Future[bool], K] = {}
    with ThreadPoolExecutor(max_workers=max(1, parallel)) as pool:
        while True:
            ready = [item for item in todo if waits_for.get(item, set()) & known <= done]
            for item in ready:
                todo.remove(item)
                running[pool.submit(work, item)] = item
            if not running:
                return todo
            finished, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                item = running.pop(future)
                if future.result():
                    done.add(item)
