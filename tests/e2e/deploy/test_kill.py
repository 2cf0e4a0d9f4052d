"""A deploy that is killed between deployments, on both engines: the next update goes on from there."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

HOLD = "test -e {here}/ready-$1 && exit; echo $PPID > {here}/new; mv {here}/new {here}/pid-$1; sleep 600 & wait"


def parent_of(pid: int) -> int:
    return int(subprocess.run(["ps", "-o", "ppid=", "-p", str(pid)], capture_output=True, text=True, check=True).stdout)


def alive(pid: int) -> bool:
    found = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(found.strip()) and not found.startswith("Z")


@pytest.mark.repeated
def test_the_next_update_goes_on(site: Any, tmp_path: Path) -> None:
    """Three times: the child that is `prefect deploy`, then the process of the provider (the embedded engine itself),
    each while a deployment's build step runs, and then through."""
    hold = tmp_path / "hold.sh"
    hold.write_text(HOLD.format(here=tmp_path))

    def build(name: str) -> str:
        script = f"{{script: 'bash {hold} {name}', stream_output: false}}"
        return f"    build: [{{prefect.deployments.steps.run_shell_script: {script}}}]\n"

    def killed(at: str, *, parent: bool) -> None:
        child = tmp_path / f"pid-{at}"
        running = site.begin(tmp_path / f"log-{at}", child)
        pid, deadline = int(child.read_text()), time.monotonic() + 120
        os.kill(parent_of(pid) if parent else pid, signal.SIGKILL)
        assert running.wait(120) != 0
        while alive(pid):
            assert time.monotonic() < deadline  # it would deploy on behind the next update's back
            time.sleep(0.05)
        (tmp_path / f"ready-{at}").touch()

    site.program('step_files=["flow.py"]')
    site.write(first="", second=build("second"), third=build("third"), last="")
    killed("second", parent=False)
    assert site.names() == {"first"}
    killed("third", parent=True)
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
