"""What a command imports before it has done anything: each module costs its milliseconds at every start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.projects import Project

HEAVY = ("click", "httpx", "jinja2", "prefect", "pulumi_docker", "pygments", "rich.live", "rich.table", "ruamel")
SCRIPT = f"""
import sys
from prefect_pulumi.cli.main import main
try:
    assert main(sys.argv[1:]) == 0
except SystemExit as ended:
    assert ended.code == 0
print("imported:", *sorted({{*{HEAVY!r}}} & set(sys.modules)))
"""
PRINTING = ("pulumi", "grpc", "google.protobuf", "psutil", "prefect_pulumi.engine.operations")
"""What a command that only prints must not import either."""


@pytest.mark.parametrize("arguments", ["--help", "up --help", "--version", "completion bash", "schema", "explain"])
def test_what_only_prints_imports_no_engine(tmp_path: Path, arguments: str) -> None:
    script = SCRIPT.replace(repr(HEAVY), repr((*HEAVY, *PRINTING)))
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments.split()], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "imported:"


def test_a_preview_that_asks_no_server_imports_no_client(tmp_path: Path) -> None:
    project = Project.small(tmp_path / "project", "http://127.0.0.1:9/api")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, "preview"],
        cwd=project.root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "imported:"
