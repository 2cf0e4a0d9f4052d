"""A run that gives a create up after its request was sent: the create stays pending, and the next run adopts."""

from __future__ import annotations

import json
import re
import shutil
import time
from typing import Any

import pytest

from prefect_pulumi.project.stack import Stack
from tests.support.fault_proxy import FaultPlan
from tests.support.mixed_project import call, on_server

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

PROGRAM = """
import pulumi
from prefect_pulumi.resources import *
Variable({name!r}, value={value}, opts=pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create="3s")))
"""


def only(method: str, pattern: str) -> Any:
    return lambda sent, path: sent == method and re.search(pattern, path) is not None


@pytest.mark.state_files
@pytest.mark.parametrize("how", ["held", "failed", "lost"])
def test_a_create_that_was_sent_is_an_intent(small: Any, faulty: Any, warm: Any, proxy: Any, how: str) -> None:
    """Held: the answer comes later than its time limit. Failed: it was a 503, and so are all answers to the question
    what became of it. Lost: the connection broke, and again. The state alone tells the next run of it."""
    world = faulty(40)
    small.write(PROGRAM.format(name=world.prefix, value=1))
    proxy.plan = FaultPlan(late=6.0)
    fault = {"held": "late", "failed": "503 after", "lost": "reset after"}[how]
    proxy.plan.once = [(only("POST", "/variables/$"), fault)]
    if how != "held":
        answer = {"failed": "503", "lost": "reset"}[how]
        proxy.plan.once += [(only("GET", "/variables/name/"), answer)] * 200
    given_up = warm.infra(world, "up", "--yes")
    assert given_up["code"] in {1, 4}, given_up["output"]
    while not on_server(world.api, world.prefix):
        time.sleep(0.1)
    state = json.loads((world.folder / "stacks/prefect-infra/dev.json").read_bytes())
    (pending,) = state["checkpoint"]["latest"]["pending_operations"]
    assert pending["type"] == "creating"
    assert pending["resource"]["created"]
    shutil.rmtree(Stack(small.root, "dev").notes.where("creates"))  # as on another machine
    proxy.plan = FaultPlan()
    small.write(PROGRAM.format(name=world.prefix, value=2))
    done = warm.infra(world, "up", "--yes")
    assert done["code"] == 0, done["output"]
    assert "was created by an interrupted run and is adopted" in done["output"]
    assert len(world.state()) == len(on_server(world.api, world.prefix)) == 1
    assert warm.infra(world, "destroy", "--yes")["code"] == 0
    assert on_server(world.api, world.prefix) == {}


@pytest.mark.parametrize("ahead", [-60.0, 7200.0], ids=["the client's clock is ahead", "the client's clock is behind"])
def test_what_is_ours_is_decided_in_the_servers_time(
    small: Any, faulty: Any, warm: Any, proxy: Any, ahead: float
) -> None:
    """Of two creates without an answer one had an object of another owner in its way, which is older."""
    world = faulty(40)
    ours, theirs = f"{world.prefix}_ours", f"{world.prefix}_theirs"
    call(world.api, "POST", "/variables/", {"name": theirs, "value": 1})
    made = time.monotonic()
    small.write(PROGRAM.format(name=ours, value=1))
    proxy.plan = FaultPlan(ahead=ahead)
    proxy.plan.once = [(only("POST", "/variables/$"), "reset after")]
    proxy.plan.once += [(only("GET", "/variables/name/"), "reset")] * 200
    assert warm.infra(world, "up", "--yes")["code"] == 4
    while time.monotonic() - made < 5:  # longer than the clock's resolution and the slack
        time.sleep(0.1)
    small.write(PROGRAM.format(name=ours, value=1) + PROGRAM.format(name=theirs, value=2))
    proxy.plan = FaultPlan(ahead=ahead)
    proxy.plan.once = [(only("POST", "/variables/$"), "reset")]
    proxy.plan.once += [(only("GET", f"/variables/name/{theirs}"), "reset")] * 200
    adopted = warm.infra(world, "up", "--yes")
    assert adopted["code"] == 4, adopted["output"]
    assert f"{ours} was created by an interrupted run and is adopted" in adopted["output"]
    notes = Stack(small.root, "dev").notes
    kept = notes.list("creates")
    assert kept
    notes.delete(item.key for item in kept)
    proxy.plan = FaultPlan(ahead=ahead)
    refused = warm.infra(world, "up", "--yes")
    assert refused["code"] == 1, refused["output"]
    assert f"a variable '{theirs}' exists already" in refused["output"]
    assert warm.infra(world, "destroy", "--yes")["code"] == 0
    assert [text for text in on_server(world.api, world.prefix).values() if theirs not in text] == []
    assert len(on_server(world.api, world.prefix)) == 1
