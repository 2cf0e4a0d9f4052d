"""Functions of the SDK that cost more than they have to, replaced while a program runs.

Each is private to the SDK: `tests/engine/test_program.py` shows when an SDK has one no more, or another.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Callable, Collection, Iterator
from typing import Any

_SCALARS = frozenset({str, int, float, bool, type(None)})


@contextlib.contextmanager
def shortcuts() -> Iterator[None]:
    """The SDK with its shortcuts, until the block ends."""
    from pulumi import log
    from pulumi.runtime import _depends_on, resource, resource_cycle_breaker, rpc
    from pulumi.runtime.proto.source_pb2 import StackTrace

    with (
        # It walks the whole stack for the place in the code of each resource; this engine keeps no places.
        _replaced(resource, "_get_stack_trace", StackTrace),
        # Four lines of each resource, which this engine does not show.
        _replaced(log, "debug", _quiet),
        # Both copy what they have for each dependency of a resource, which is quadratic for one that is declared last.
        _replaced(_depends_on, "_resolve_depends_on", _resolve_depends_on),
        _replaced(resource_cycle_breaker, "_add_dep", _add_dep),
        # It takes four futures and a task for each property; they are resolved together.
        _replaced(rpc, "transfer_properties", _transfer_properties),
        # It makes four outputs for each resource, for the URN that stands in where there is no engine.
        _replaced(resource, "create_urn", functools.partial(_create_urn, resource.create_urn)),
        # A set and two calls for each value, most of which hold no others.
        _replaced(rpc, "contains_unknowns", functools.partial(_contains_unknowns, rpc.contains_unknowns)),
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


def _transfer_properties(res: Any, props: Collection[str], custom: bool) -> dict[str, Callable[..., None]]:
    """An unresolved output of `res` for each property, and what resolves it: `(value, known, secret, deps, error)`.

    The outputs are not among those that the SDK waits for: they are resolved together with the resource's URN.
    """
    loop = asyncio.get_running_loop()
    resolvers: dict[str, Callable[..., None]] = {}
    for name in props:
        if name != "urn" and not (name == "id" and custom):
            future: asyncio.Future[Any] = loop.create_future()
            resolvers[name] = functools.partial(_resolve, res, future)
            vars(res)[name] = _output(future)
    return resolvers


def _resolve(
    res: Any, future: asyncio.Future[Any], value: Any, known: bool, secret: bool, deps: Any, error: Exception | None
) -> None:
    from pulumi.output import _OutputData

    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(_OutputData({*(deps or ()), res}, value, known, secret))


def _create_urn(own: Callable[..., Any], name: Any, type_: Any, parent: Any = None, *names: Any, **named: Any) -> Any:
    """The output is resolved at once where the parts are no outputs."""
    from pulumi.output import _OutputData

    if not (isinstance(name, str) and isinstance(type_, str) and isinstance(parent, str)) or names or named:
        return own(name, type_, parent, *names, **named)
    future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    future.set_result(_OutputData(set(), f"{parent[: parent.rfind('::')]}${type_}::{name}", True, False))
    return _output(future)


def _output(future: asyncio.Future[Any]) -> Any:
    from pulumi import Output

    output: Output[Any] = object.__new__(Output)
    output._data = future
    return output


def _contains_unknowns(own: Callable[[Any], bool], value: Any) -> bool:
    return type(value) not in _SCALARS and own(value)
