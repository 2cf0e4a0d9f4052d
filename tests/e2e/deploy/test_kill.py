"""A deploy that is killed between deployments, on both engines: the next update goes on from there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.support.child import Child
from tests.support.wait import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

HOLD = "test -e {here}/ready-$1 && exit; echo $PPID > {here}/new; mv {here}/new {here}/pid-$1; sleep 600 & wait"


def parent_of(pid: int) -> int:
    return int(subprocess.run(["ps", "-o", "ppid=", "-p", str(pid)], capture_output=True, text=True, check=True).stdout)


def provider_of(pid: int) -> int:
    """The process that the deploy `pid` is run for: where that was forked, the one that started the fork server."""
    parent = parent_of(pid)
    return parent_of(parent) if "prefect_pulumi.interpreter.fork_server" in psutil.Process(parent).cmdline() else parent


def alive(pid: int) -> bool:
    found = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(found.strip()) and not found.startswith("Z")


IMPATIENT = (
    "from prefect_pulumi.process import signals\nsignals.PATIENCE = 1.0\n"
    "import sys\nsys.argv = ['infra', 'up', '--yes']\nfrom prefect_pulumi.cli.main import run\nrun()\n"
)


@pytest.mark.state_files
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_while_a_build_step_runs(plain_site: Any, tmp_path: Path, number: signal.Signals) -> None:
    """The update leaves the deploy, which ends with it; the next one goes on. With a second in place of ten."""
    site, hold = plain_site, tmp_path / "hold.sh"
    hold.write_text(HOLD.format(here=tmp_path))
    step = f"{{script: 'bash {hold} second', stream_output: false}}"
    site.program('step_files=["flow.py"]')
    site.write(first="", second=f"    build: [{{prefect.deployments.steps.run_shell_script: {step}}}]\n")
    with Child(
        [sys.executable, "-c", IMPATIENT], cwd=site.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running:
        until((tmp_path / "pid-second").exists)
        child = int((tmp_path / "pid-second").read_text())
        running.send_signal(number)
        shown, _ = running.communicate(timeout=60)
    assert running.returncode == 130, shown
    assert "interrupted: " in shown
    assert "Traceback" not in shown
    assert list((site.root / ".infra/state").rglob("locks/**/*.json")) == []
    until(lambda: not alive(child))
    (tmp_path / "ready-second").touch()
    site.engine.up()
    assert site.names() == {"first", "second"}
    assert site.engine.changes(refresh=True) == {}
    site.engine.destroy()


@pytest.mark.repeated
def test_the_next_update_goes_on(site: Any, tmp_path: Path) -> None:
    """Three times: the child that is `prefect deploy`, then the process of the provider (the embedded engine itself),
    each while a deployment's build step runs, and then through."""
    hold = tmp_path / "hold.sh"
    hold.write_text(HOLD.format(here=tmp_path))

    def build(name: str) -> str:
        script = f"{{script: 'bash {hold} {name}', stream_output: false}}"
        return f"    build: [{{prefect.deployments.steps.run_shell_script: {script}}}]\n"

    def killed(at: str, *, provider: bool) -> None:
        child = tmp_path / f"pid-{at}"
        running = site.begin(tmp_path / f"log-{at}", child)
        pid, deadline = int(child.read_text()), time.monotonic() + 120
        os.kill(provider_of(pid) if provider else pid, signal.SIGKILL)
        assert running.wait(120) != 0
        while alive(pid):
            assert time.monotonic() < deadline  # it would deploy on behind the next update's back
            time.sleep(0.05)
        (tmp_path / f"ready-{at}").touch()

    site.program('step_files=["flow.py"]')
    site.write(first="", second=build("second"), third=build("third"), last="")
    killed("second", provider=False)
    assert site.names() == {"first"}
    killed("third", provider=True)
    assert site.names() == {"first", "second"}
    before = {name: (site.live(name)["id"], site.live(name)["updated"]) for name in ("first", "second")}
    site.engine.up()
    assert {name: each["action"] for name, each in site.results().items()} == {
        "first": "skip",
        "second": "recover",
        "third": "create",
        "last": "create",
    }
    assert site.names() == {"first", "second", "third", "last"}
    assert {name: (site.live(name)["id"], site.live(name)["updated"]) for name in before} == before
    assert site.engine.changes(refresh=True) == {}
    site.engine.destroy()
    assert site.names() == set()
