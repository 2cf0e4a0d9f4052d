"""A killed `infra up` loses nothing: the next one goes on from the journal."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300), pytest.mark.usefixtures("database_template")]


@pytest.mark.state_files
@pytest.mark.parametrize("lines", [3, 8, 13])
def test_killed_update_is_healed(project: Any, lines: int) -> None:
    """`lines`: how many journal lines there are when the process is killed; an odd number leaves an open intent."""
    journal = project.root / ".infra/state/.pulumi/journal/prefect-infra/dev.jsonl"
    command = [sys.executable, "-m", "prefect_pulumi.cli.main", "up", "--yes"]
    running = subprocess.Popen(command, cwd=project.root, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with running:
        end = time.monotonic() + 120
        while time.monotonic() < end and running.poll() is None:
            if journal.exists() and journal.read_bytes().count(b"\n") >= lines:
                break
            time.sleep(0.005)
        running.kill()
    assert journal.exists()

    project.infra("up", "--yes")
    assert not journal.exists()
    assert project.infra("preview", "--refresh", "--expect-no-changes").returncode == 0
    outputs = json.loads(project.infra("outputs", "--json").stdout)
    assert len(outputs["deployments"]) == 3
