"""What the process that runs a program looks like to it, and is again afterwards."""

from __future__ import annotations

import asyncio
import gc
import inspect
from typing import TypeVar

import pulumi
import pytest
from pulumi import log, output
from pulumi.output import Unknown
from pulumi.runtime import _depends_on, resource, resource_cycle_breaker, rpc

from prefect_pulumi.engine.sdk.program import no_collections
from prefect_pulumi.engine.sdk.shortcuts import shortcuts

T = TypeVar("T")


class Node(pulumi.CustomResource):
    """A resource that no engine hears of."""

    def __init__(self) -> None:
        pass


def test_registrations_come_without_places_in_the_code() -> None:
    """`_get_stack_trace` is the SDK's own: a version that has it no more shows here, and so below."""
    own = resource._get_stack_trace
    assert "_get_stack_trace()" in inspect.getsource(resource.register_resource)
    with shortcuts():
        trace = resource._get_stack_trace()
        assert list(trace.frames) == []
        assert resource._get_source_position(trace) is None
    assert resource._get_stack_trace is own


def test_debug_lines_are_not_sent() -> None:
    own = log.debug
    assert "log.debug(" in inspect.getsource(resource.register_resource)
    with shortcuts():
        log.debug("registering", stream_id=1)  # without an engine, the SDK's own would raise
    assert log.debug is own


def test_dependencies_are_resolved_as_by_the_sdk() -> None:
    first, second, third = Node(), Node(), Node()
    assert "_resolve_depends_on(" in inspect.getsource(_depends_on._resolve_depends_on_urns)

    async def resolved() -> set[pulumi.Resource]:
        later = asyncio.get_running_loop().create_future()
        later.set_result(second)
        derived: pulumi.Output[pulumi.Resource | None] = pulumi.Output({third}, _value(None), _value(True))
        return await _depends_on._resolve_depends_on([first, later, derived])  # type: ignore[list-item]  # all three are accepted

    own = asyncio.run(resolved())
    with shortcuts():
        assert asyncio.run(resolved()) == own == {first, second, third}


def test_a_dependency_is_added_in_place_and_a_circle_is_still_refused() -> None:
    assert "declare_dependency(" in inspect.getsource(rpc._add_dependency)
    first, second, third = Node(), Node(), Node()
    with shortcuts():
        assert resource_cycle_breaker.declare_dependency(first, second)
        dependencies = resource_cycle_breaker._deps(first)
        assert resource_cycle_breaker.declare_dependency(first, third)
        assert resource_cycle_breaker._deps(first) is dependencies
        assert not resource_cycle_breaker.declare_dependency(third, first)
    assert dependencies == {second, third}


def test_properties_become_outputs_that_are_resolved_as_by_the_sdk() -> None:
    assert "rpc.transfer_properties(" in inspect.getsource(resource.register_resource)

    async def resolved() -> list[object]:
        node, other, answers = Node(), Node(), []
        resolvers = rpc.transfer_properties(
            node, {"urn": 1, "id": 2, "size": 3, "word": None, "lost": None}, custom=True
        )
        assert list(resolvers) == ["size", "word", "lost"]
        resolvers["size"](3.0, True, False, None, None)
        resolvers["word"]([rpc.UNKNOWN, Unknown()], True, True, {other}, None)
        resolvers["lost"](None, True, False, None, ValueError("lost"))
        names = {node: "node", other: "other"}
        for name in ("size", "word"):
            value = vars(node)[name]
            resources = sorted(names[item] for item in await value.resources())
            answers.append((await value.future(), await value.is_known(), await value.is_secret(), resources))
        with pytest.raises(ValueError, match="lost"):
            await vars(node)["lost"].future()
        doubled = vars(node)["size"].apply(lambda size: size * 2)
        return [*answers, await doubled.future()]

    own = asyncio.run(resolved())
    with shortcuts():
        assert asyncio.run(resolved()) == own
    assert own == [(3.0, True, False, ["node"]), (None, False, True, ["node", "other"]), 6.0]


@pytest.mark.parametrize("parent", [None, "urn:pulumi:dev::shop::team:data:Base$team:data:Part::part"])
def test_a_urn_is_made_as_by_the_sdk(parent: str | None) -> None:
    assert "await create_urn(" in inspect.getsource(resource.register_resource)

    async def made() -> object:
        name = pulumi.Output.from_input("etl")
        plain = resource.create_urn("etl", "prefect:index:WorkPool", parent, *([] if parent else ["shop", "dev"]))
        derived = resource.create_urn(name, "prefect:index:WorkPool", parent, *([] if parent else ["shop", "dev"]))
        answers = [await plain.future(), await derived.future()]
        return [*answers, await plain.is_known(), await plain.is_secret(), await plain.resources()]

    own = asyncio.run(made())
    with shortcuts():
        assert asyncio.run(made()) == own


@pytest.mark.parametrize("value", ["text", 1, None, True, [], ["text"], {"key": ["text"]}])
def test_unknown_values_are_found_as_by_the_sdk(value: object) -> None:
    assert "rpc.contains_unknowns(" in inspect.getsource(output.contains_unknowns)
    with shortcuts():
        assert not output.contains_unknowns(value)
        assert output.contains_unknowns(Unknown())
        assert output.contains_unknowns([value, {"key": [Unknown()]}])


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_is_as_it_was(enabled: bool) -> None:
    before = gc.isenabled()
    (gc.enable if enabled else gc.disable)()
    try:
        with no_collections():
            assert not gc.isenabled()
            made: list[list[int]] = [[] for _ in range(10_000)]
        assert gc.isenabled() is enabled
        if enabled:
            assert gc.get_count()[0] < len(made)  # they count as old: the next look does not go through them
    finally:
        (gc.enable if before else gc.disable)()


async def _value(value: T) -> T:
    return value
