"""A server that fails: every tenth call, or once at a chosen one. Nothing is lost, doubled, or left over."""

from __future__ import annotations

import re
import threading
import time
from typing import Any

import pytest

from tests.support.fault_proxy import FAULTS, FaultPlan
from tests.support.mixed_project import MixedProject, on_server
from tests.support.rest import call

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


def ended(answer: dict[str, Any], code: int = 0) -> str:
    assert answer["code"] == code, answer["output"]
    return str(answer["output"])


@pytest.mark.parametrize(
    ("size", "late", "seed"),
    [(40, 0.3, 1), pytest.param(200, 5.0, 2, marks=[pytest.mark.soak, pytest.mark.timeout(3600)])],
)
def test_every_tenth_call_fails(faulty: Any, warm: Any, proxy: Any, size: int, late: float, seed: int) -> None:
    world = faulty(size)
    proxy.plan = FaultPlan(share=0.1, seed=seed, late=late)
    ended(warm.infra(world, "up", "--yes"))
    world.check(size)
    ended(warm.infra(world, "refresh", "--yes", "--expect-no-changes"))
    world.check(size)
    ended(warm.infra(world, "destroy", "--yes"))
    world.check(0)
    assert {call.fault for call in proxy.calls} >= set(FAULTS)


ONCE = ("429", "500", "503", "reset", "reset after", "503 after")


@pytest.mark.parametrize("shift", [0, 3])
def test_one_fault_costs_a_moment(faulty: Any, warm: Any, proxy: Any, shift: int) -> None:
    """Each kind's POST fails once; a lost answer makes no orphan and no conflict. One fault costs at most 3 s."""
    world = faulty(40)
    kinds = ["/work_pools/$", "/queues$", "/variables/$", "/block_documents/$", "/concurrency_limits/$", "/flows/$"]
    kinds += ["/deployments/$", "/schedules$", "/automations/$", "/block_types/$", "/block_schemas/$"]
    for number, kind in enumerate(kinds):
        proxy.plan.once.append((_post(kind), ONCE[(number + shift) % len(ONCE)]))
    ended(warm.infra(world, "up", "--yes"))
    assert proxy.plan.once == []
    world.check(40)
    failed = [call for call in proxy.calls if call.fault]
    assert len(failed) == len(kinds)
    for failure in failed:
        kind = failure.path.rstrip("/").rsplit("/", 1)[-1]
        asked = (kind, "name", *(["/deployments/"] if kind == "schedules" else []))  # they are read from it
        later = (c for c in proxy.calls if c.at > failure.at and any(part in c.path for part in asked))
        assert next(later).at - failure.at < 3
    ended(warm.infra(world, "preview", "--refresh", "--expect-no-changes"))


def _post(pattern: str) -> Any:
    return lambda method, path: method == "POST" and re.search(pattern, path) is not None


def test_a_custom_timeout_ends_a_call_that_hangs(
    small: Any, faulty: Any, warm: Any, proxy: Any, prefect_server: str, request: Any
) -> None:
    """The object may have been made meanwhile: the next run of either engine takes it over."""
    world = faulty(40)
    name = world.prefix
    program = (
        "import pulumi\nfrom prefect_pulumi.resources import *\n"
        'T = pulumi.ResourceOptions(custom_timeouts=pulumi.CustomTimeouts(create="2s", update="2s"))\n'
    )
    ours, theirs = f"Variable('{name}', value=1, opts=T)\n", f"Variable('{name}_theirs', value=1, opts=T)\n"
    small.write(program + ours)

    def slow(method: str, pattern: str) -> None:
        proxy.plan = FaultPlan(late=8.0, once=[(lambda m, p: m == method and re.search(pattern, p), "late")])

    slow("POST", "/variables/$")
    answer = warm.infra(world, "up", "--yes")
    assert "it took longer than its custom timeout" in ended(answer, 4)
    assert answer["seconds"] < 8
    time.sleep(max(0.0, 8.5 - answer["seconds"]))
    small.write(program + ours.replace("value=1", "value=2"))
    ended(warm.infra(world, "up", "--yes"))
    assert len(world.state()) == len(on_server(prefect_server, name)) == 1
    slow("PATCH", "/variables/")
    small.write(program + ours.replace("value=1", "value=3"))
    assert "it took longer" in ended(warm.infra(world, "up", "--yes"), 4)
    ended(warm.infra(world, "up", "--yes"))
    ended(warm.infra(world, "preview", "--refresh", "--expect-no-changes"))

    official = request.getfixturevalue("official")
    slow("POST", "/variables/$")
    small.write(program + ours.replace("value=1", "value=3") + theirs)
    with request.getfixturevalue("official_up_apart")() as running:
        shown, _ = running.communicate(timeout=60)
    assert running.returncode != 0
    assert "it took longer" in shown
    official.up()
    assert len(world.state()) == len(on_server(prefect_server, name)) == 2


@pytest.mark.parametrize("how", ["down", "silent"])
def test_a_server_that_is_down_is_said_soon(faulty: Any, warm: Any, proxy: Any, how: str) -> None:
    world = faulty(40)

    def gone(value: bool) -> None:
        setattr(proxy.plan, how, value)

    gone(True)
    for words in (["up", "--yes"], ["preview", "--refresh"]):
        if words[0] == "preview":
            gone(False)
            ended(warm.infra(world, "up", "--yes"))
            gone(True)
        answer = warm.infra(world, *words)
        assert "is the server running?" in ended(answer, 4)
        assert answer["seconds"] < 20  # 8 s and what a busy machine adds; one read timeout alone is 30 s
    gone(False)
    ended(warm.infra(world, "destroy", "--yes"))
    world.check(0)


@pytest.mark.parametrize("seconds", [3, pytest.param(20, marks=pytest.mark.soak)])
def test_a_server_that_comes_back_is_waited_for(faulty: Any, warm: Any, proxy: Any, seconds: int) -> None:
    world = faulty(40)

    def away() -> None:
        while len(proxy.calls) < 20:
            time.sleep(0.005)
        proxy.plan.down = True
        time.sleep(seconds)
        proxy.plan.down = False

    outage = threading.Thread(target=away)
    outage.start()
    ended(warm.infra(world, "up", "--yes"))
    outage.join()
    world.check(40)


def test_what_was_deleted_outside_is_found_at_the_speed_of_a_read(
    faulty: Any, warm: Any, proxy: Any, prefect_server: str
) -> None:
    world = faulty(40)
    ended(warm.infra(world, "up", "--yes"))
    proxy.calls.clear()
    ended(warm.infra(world, "preview", "--refresh", "--expect-no-changes"))
    quiet = len(proxy.calls)
    gone = 0
    for id, text in on_server(prefect_server, world.prefix).items():
        route = {
            "/variables/filter": f"/variables/{id}",
            "/block_documents/filter": f"/block_documents/{id}",
            "/v2/concurrency_limits/filter": f"/v2/concurrency_limits/{id}",
            "/automations/filter": f"/automations/{id}",
        }.get(text.split()[0])
        if route is not None and not text.endswith("-tag"):
            call(prefect_server, "DELETE", route)
            gone += 1
    assert gone > 20
    proxy.calls.clear()
    output = ended(warm.infra(world, "preview", "--refresh", "--json"))
    assert output.count('"op": "create"') >= gone
    # Of each missing one the server is asked by id and by name, once: nothing is waited for.
    assert len(proxy.calls) <= quiet + 2 * gone
    assert all(not call.fault for call in proxy.calls)
    ended(warm.infra(world, "up", "--yes", "--refresh"))
    world.check(40)


def test_a_name_that_exists_already_is_said_and_left_alone(small: Any, warm: Any, prefect_server: str) -> None:
    world = MixedProject(small, prefect_server)
    name = world.prefix
    made = call(prefect_server, "POST", "/variables/", {"name": name, "value": 1})
    flow = call(prefect_server, "POST", "/flows/", {"name": name})
    call(prefect_server, "POST", "/deployments/", {"name": name, "flow_id": flow["id"], "description": "theirs"})
    small.write(
        "from prefect_pulumi.resources import *\n"
        f"Variable({name!r}, value=2)\nDeployment({name!r}, flow_name={name!r}, enforce_parameter_schema=False)\n"
    )
    output = ended(warm.infra(world, "up", "--yes", "--continue-on-error"), 1)
    assert f"a variable '{name}' exists already" in output
    assert f"a deployment '{name}/{name}' exists already" in output
    assert "infra import Variable" in output
    assert call(prefect_server, "GET", f"/variables/{made['id']}")["value"] == 1
    found = call(prefect_server, "GET", f"/deployments/name/{name}/{name}")
    assert found["description"] == "theirs"
    ended(warm.infra(world, "destroy", "--yes"))
    assert call(prefect_server, "GET", f"/variables/{made['id']}")["value"] == 1
