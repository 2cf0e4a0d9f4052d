"""SIGKILL where another process goes on: in a promotion, under the official CLI, from another pid namespace."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from tests.support.child import Child
from tests.support.fault_proxy import FaultPlan
from tests.support.promotion_project import two_stacks
from tests.support.wait import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
SIZE = 40
SEED = 20261130
POINTS = int(os.environ.get("SOAK_POINTS", "210")) // 20
PROGRAM = """
import pulumi
from prefect_pulumi.components import Server, declare_release, load_environment
from prefect_pulumi.resources import Variable

environment = load_environment()
server = Server("server", environment.server)
Variable("version", server.options, name=f"{name}_{{pulumi.get_stack()}}", value={version})
pulumi.export("release", declare_release("release", environment, server.options, flows=[]).record)
"""


wait_for = partial(until, interval=0.02)


@pytest.fixture
def two(tmp_path: Path, prefect_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with two_stacks(tmp_path, prefect_server, monkeypatch, PROGRAM) as made:
        yield made


def killed_promotion(two: Any, warm: Any, point: int) -> bool:
    """Whether the promotion was killed before it ended; the next command brings it to its end in any case."""
    version = two.verified(f"killed at {point}")
    run = SimpleNamespace(project=SimpleNamespace(root=two.root), environment={})
    variables = {"PULUMI_CONFIG_PASSPHRASE": "of the tests"}
    ended = warm.infra(run, "promote", "dev", "prod", "--apply", "--yes", kill=point, seed=point, env=variables)
    assert ended["code"] in {0, -9}, ended["output"]
    pinned = version in (two.root / "Pulumi.prod.yaml").read_text()
    if not pinned:
        two.infra("promote", "dev", "prod", "--apply", "--yes")
    two.infra("up", "-s", "prod", "--yes")
    assert two.live("prod") == f"killed at {point}"
    two.infra("preview", "-s", "prod", "--expect-no-changes")
    assert not list((two.root / "elsewhere").rglob("journal/**/*.jsonl"))
    two.commit("as deployed")
    return bool(ended["code"] == -9)


def test_a_killed_promotion_goes_on(two: Any, warm: Any) -> None:
    assert [killed_promotion(two, warm, point) for point in (12, 40)] == [True, True]


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_many_killed_promotions_go_on(two: Any, warm: Any) -> None:
    points = random.Random(SEED).sample(range(1, 110), POINTS)
    assert sum(killed_promotion(two, warm, point) for point in points) >= POINTS // 2


def killed_official(running: subprocess.Popen[str], whom: str) -> None:
    family = [psutil.Process(running.pid), *psutil.Process(running.pid).children(recursive=True)]
    for process in family:
        is_plugin = "pulumi-resource-prefect" in " ".join(process.cmdline())
        if is_plugin if whom == "provider" else process.name() == "pulumi":
            process.kill()
    if whom == "cli":
        running.kill()
    running.communicate(timeout=120)
    assert running.returncode != 0


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("whom", ["provider", "cli"])
def test_many_kills_under_the_official_cli(
    faulty: Any, proxy: Any, official: Any, official_up_apart: Any, warm: Any, whom: str
) -> None:
    """Both engines in turn go on from what is left."""
    drawn = random.Random(SEED)
    for round in range(POINTS):
        world = faulty(SIZE)
        proxy.calls.clear()
        proxy.plan = FaultPlan(share=1.0, faults=("late",), late=0.1)
        posts = drawn.randint(1, SIZE - 12)
        with official_up_apart() as running:
            wait_for(lambda: len([call for call in proxy.calls if call.method == "POST"]) > posts)  # noqa: B023
            killed_official(running, whom)
        proxy.plan = FaultPlan()
        if round % 2 and whom == "cli":
            healed = warm.infra(world, "up", "--yes")
            assert healed["code"] == 0, healed["output"]
        else:
            official.up()
            if whom == "cli":  # it keeps what it does not know of pending, until a refresh clears it
                official.command("refresh", "--yes", "--skip-preview", "--clear-pending-creates")
        world.check(SIZE)
        assert official.changes(refresh=True) == {}
        official.destroy()


def killed_in_a_namespace(world: Any, proxy: Any, warm: Any, posts: int) -> None:
    """The lock of the dead run is respected until it is removed by hand; then the next run heals."""
    proxy.calls.clear()
    proxy.plan = FaultPlan(share=1.0, faults=("late",), late=0.1)
    words = ["unshare", "-pf", "--kill-child", "--mount-proc", sys.executable, "-m", "prefect_pulumi.cli.main"]
    with Child(
        [*words, "up", "--yes"], cwd=world.project.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running:
        wait_for(lambda: len([call for call in proxy.calls if call.method == "POST"]) > posts)
        running.kill()
        running.communicate(timeout=60)
    proxy.plan = FaultPlan()
    refused = warm.infra(world, "up", "--yes")
    assert refused["code"] == 4
    assert "infra cancel" in refused["output"]
    assert warm.infra(world, "cancel")["code"] == 0
    healed = warm.infra(world, "up", "--yes")
    assert healed["code"] == 0, healed["output"]
    world.check(SIZE)
    assert warm.infra(world, "destroy", "--yes")["code"] == 0


@pytest.fixture
def _namespaces() -> None:
    words = ["unshare", "-pf", "--kill-child", "--mount-proc", "true"]
    if shutil.which("unshare") is None or subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("unshare cannot make a pid namespace here")


@pytest.mark.usefixtures("_namespaces")
def test_killed_in_another_namespace(faulty: Any, proxy: Any, warm: Any) -> None:
    killed_in_a_namespace(faulty(SIZE), proxy, warm, 8)


@pytest.mark.soak
@pytest.mark.timeout(7200)
@pytest.mark.usefixtures("_namespaces")
def test_many_kills_in_another_namespace(faulty: Any, proxy: Any, warm: Any) -> None:
    for posts in random.Random(SEED).sample(range(1, SIZE - 12), POINTS):
        killed_in_a_namespace(faulty(SIZE), proxy, warm, posts)
