"""A team's own repository, from `infra init` to a completed flow run."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from prefect_pulumi.local import server
from tests.support.network import free_port
from tests.support.projects import Project
from tests.support.server_template import ServerTemplate

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
PYPROJECT = '[project]\nname = "acme-flows"\nversion = "1"\ndependencies = ["prefect"]\n'
FLOWS = """
from prefect import flow
from prefect.blocks.system import Secret
from prefect.concurrency.sync import concurrency
from prefect.variables import Variable

@flow
def sales():
    with concurrency("warehouse", occupy=1):
        assert Variable.get("sales_region", default="eu") == "eu"
        assert Secret.load("crm-token").get() == "dev-only"
"""
PREFECT_YAML = """
definitions:
  pool: &pool {name: batch, work_queue_name: nightly}
deployments:
- name: nightly
  entrypoint: src/acme/sales.py:sales
  work_pool: *pool
  schedule: {cron: 0 3 * * *}
"""


def test_three_commands(tmp_path: Path, server_template: ServerTemplate) -> None:
    root, port = tmp_path / "acme flows", free_port()
    (root / "src" / "acme").mkdir(parents=True)
    (root / "pyproject.toml").write_text(PYPROJECT)
    (root / "src" / "acme" / "sales.py").write_text(FLOWS)
    (root / "prefect.yaml").write_text(PREFECT_YAML)
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    project = Project(root)
    written = project.infra("init")
    assert "created  Pulumi.dev.yaml" in written.stdout
    stack = root / "Pulumi.dev.yaml"
    lines = stack.read_text().splitlines(keepends=True)
    stack.write_text("".join(f"      port: {port}\n" if line.startswith("      port:") else line for line in lines))
    server_template.copy(root / ".infra" / "dev" / "server")
    try:
        project.infra("up", "--yes")
        run = project.infra("run", "sales/nightly")
        assert "[Completed]" in run.stdout
        project.infra("preview", "--expect-no-changes")
        to_commit = subprocess.run(["git", "add", "-An"], cwd=root, check=True, capture_output=True, text=True).stdout
        assert "infra/__main__.py" in to_commit
        assert ".infra" not in to_commit
        project.infra("destroy", "--yes")
    finally:
        server.stop(server.ServerSpec(root / ".infra" / "dev" / "server", port=port))
