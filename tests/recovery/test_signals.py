"""Ctrl-C, SIGTERM and SIGHUP in each phase: the first one ends it in order, the second one at once."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from prefect_pulumi.project.stack import Stack
from tests.support.child import Child
from tests.support.fault_proxy import FaultPlan
from tests.support.projects import Project
from tests.support.wait import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
SIZE = 40
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
PROGRAM = "import pulumi\nfrom prefect_pulumi.resources import Variable\n"
NEVER = {
    "an output": (
        "import asyncio\nnever = asyncio.get_event_loop().create_future()\n"
        "pulumi.export('a', pulumi.Output.from_input(never))\n",
        "the stack's outputs a",
    ),
    "an input": (
        "import asyncio\nnever = asyncio.get_event_loop().create_future()\nVariable('waiting_variable', value=never)\n",
        "inputs of waiting_variable",
    ),
    "its own code": ("import time\ntime.sleep(10_000)\n", "the program itself, at __main__.py:4"),
    "a catch of all": (
        "import time\nwhile True:\n    try:\n        time.sleep(1)\n    except BaseException:\n        pass\n",
        "the program itself, at __main__.py:",
    ),
}


wait_for = partial(until, interval=0.02)


def locks(root: Path) -> list[str]:
    return [item.key for item in Stack(root, "dev").store.list(".pulumi/locks")]


def ended(running: subprocess.Popen[str], root: Path) -> str:
    shown, _ = running.communicate(timeout=60)
    assert running.returncode == 130, shown
    assert shown.count("interrupted: ") >= 1, shown
    assert "Traceback" not in shown
    assert "never awaited" not in shown
    assert locks(root) == []
    return shown


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
@pytest.mark.parametrize("words", ["preview --refresh", "up --yes", "refresh --yes", "destroy --yes", "drift"])
def test_a_server_that_is_slow(
    faulty: Any, warm: Any, started: Any, proxy: Any, small: Project, words: str, number: signal.Signals
) -> None:
    """The phases that read: preview, program, refresh, the reads of a report. Nothing of the state changes."""
    world = faulty(SIZE)
    assert warm.infra(world, "up", "--yes")["code"] == 0
    before = world.state()
    proxy.calls.clear()
    proxy.plan = FaultPlan(share=1.0, faults=("late",), late=60.0)
    if words.startswith("up"):
        small.edit("infra/__main__.py", '"number": i', '"number": i + 1')
    with started(*words.split()) as running:
        wait_for(lambda: len(proxy.calls) > 0)
        time.sleep(0.5)
        running.send_signal(number)
        ended(running, small.root)
    if not words.startswith("destroy"):
        assert world.state() == before
    proxy.plan = FaultPlan()
    healed = warm.infra(world, "up", "--yes")
    assert healed["code"] == 0, healed["output"]
    world.check(SIZE)


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_a_create_that_is_not_answered(
    faulty: Any, warm: Any, started: Any, proxy: Any, small: Project, number: signal.Signals
) -> None:
    """What was sent and has no answer in time is left open in the state; the next run looks for it."""
    world = faulty(SIZE)
    proxy.plan = FaultPlan(once=[(lambda method, path: method == "POST" and path.endswith("/variables/"), "late")] * 3)
    proxy.plan.late = 120.0
    with started("up", "--yes") as running:
        wait_for(lambda: any(call.fault == "late" for call in proxy.calls))
        running.send_signal(number)
        shown = ended(running, small.root)
    assert "had no answer, and all else is saved" in shown
    assert not world.journal.exists()
    proxy.plan = FaultPlan()
    healed = warm.infra(world, "up", "--yes")
    assert healed["code"] == 0, healed["output"]
    world.check(SIZE)


@pytest.fixture
def alone(tmp_path: Path) -> Project:
    """A project that needs no server."""
    return Project.small(tmp_path / "project", "http://127.0.0.1:9/api")


@pytest.fixture
def command(alone: Project) -> Callable[..., subprocess.Popen[str]]:
    def start(*words: str, **options: Any) -> subprocess.Popen[str]:
        return Child(
            [sys.executable, "-m", "prefect_pulumi.cli.main", *words],
            cwd=alone.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **options,
        )

    return start


ENDLESS = [
    *((kind, "preview", number) for kind in NEVER for number in SIGNALS),
    *((kind, words, signal.SIGTERM) for kind in NEVER for words in ("up --yes", "drift")),
]


@pytest.mark.parametrize(("kind", "words", "number"), ENDLESS, ids=lambda value: getattr(value, "name", value))
def test_a_program_that_never_ends(
    alone: Project, command: Any, tmp_path: Path, kind: str, words: str, number: signal.Signals
) -> None:
    mark = tmp_path / "runs"
    alone.write(f"{PROGRAM}open({str(mark)!r}, 'w').close()\n{NEVER[kind][0]}")
    with command(*words.split()) as running:
        wait_for(mark.exists)
        time.sleep(0.5)
        running.send_signal(number)
        ended(running, alone.root)


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_a_second_signal(alone: Project, command: Any, tmp_path: Path, number: signal.Signals) -> None:
    mark = tmp_path / "runs"
    alone.write(f"{PROGRAM}open({str(mark)!r}, 'w').close()\n{NEVER['a catch of all'][0]}")
    with command("up", "--yes") as running:
        wait_for(mark.exists)
        assert len(locks(alone.root)) == 1
        running.send_signal(number)
        time.sleep(0.5)
        running.send_signal(number)
        shown, _ = running.communicate(timeout=60)
    assert running.returncode == 130, shown
    assert "stopped at once" in shown
    assert locks(alone.root) == []


def test_a_hang_up_that_is_ignored(alone: Project, command: Any, tmp_path: Path) -> None:
    """As under nohup."""
    mark = tmp_path / "runs"
    alone.write(
        f"{PROGRAM}import os, time\nopen({str(mark)!r}, 'w').close()\n"
        f"while os.path.exists({str(mark)!r}):\n    time.sleep(0.1)\n"
    )
    with command("preview", preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)) as running:
        wait_for(mark.exists)
        running.send_signal(signal.SIGHUP)
        mark.unlink()
        shown, _ = running.communicate(timeout=60)
    assert running.returncode == 0, shown


@pytest.mark.parametrize("kind", NEVER)
def test_what_a_program_waits_for_is_said(alone: Project, tmp_path: Path, kind: str) -> None:
    """With a second in place of half a minute."""
    program, what = NEVER[kind]
    alone.write(PROGRAM + program)
    script = (
        "import sys\nfrom prefect_pulumi.engine.sdk import waiting\n"
        "waiting.FIRST_SECONDS = waiting.AGAIN_SECONDS = 1.0\n"
        "sys.argv = ['infra', 'preview']\nfrom prefect_pulumi.cli.main import run\nrun()\n"
    )
    lines: list[str] = []
    with Child(
        [sys.executable, "-c", script], cwd=alone.root, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as running:
        assert running.stderr is not None
        while not lines or "still waiting" not in lines[-1]:
            lines.append(running.stderr.readline())
            assert lines[-1], lines
        running.kill()
    assert lines[-1].startswith("still waiting after 1 s for ")
    assert what in lines[-1]
