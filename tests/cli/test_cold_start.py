"""What a command imports before it has done anything: each module costs its milliseconds at every start."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.projects import Project

HEAVY = ("click", "httpx", "jinja2", "prefect", "pulumi_docker", "pygments", "rich.live", "rich.table", "ruamel")
SCRIPT = f"""
import sys
from prefect_pulumi.cli.main import main
assert main(sys.argv[1:]) == 0
print("imported:", *sorted({{*{HEAVY!r}}} & set(sys.modules)))
"""


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
