"""SIGKILL at the boundaries of an `up` of 50 mixed resources: the next run heals it."""

from __future__ import annotations

import json
import os
import random
import sys
from typing import Any

import pytest

from tests.support.buckets import CHOICE
from tests.support.mixed_project import MixedProject

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

SIZE = 50
SEED = 20261125
POINTS = int(os.environ.get("SOAK_POINTS", "210"))
HALVES = 2
SHARE = 0.55 if CHOICE in os.environ else 1.0
"""A run with its state in a bucket has fewer boundaries: what begins together is one object."""


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
    killed = warm.infra(world, "up", "--yes", kill=int(point * SHARE), seed=SEED)
    assert killed["code"] == -9, killed["output"]
    heal(world, warm)
    clean(world, warm)


@pytest.mark.parametrize("point", [410])
def test_the_official_cli_takes_over(world: Any, warm: Any, official: Any, point: int) -> None:
    """`infra env`, with which one goes over to the CLI, brings what the dead run had done into the state."""
    killed = warm.infra(world, "up", "--yes", kill=int(point * SHARE), seed=SEED)
    assert killed["code"] == -9, killed["output"]
    official.up()
    world.check(SIZE)
    assert official.changes(refresh=True) == {}
    clean(world, warm)


def test_cancel_settles_a_dead_run(world: Any, warm: Any) -> None:
    """The state holds what the dead run had made, and the lock is free, without an update."""
    killed = warm.infra(world, "up", "--yes", kill=int(250 * SHARE), seed=SEED)
    assert killed["code"] == -9, killed["output"]
    assert world.journal.exists()
    assert "removed 1 lock" in warm.infra(world, "cancel")["output"]
    made = len(world.state())
    assert 0 < made < SIZE
    world.check(made)
    heal(world, warm)


@pytest.mark.parametrize("point", [300])
def test_a_killed_destroy(world: Any, warm: Any, point: int) -> None:
    heal(world, warm)
    assert warm.infra(world, "destroy", "--yes", kill=int(point * SHARE), seed=SEED)["code"] == -9
    assert warm.infra(world, "destroy", "--yes")["code"] == 0
    world.check(0)


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("half", range(HALVES))
def test_every_boundary(small: Any, warm: Any, official: Any, prefect_server: str, half: int) -> None:
    """Evenly over all boundaries, and as many drawn between them; every eighth is taken over by the CLI. `SOAK_POINTS`
    chooses how many."""
    whole = MixedProject(small, prefect_server)
    total = warm.infra(whole, "up", "--yes")["boundaries"]
    assert warm.infra(whole, "destroy", "--yes")["code"] == 0
    drawn = random.Random(SEED + half)
    number = POINTS // HALVES
    even = {1 + (total - 20) * (HALVES * index + half) // (HALVES * number // 2) for index in range(number // 2)}
    points = sorted({*even, *drawn.sample(sorted({*range(1, total - 20)} - even), number - len(even))})
    killed = 0
    for index, point in enumerate(points):
        world = MixedProject(small, prefect_server)
        code = warm.infra(world, "up", "--yes", kill=point, seed=drawn.getrandbits(32))["code"]
        killed += code == -9
        if index % 8 == 0:
            official.up()
            world.check(SIZE)
        else:
            heal(world, warm)
        if index % 8 in {0, 4}:
            assert official.changes(refresh=True) == {}
        else:
            clean(world, warm)
        assert warm.infra(world, "destroy", "--yes")["code"] == 0
        world.check(0)
        print(json.dumps({"half": half, "point": point, "of": total, "code": code}), file=sys.stderr, flush=True)
    assert killed >= number * 20 // 21  # the last boundaries are not the same in every run
