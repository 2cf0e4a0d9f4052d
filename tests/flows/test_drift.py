"""The state of a flow run whose report tells of what could not be checked, or that has no report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.projects import Project
from tests.support.rest import call

RUN = """
import json, sys
from prefect_pulumi.flows.drift import check_drift

state = check_drift("dev", sys.argv[1], return_state=True)
print(json.dumps({"id": str(state.state_details.flow_run_id), "state": [state.type, state.name, state.message]}))
"""


def run(api_url: str, directory: Path) -> dict[str, Any]:
    env = {**os.environ, "PREFECT_API_URL": api_url, "PREFECT_LOGGING_LEVEL": "CRITICAL"}
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(directory)], env=env, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_a_run_fails_by_its_own_name_where_not_everything_could_be_checked(small: Project, prefect_server: str) -> None:
    small.write("raise SystemExit('no flow is declared today')")
    found = run(prefect_server, small.root)
    kind, name, message = found["state"]
    assert (kind, name) == ("FAILED", "CannotCheck")
    assert "no flow is declared today" in message
    wanted = {"artifacts": {"flow_run_id": {"any_": [found["id"]]}}}
    (artifact,) = call(prefect_server, "POST", "/artifacts/filter", wanted)
    assert (artifact["key"], artifact["description"]) == ("drift-dev", message)


def test_a_run_without_a_report_fails_with_what_the_command_said(prefect_server: str, tmp_path: Path) -> None:
    kind, name, message = run(prefect_server, tmp_path)["state"]
    assert (kind, name) == ("FAILED", "Failed")
    assert "infra drift -s dev ended with exit code 2" in message
    assert "Pulumi.yaml" in message
