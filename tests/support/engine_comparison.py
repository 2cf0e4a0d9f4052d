"""Both engines led through the same steps, each with a world of its own behind the same gRPC provider (testbed.py):
one expectation for both, and one state after each step. `calls` are what the provider was asked to change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support import engine_pair, testbed

URN = "urn:pulumi:dev::twin::testbed:index:Thing::"

PRELUDE = """
import pulumi
from pulumi import ResourceOptions as O
class Thing(pulumi.CustomResource):
    def __init__(self, name, opts=None, type="testbed:index:Thing", outs=(), **props):
        for key in ("serial", "token", "value", "filled", *outs): props.setdefault(key, None)
        super().__init__(type, name, props, opts)
class Group(pulumi.ComponentResource):
    def __init__(self, name, opts=None, **props):
        super().__init__("testbed:index:Group", name, props or None, opts)
class Bed(pulumi.ProviderResource):
    def __init__(self, name, opts=None, **props):
        super().__init__("testbed", name, props, opts)
"""


@dataclass
class EngineComparison:
    """The engines that can run here, each with its project and world, led through the same steps."""

    sides: list[tuple[Any, Any]]

    def do(self, operation: str, program: str | None = None, *, own: bool = False, **options: Any) -> Comparison:
        """Runs one operation on every engine; all must have done the same, and have the same state afterwards.

        `own`: only on the embedded engine, for what changes nothing; the official one takes seconds for each.
        """
        done = []
        for side, world in self.sides[:1] if own else self.sides:
            world.take_calls()
            given = () if program is None else (PRELUDE + program,)
            try:
                changes, error = getattr(side, operation)(*given, **options), ""
            except engine_pair.Failed as failed:
                changes, error = {}, str(failed)
            made = world.take_calls()
            done.append(
                Comparison(changes, [call for call in made if call[0] != "configure"], error, side, world, self.worlds)
            )
        first = done[0]
        for other in done[1:]:
            assert bool(other.error) == bool(first.error), (first.error, other.error)
            assert sorted(other.calls) == sorted(first.calls), (first.calls, other.calls)
            assert other.changes == first.changes, (first.changes, other.changes)
            mine, theirs = engine_pair.compared(first.side.state()), engine_pair.compared(other.side.state())
            apart = {
                urn: (mine.get(urn), theirs.get(urn)) for urn in {*mine, *theirs} if mine.get(urn) != theirs.get(urn)
            }
            assert not apart, apart
        return first

    @property
    def worlds(self) -> list[Any]:
        return [world for _, world in self.sides]

    def everywhere(self, act: Callable[[Any], None]) -> None:
        for _, world in self.sides:
            act(world)

    def on(self, stack: str) -> EngineComparison:
        return EngineComparison([(side.on(stack), world) for side, world in self.sides])


@dataclass
class Comparison:
    """`changes`: counts of operations; `calls`: (method, name); `error`: all that was said when it failed."""

    changes: dict[str, int]
    calls: list[tuple[str, str]]
    error: str
    side: Any
    world: Any
    worlds: list[Any]

    def timeout(self, method: str, name: str) -> float:
        """Seconds that the provider was given, on every engine the same."""
        found = {call["timeout"] for world in self.worlds for call in world.latest if _is(call, method, name)}
        assert len(found) == 1, found
        return float(found.pop())

    @property
    def called(self) -> list[str]:
        return sorted(f"{method} {name}" for method, name in self.calls)


def _is(call: dict[str, Any], method: str, name: str) -> bool:
    return call["method"] == method and call["name"] == name


@contextmanager
def comparison_in(folder: Path, pulumi: Path | None) -> Iterator[EngineComparison]:
    """`pulumi`: the official CLI, where it is found."""
    sides = []
    with ExitStack() as stack:
        for name in ["embedded", *(["pulumi"] if pulumi else [])]:
            world = testbed.World()
            providers = stack.enter_context(testbed.serving(world, "testbed", "oldbed"))
            root = engine_pair.Side.folder(folder / name / "a project")
            if name == "embedded":
                sides.append((engine_pair.EmbeddedSide(root, providers=providers), world))
            else:
                sides.append((engine_pair.OfficialSide(root, providers=providers, cli=pulumi), world))
        yield EngineComparison(sides)
