"""Ctrl-C, SIGTERM and SIGHUP during a promotion: it ends in order, and goes on afterwards."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.child import Child
from tests.support.promotion_project import two_stacks
from tests.support.wait import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
PROGRAM = """
import os, time
import pulumi
from prefect_pulumi.components import Server, declare_release, load_environment
from prefect_pulumi.resources import Variable

here = os.environ.get("HERE", "")
if here and pulumi.get_stack() == "prod":
    number = len(os.listdir(here))
    open(os.path.join(here, f"run-{{number}}"), "w").close()
    while str(number) == os.environ["HOLD"]:
        time.sleep(0.05)
environment = load_environment()
server = Server("server", environment.server)
Variable("version", server.options, name=f"{name}_{{pulumi.get_stack()}}", value={version})
pulumi.export("release", declare_release("release", environment, server.options, flows=[]).record)
"""
PHASES = ("the plan", "the preview of the deploy", "the deploy")
"""What the first, second and third run of the program in a promotion are for."""
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
CASES = [
    pytest.param(phase, number, marks=() if row == column else pytest.mark.soak, id=f"{phase}-{number.name}")
    for row, phase in enumerate(PHASES)
    for column, number in enumerate(SIGNALS)
]


@pytest.fixture
def two(tmp_path: Path, prefect_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    with two_stacks(tmp_path, prefect_server, monkeypatch, PROGRAM) as made:
        yield made


@pytest.mark.parametrize(("phase", "number"), CASES)
def test_a_promotion_ends_in_order(
    two: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, phase: str, number: signal.Signals
) -> None:
    two.verified("first")
    here = tmp_path / "runs"
    here.mkdir()
    monkeypatch.setenv("HERE", str(here))
    monkeypatch.setenv("HOLD", str(PHASES.index(phase)))
    command = [sys.executable, "-m", "prefect_pulumi.cli.main", "promote", "dev", "prod", "--apply", "--yes"]
    with Child(command, cwd=two.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as running:
        until(lambda: (here / f"run-{PHASES.index(phase)}").exists())
        time.sleep(0.3)
        running.send_signal(number)
        shown, _ = running.communicate(timeout=60)
    assert running.returncode == 130, shown
    assert "interrupted: " in shown
    assert "Traceback" not in shown
    assert list((two.root / "elsewhere").rglob("locks/**/*.json")) == []
    monkeypatch.delenv("HERE")
    if phase == "the plan":
        assert two.git("status", "--short") == ""
        two.infra("promote", "dev", "prod", "--apply", "--yes")
    else:
        two.infra("up", "-s", "prod", "--yes")
    assert two.live("prod") == "first"
    two.infra("preview", "-s", "prod", "--expect-no-changes")
