"""The options of `infra up`, `preview`, `refresh` and `destroy` as they are typed, and their exit codes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import engine_pair, testbed
from tests.support.engine_comparison import PRELUDE, URN

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

PROGRAM = """
a = Thing("a", value=1)
b = Thing("b", value=a.token)
c = Thing("c", value=1)
d = Thing("d", value=1, opts=O(depends_on=[c]))
"""


@pytest.fixture
def side(tmp_path: Path) -> Iterator[Any]:
    world = testbed.World()
    with testbed.serving(world, "testbed") as providers:
        made = engine_pair.EmbeddedSide(engine_pair.Side.folder(tmp_path / "a project"), providers=providers)
        made.world = world
        yield made


def run(side: Any, *words: str, code: int = 0, program: str | None = None) -> list[str]:
    """What the provider was asked to change by the command."""
    if program is not None:
        side.write(PRELUDE + program)
    side.world.take_calls()
    side.infra(*words, check=False)
    assert side.code == code, side.said
    return sorted(f"{method} {name}" for method, name in side.world.take_calls() if method != "configure")


def test_choosing(side: Any) -> None:
    up = ("up", "--yes")
    assert run(side, *up, "--target", "a", "-t", URN + "c", program=PROGRAM) == ["create a", "create c"]
    assert run(side, *up, "--exclude", "d") == ["create b"]
    assert run(side, *up) == ["create d"]
    changed = PROGRAM.replace("value=1", "value=2")
    assert run(side, *up, "--exclude", "c", "--exclude-dependents", program=changed) == ["update a"]
    assert run(side, *up, "--target-replace", "a") == ["create a", "delete a"]
    done = run(side, *up, "--replace", "c", "--target", "c", "--target-dependents")
    assert done == ["create c", "delete c", "update d"]
    for words in (("--target", "nope"), ("--exclude", "a", "--target", "b")):
        assert run(side, *up, *words, code=2) == []
    side.world.things.pop("d-1")
    assert run(side, "refresh", "--yes", "--target", "c", "--expect-no-changes") == []
    assert run(side, "refresh", "--yes", "--expect-no-changes", code=3) == []
    assert run(side, "preview", "--refresh", "--exclude", "d", "--expect-no-changes") == []
    assert run(side, "preview", "--refresh", "--expect-no-changes", code=3) == []
    assert side.entry("d") is not None  # neither has written
    assert run(side, *up, "--refresh") == ["create d"]
    assert run(side, "destroy", "--yes", "--target", "c", code=2) == []
    assert run(side, "destroy", "--yes", "--target", "c", "--target-dependents") == ["delete c", "delete d"]
    assert run(side, "destroy", "--yes", "--exclude", "a") == ["delete b"]
    assert run(side, "destroy", "--yes") == ["delete a"]


def test_going_on_after_an_error(side: Any) -> None:
    """Exit code 1 either way; what was made is saved, and what waits for the failure is not begun."""
    failing = PROGRAM.replace('"a", value=1', '"a", value=1, fail=["create"]').replace("[c]", "[c, b]")
    assert run(side, "up", "--yes", "--continue-on-error", "--json", code=1, program=failing) == ["create c"]
    said = json.loads(side.said[: side.said.rindex("}") + 1])
    assert "create was asked to fail" in json.dumps(said)
    assert side.entry("c").id == "c-1"
    assert side.entry("a") is None
    history = side.root / "state/.pulumi/history/twin/dev"
    assert [json.loads(path.read_text())["result"] for path in history.glob("*.history.json")] == ["failed"]
    assert run(side, "up", "--yes", program=PROGRAM) == ["create a", "create b", "create d"]
    stuck = PROGRAM.replace('"b", value', '"b", fail=["delete"], value')
    assert run(side, "up", "--yes", program=stuck) == ["update b"]
    assert run(side, "destroy", "--yes", code=1) == ["delete c", "delete d"]
    assert {entry.urn for entry in side.state().resources if entry.type.startswith("testbed:")} == {
        URN + "a",
        URN + "b",
    }
