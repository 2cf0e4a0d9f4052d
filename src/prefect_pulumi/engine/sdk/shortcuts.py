"""Functions of the SDK that cost more than they have to, replaced while a program runs.

Each is private to the SDK: `tests/engine/test_program.py` shows when an SDK has one no more, or another.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any


@contextlib.contextmanager
def shortcuts() -> Iterator[None]:
    """The SDK with its shortcuts, until the block ends."""
    from pulumi import log
    from pulumi.runtime import _depends_on, resource, resource_cycle_breaker
    from pulumi.runtime.proto.source_pb2 import StackTrace

    with (
        # It walks the whole stack for the place in the code of each resource; this engine keeps no places.
        _replaced(resource, "_get_stack_trace", StackTrace),
        # Four lines of each resource, which this engine does not show.
        _replaced(log, "debug", _quiet),
        # Both copy what they have for each dependency of a resource, which is quadratic for one that is declared last.
        _replaced(_depends_on, "_resolve_depends_on", _resolve_depends_on),
        _replaced(resource_cycle_breaker, "_add_dep", _add_dep),
    ):
        yield


@contextlib.contextmanager
def _replaced(module: Any, name: str, function: Any) -> Iterator[None]:
    own = getattr(module, name)
    setattr(module, name, function)
    try:
        yield
    finally:
        setattr(module, name, own)


def _quiet(*_: Any, **__: Any) -> None:
    pass


async def _resolve_depends_on(depends_on: Any) -> set[Any]:
    """The resources of the option `depends_on`: those listed, and those that its outputs come from."""
    from pulumi import Output, Resource

    if not depends_on:
        return set()
    listed: Output[Any] = Output._from_input_shallow(depends_on)
    resources = set(await listed.resources())
    for item in await listed.future() or []:
        if isinstance(item, Resource):
            resources.add(item)
            continue
        output: Output[Any] = Output.from_input(item)
        resources |= await output.resources()
        resource = await output.future()
        if resource is not None:
            resources.add(resource)
    return resources


def _add_dep(from_resource: Any, to_resource: Any) -> None:
    from pulumi.runtime.resource_cycle_breaker import _DEPENDENCIES_PROPERTY

    vars(from_resource).setdefault(_DEPENDENCIES_PROPERTY, set()).add(to_resource)
