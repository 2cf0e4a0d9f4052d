"""One state for both engines: whatever one leaves behind is clean for the other."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support import engines

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600), pytest.mark.usefixtures("database_template")]


def test_embedded_then_official_and_back(project: Any, official: Any) -> None:
    project.infra("up", "--yes")
    assert official.changes() == {}
    assert official.changes(refresh=True) == {}

    # every kind that can change in place, changed by the official CLI
    project.edit("Pulumi.dev.yaml", "concurrency_limit: 10", "concurrency_limit: 11")
    project.edit("Pulumi.dev.yaml", "concurrency_limit: 2", "concurrency_limit: 3")
    project.edit("Pulumi.dev.yaml", "value: eu", "value: us")
    project.edit("Pulumi.dev.yaml", "source: sample", "source: other")
    project.edit("Pulumi.dev.yaml", "default: dev-only-token", "default: another-token")
    project.edit("Pulumi.dev.yaml", "limit: 2", "limit: 4")
    project.edit("flows/heartbeat.py", "all well", "all is well")
    planned = official.changes()
    assert planned == {"update": 7}
    official.up()
    assert project.infra("preview", "--expect-no-changes").returncode == 0
    assert project.infra("preview", "--refresh", "--expect-no-changes").returncode == 0

    # and a replacement by the embedded engine: names are unique, so the old one goes first
    project.edit("Pulumi.dev.yaml", "priority:\n            priority: 1", "urgent:\n            priority: 1")
    project.edit("prefect.yaml", "work_queue_name: priority", "work_queue_name: urgent")
    project.infra("up", "--yes")
    assert official.changes(refresh=True) == {}
    official.destroy()
    assert not list(project.root.glob(".infra/dev/server/server.json"))


@pytest.mark.state_files
def test_a_lock_of_one_stops_the_other(project: Any, official: Any) -> None:
    folder = project.root / ".infra/state/.pulumi/locks/organization/prefect-infra/dev"
    project.infra("env")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "0d4cb0ea-0000-4000-8000-000000000000.json").write_text(
        '{"pid": 1, "username": "ann", "hostname": "elsewhere", "timestamp": "2026-01-01T00:00:00Z"}'
    )
    refused = project.infra("up", "--yes", check=False)
    assert refused.returncode == 4
    assert "locked by ann@elsewhere (pid 1) since 2026-01-01" in refused.stderr
    with pytest.raises(engines.Failed, match="ann@elsewhere"):
        official.up()
    assert "removed 1 lock" in project.infra("cancel").stdout
