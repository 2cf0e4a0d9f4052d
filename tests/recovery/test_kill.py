"""SIGKILL at the boundaries of an `up` of 50 mixed resources: the next run heals it."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

SIZE = 50
SEED = 20261125
POINTS = 250


def heal(world: Any, warm: Any) -> None:
    healed = warm.infra(world, "up", "--yes")
    assert healed["code"] == 0, healed["output"]
    world.check(SIZE)


def clean(world: Any, warm: Any) -> None:
    seen = warm.infra(world, "preview", "--refresh", "--expect-no-changes")
    assert seen["code"] == 0, seen["output"]


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.soak)])
def test_killed_again_and_again(world: Any, warm: Any, official: Any, seed: int) -> None:
    """Each run is killed while it heals the one before, until one comes through."""
    drawn = random.Random(seed)
    for kills in range(100):  # noqa: B007 - counted
        kill, seed = drawn.randint(12, 150), drawn.getrandbits(32)
        ran = warm.infra(world, "up", "--yes", "--parallel", "4", kill=kill, seed=seed)
        if ran["code"] != -9:
            break
    assert ran["code"] == 0, ran["output"]
    assert kills >= 5
    world.check(SIZE)
    assert official.changes(refresh=True) == {}
    assert warm.infra(world, "destroy", "--yes")["code"] == 0
    world.check(0)


@pytest.mark.parametrize("point", [9, 120, 345])
def test_killed_once(world: Any, warm: Any, point: int) -> None:
    killed = warm.infra(world, "up", "--yes", kill=point, seed=SEED)
    assert killed["code"] == -9, killed["output"]
    heal(world, warm)
    clean(world, warm)


@pytest.mark.parametrize("point", [410])
def test_the_official_cli_takes_over(world: Any, warm: Any, official: Any, point: int) -> None:
    """`infra env`, with which one goes over to the CLI, brings what the dead run had done into the state."""
    killed = warm.infra(world, "up", "--yes", kill=point, seed=SEED)
    assert killed["code"] == -9, killed["output"]
    official.up()
    world.check(SIZE)
    assert official.changes(refresh=True) == {}
    clean(world, warm)


@pytest.mark.parametrize("point", [300])
def test_a_killed_destroy(world: Any, warm: Any, point: int) -> None:
    heal(world, warm)
    assert warm.infra(world, "destroy", "--yes", kill=point, seed=SEED)["code"] == -9
    assert warm.infra(world, "destroy", "--yes")["code"] == 0
    world.check(0)


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_every_boundary(small: Any, warm: Any, official: Any, prefect_server: str, request: Any) -> None:
    """Evenly over all boundaries, and as many again drawn between them; every eighth is taken over by the CLI."""
    worlds = request.getfixturevalue("worlds")
    whole = worlds.World(small, prefect_server)
    total = warm.infra(whole, "up", "--yes")["boundaries"]
    assert warm.infra(whole, "destroy", "--yes")["code"] == 0
    drawn = random.Random(SEED)
    points = sorted(
        {*range(1, total + 1, max(1, total * 2 // POINTS)), *drawn.sample(range(1, total + 1), POINTS // 2)}
    )
    ends: dict[str, int] = {}
    for number, point in enumerate(points):
        world = worlds.World(small, prefect_server)
        killed = warm.infra(world, "up", "--yes", kill=point, seed=drawn.getrandbits(32))
        ends[str(killed["code"])] = ends.get(str(killed["code"]), 0) + 1
        if number % 8 == 0:
            official.up()
            world.check(SIZE)
        else:
            heal(world, warm)
        if number % 8 in {0, 4}:
            assert official.changes(refresh=True) == {}
        else:
            clean(world, warm)
        assert warm.infra(world, "destroy", "--yes")["code"] == 0
        world.check(0)
        print(json.dumps({"point": point, "of": total, "code": killed["code"]}), flush=True)
    assert ends.get("-9", 0) >= 200, ends
