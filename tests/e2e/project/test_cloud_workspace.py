"""A project whose stack names a workspace of Prefect Cloud by its handles, through every command of a day: the proxy of
Cloud's contract judges each request."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml

from prefect_pulumi.api.blocking import BlockingClient
from tests.support.cloud.proxy import CloudProxy
from tests.support.git_repository import commit_all, git
from tests.support.projects import REPOSITORY, Project

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600), pytest.mark.self_hosted]
FLOW = "from prefect import flow\n\n\n@flow(name='{n}')\ndef daily(day: str = 'today') -> None:\n    print(day)\n"


@pytest.fixture(scope="module")
def cloud(prefect_server: str) -> Iterator[CloudProxy]:
    with CloudProxy(prefect_server) as proxy:
        yield proxy
    assert proxy.faults == []


@pytest.fixture
def workspace(cloud: CloudProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    """This repository's program in a repository with a remote, on the workspace `acme/production`."""
    monkeypatch.setenv("PREFECT_API_KEY", "pnu_of-the-tests")
    n = f"cloud{uuid4().hex[:8]}"
    project = Project.small(tmp_path / "a workspace", "")
    shutil.copy(REPOSITORY / "infra/__main__.py", project.root / "infra/__main__.py")
    environment: dict[str, Any] = {
        "server": {"workspace": "acme/production", "api_url": cloud.url.partition("/accounts/")[0]},
        "pools": {
            n: {"type": "process", "concurrency_limit": 3},
            f"{n}-push": {"type": "ecs:push", "job": {"cpu": 512}},
        },
        "variables": {n: {"value": {"region": "eu"}}},
        "automations": {
            n: {
                "trigger": {"type": "event", "posture": "Reactive", "expect": [n]},
                "actions": [{"type": "run-deployment", "deployment": f"{n}/daily"}],
            }
        },
    }
    (project.root / "Pulumi.dev.yaml").write_text(
        yaml.safe_dump({"config": {"prefect-infra:environment": environment}})
    )
    entry = {
        "name": "daily",
        "entrypoint": "flow.py:daily",
        "work_pool": {"name": n},
        "schedules": [{"cron": "0 6 * * *"}],
    }
    (project.root / "prefect.yaml").write_text(yaml.safe_dump({"name": "acme", "deployments": [entry]}))
    (project.root / "flow.py").write_text(FLOW.format(n=n))
    (project.root / "review.yaml").write_text("unmanaged: hide\n")
    (project.root / ".gitignore").write_text(".infra/\n.venv\n__pycache__/\n")
    git(project.root, "init", "-q", "-b", "main")
    git(project.root, "remote", "add", "origin", "https://ada:secret-token@github.com/acme/flows.git")
    commit_all(project.root, "Deploy daily")
    yield project
    project.infra("destroy", "--yes", check=False)


def test_the_commands_of_a_day(cloud: CloudProxy, workspace: Project, tmp_path: Path) -> None:
    (settings,) = yaml.safe_load((workspace.root / "Pulumi.dev.yaml").read_text())["config"].values()
    (name,) = settings["variables"]
    created = workspace.infra("up", "--yes").stderr
    assert f"workspace acme/production is {cloud.url}" in created
    assert "signed in to Prefect Cloud as ada" in created
    again = workspace.infra("preview").stderr
    assert "No changes" in again
    client = BlockingClient(cloud.url)
    try:
        template = client.request("GET", f"/work_pools/{name}-push")["base_job_template"]
        assert template["variables"]["properties"]["cpu"]["default"] == 512  # in the type's template, which Cloud has
        _is_marked(client, name)
        _has_version(client, name, git(workspace.root, "rev-parse", "HEAD").strip())
        client.request("PATCH", f"/work_pools/{name}", json={"concurrency_limit": 7})
    finally:
        client.close()
    drift = json.loads(workspace.infra("drift", "--json", check=False).stdout)
    assert [item["name"] for item in drift["environments"][0]["items"]] == [name]
    assert "concurrency_limit: 7" in workspace.infra("adopt", f"WorkPool {name}").stdout
    (status,) = json.loads(workspace.infra("status", "--json", check=False).stdout)["stacks"]
    assert status["drift"] == "drift", status["drift"]
    history = json.loads(workspace.infra("history", "--json").stdout)
    assert [record["command"] for record in history] == ["drift", "up"]
    folder = tmp_path / "imported"
    workspace.infra("import", "--all", "--out", str(folder), "--name", name)
    config = yaml.safe_load((folder / "Pulumi.dev.yaml").read_text())["config"]
    assert config["imported:environment"]["server"] == {"api_url": cloud.url}
    assert "secure" in config["prefect:apiKey"]


def _has_version(client: BlockingClient, name: str, commit: str) -> None:
    """Of the commit, without the credentials of the remote's address."""
    info = client.request("GET", f"/deployments/name/{name}/daily")["version_info"]
    assert (info["commit_sha"], info["message"], info["type"]) == (commit, "Deploy daily", "vcs:github")
    assert info["url"] == f"https://github.com/acme/flows/tree/{commit}"


def _is_marked(client: BlockingClient, name: str) -> None:
    """Deployment and automation by labels, as far as Cloud has them."""
    deployment = client.request("GET", f"/deployments/name/{name}/daily")
    chosen = {"automations": {"name": {"any_": [name]}}}
    (automation,) = client.request("POST", "/automations/filter", json=chosen)
    for row in (deployment, automation):
        assert row["labels"]["prefect-pulumi.stack"] == "prefect-infra/dev"
