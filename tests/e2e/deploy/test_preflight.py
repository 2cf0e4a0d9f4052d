"""The preflight through real engines, what plain `prefect deploy` lets pass, and a repository whose flows run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from prefect_pulumi.api.blocking import BlockingClient
from tests.deploy.fixtures import REPOSITORY

CLEAR = "hunter2-hunter2"
GIT_TOKEN = "a-token-for-git"

PROGRAM = """
import pulumi
from prefect_pulumi.resources import Deployments, ProcessWorker, SecretBlock, Variable, WorkPool

template = {
    "job_configuration": {"env": "{{ env }}", "stream_output": "{{ stream_output }}"},
    "variables": {
        "type": "object",
        "properties": {
            "env": {"type": "object", "additionalProperties": {"type": "string"}},
            "stream_output": {"type": "boolean", "default": True},
        },
    },
}
pool = WorkPool("etl", name="etl-TAG", type="process", base_job_template=template)
token = SecretBlock("token", name="token-TAG", value=pulumi.Output.secret("hunter2-hunter2"))
words = Variable("words", name="words_TAG", value="many")
needs = [pool, token, words]
WORKER
flows = Deployments("flows", pulumi.ResourceOptions(depends_on=needs), directory="repository", work_pools=[pool.name])
pulumi.export("deployments", flows.deployments)
"""
WORKER = 'needs.append(ProcessWorker("worker", name="worker-TAG", work_pool=pool.name, directory=".infra/dev/worker"))'

FILE = """\
deployments:
- name: unknown-key
  entrypoint: flows/orders.py:clean_up
  parameters: {days: 1}
  work_pool: &pool {name: etl-TAG}
  tagz: [orders]
- name: not-importable
  entrypoint: flows/uninstalled.py:run
  work_pool: *pool
- name: unknown-parameter
  entrypoint: flows/orders.py:clean_up
  parameters: {days: 1, dayz: 2}
  enforce_parameter_schema: true
  work_pool: *pool
- name: unset-variable
  entrypoint: flows/orders.py:clean_up
  parameters: {days: 1}
  version: v{{ $A_VERSION_THAT_NOBODY_SETS }}
  work_pool: *pool
- name: secret-block
  entrypoint: flows/orders.py:clean_up
  parameters: {days: 1}
  work_pool: {name: etl-TAG, job_variables: {env: {TOKEN: "{{ prefect.blocks.secret.token-TAG }}"}}}
- name: secret-variable
  entrypoint: flows/orders.py:clean_up
  parameters: {days: 1}
  work_pool: *pool
  pull:
  - prefect.deployments.steps.git_clone: {repository: "https://example.com/x.git", access_token: "{{ $GIT_TOKEN }}"}
- entrypoint: flows/orders.py:clean_up
  work_pool: *pool
- name: queue
  entrypoint: flows/orders.py:clean_up
  parameters: {days: 1}
  work_pool: {name: etl-TAG, work_queue_name: misspelt}
- name: flow-name
  entrypoint: flows/orders.py:clean_up
  parameters: {days: 1}
  flow_name: another
  work_pool: *pool
- name: dropped-item
  entrypoint: flows/orders.py:clean_up
  parameters: {days: 1}
  tags: ["{{ built.stdout }}", "v-{{ built.stdout }}"]
  work_pool: *pool
  build:
  - prefect.deployments.steps.run_shell_script: {id: built, script: echo one}
"""
SAID = [
    "line 6: deployments[0].tagz: unknown key; did you mean tags?",
    "line 12: deployments[2].parameters.dayz: the flow has no parameter 'dayz'; did you mean days?",
    "line 18: deployments[3].version: the environment variable A_VERSION_THAT_NOBODY_SETS is not set, and Prefect "
    "would deploy an empty text in its place",
    "line 23: deployments[4].work_pool.job_variables.env.TOKEN: the Secret block token-TAG is resolved by the deploy "
    "and would be stored as plain text; let the worker resolve it: set "
    "environment.pools.etl-TAG.env_from_blocks.TOKEN: token-TAG in the stack's config",
    "line 29: deployments[5].pull[0].prefect.deployments.steps.git_clone.access_token: the environment variable "
    "GIT_TOKEN is a secret by its name and would be stored as plain text; write {{ prefect.blocks.secret.NAME }}, "
    "which the worker resolves; if it is none, list it in plain_text",
    "line 30: deployments[6].name: it is required; without one Prefect skips the deployment and says nothing",
    "line 35: deployments[7].work_pool.work_queue_name: the pool 'etl-TAG' has no queue 'misspelt', and Prefect "
    "would make one; its queues: default - or declare it under environment.pools.etl-TAG.queues",
    "line 44: deployments[9].tags[0]: {{ built.stdout }}: Prefect drops an item of a list that is nothing but this; "
    "write more beside it, such as 'v-{{ built.stdout }}'",
]


WARNED = [
    "line 8: deployments[1].entrypoint: it cannot be imported: flows/uninstalled.py line 1: ModuleNotFoundError: No "
    "module named 'a_package_that_nobody_has'; Prefect reads the flow from its source, so types and defaults that need "
    "the import are not checked; install it here, or list it in worker_packages when only the workers have it",
    "line 39: deployments[8].flow_name: the flow calls itself 'clean-up', and Prefect takes that; take flow_name out, "
    "or name the flow so",
]


class Ground:
    """A small project beside the repository of flows, with names of its own on the shared server."""

    def __init__(self, project: Any, url: str, *, worker: bool = False) -> None:
        self.project, self.url, self.tag = project, url, uuid4().hex[:8]
        self.folder: Path = project.root / "repository"
        shutil.copytree(REPOSITORY, self.folder, ignore=shutil.ignore_patterns("__pycache__"))
        (self.folder / "flows" / "uninstalled.py").write_text(
            "import a_package_that_nobody_has\nfrom prefect import flow\n\n\n@flow\ndef run():\n    pass\n"
        )
        project.write(self.named(PROGRAM.replace("WORKER", WORKER if worker else "")))
        self.client = BlockingClient(url)

    def named(self, text: str) -> str:
        return text.replace("TAG", self.tag)

    def write(self, text: str) -> None:
        (self.folder / "prefect.yaml").write_text(self.named(text))

    def live(self) -> dict[str, dict[str, Any]]:
        rows = self.client.paged("/deployments/filter")
        return {row["name"]: row for row in rows if row["work_pool_name"] == f"etl-{self.tag}"}

    def plain_deploy(self, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"],
            cwd=self.folder,
            env={**os.environ, "PREFECT_API_URL": self.url, "PREFECT_HOME": str(self.project.root / "home"), **env},
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )


@pytest.fixture
def ground(small: Any, prefect_server: str) -> Iterator[Ground]:
    made = Ground(small, prefect_server)
    yield made
    made.client.close()


@pytest.mark.e2e
def test_both_engines_refuse_a_broken_file_before_anything_is_made(ground: Ground, small_engines: list[Any]) -> None:
    ground.write(FILE)
    for engine in small_engines:
        if engine.name == "embedded":
            done = ground.project.infra("preview", check=False, env={"GIT_TOKEN": GIT_TOKEN})
            assert done.returncode == 2
            said = done.stderr
            assert said.count("error: Deployments flows: repository/prefect.yaml: ") == 1
            assert [said.count(ground.named(words)) for words in SAID] == [1] * len(SAID)
            assert [(done.stdout + said).count(f"prefect.yaml: {words}") for words in WARNED] == [1] * len(WARNED)
            assert ground.project.infra("up", "--yes", check=False, env={"GIT_TOKEN": GIT_TOKEN}).returncode == 2
        else:
            os.environ["GIT_TOKEN"] = GIT_TOKEN
            try:
                with pytest.raises(Exception, match=r"prefect\.yaml") as caught:
                    engine.changes()
            finally:
                del os.environ["GIT_TOKEN"]
            said = str(caught.value)
        for words in SAID:
            assert f"prefect.yaml: {ground.named(words)}" in said, engine.name
        assert CLEAR not in said
        assert GIT_TOKEN not in said
        assert "Traceback (most recent call last)" not in said
    assert ground.live() == {}
    assert [row for row in ground.client.paged("/work_pools/filter") if row["name"] == f"etl-{ground.tag}"] == []


@pytest.mark.e2e
def test_what_plain_prefect_deploy_lets_pass(ground: Ground) -> None:
    """The faults exist: `prefect deploy --all` of the same file ends well, and this is what it leaves behind."""
    kind = ground.client.request("GET", "/block_types/slug/secret")
    (schema,) = ground.client.request(
        "POST", "/block_schemas/filter", json={"block_schemas": {"block_type_id": {"any_": [kind["id"]]}}, "limit": 1}
    )
    block = {"name": f"token-{ground.tag}", "data": {"value": CLEAR}, "block_type_id": kind["id"]}
    made = ground.client.request(
        "POST", "/block_documents/", json={**block, "block_schema_id": schema["id"]}, idempotent=True
    )
    ground.client.request(
        "POST", "/work_pools/", json={"name": f"etl-{ground.tag}", "type": "process"}, idempotent=True
    )
    ground.write(FILE)
    done = ground.plain_deploy(GIT_TOKEN=GIT_TOKEN)
    assert done.returncode == 0, done.stdout + done.stderr
    live = ground.live()
    assert live["unknown-key"]["tags"] == []
    assert live["not-importable"]["entrypoint"] == "flows/uninstalled.py:run"
    assert live["unknown-parameter"]["parameters"] == {"days": 1, "dayz": 2}
    assert live["unset-variable"]["version"] == "v"
    assert live["secret-block"]["job_variables"] == {"env": {"TOKEN": CLEAR}}
    assert GIT_TOKEN in json.dumps(live["secret-variable"]["pull_steps"])
    assert len(live) == FILE.count("- name:")
    assert live["queue"]["work_queue_name"] == "misspelt"
    assert live["unknown-key"]["pull_steps"] == [
        {"prefect.deployments.steps.set_working_directory": {"directory": str(ground.folder.resolve())}}
    ]
    assert live["dropped-item"]["tags"] == ["v-one"]
    flows = {row["id"]: row["name"] for row in ground.client.paged("/flows/filter")}
    assert flows[live["flow-name"]["flow_id"]] == "clean-up"
    for row in live.values():
        ground.client.request("DELETE", f"/deployments/{row['id']}")
    ground.client.request("DELETE", f"/work_pools/etl-{ground.tag}")
    ground.client.request("DELETE", f"/block_documents/{made['id']}")


@pytest.mark.e2e
def test_the_flows_of_a_real_repository_are_deployed_and_run(small: Any, prefect_server: str) -> None:
    """Nested packages, relative imports, shared modules, two flows in one file, an async flow, a flow as a method."""
    ground = Ground(small, prefect_server, worker=True)
    text = (REPOSITORY / "prefect.yaml").read_text()
    ground.write(text.replace("name: etl\n", "name: etl-TAG\n"))
    try:
        small.infra("up", "--yes", "--json")
        assert json.loads(small.infra("preview", "--json").stdout)["changed"] is False
        live = ground.live()
        assert set(live) == {"orders", "clean-up", "nightly", "of-a-class", "weekly"}
        assert live["orders"]["parameters"] == {"day": "2026-01-01", "options": {"name": "all"}}
        assert {each["slug"] for each in live["clean-up"]["schedules"]} == {"nightly", "by-interval", "by-rule"}
        runs = {
            name: ground.client.request(
                "POST",
                f"/deployments/{row['id']}/create_flow_run",
                json={"idempotency_key": f"{ground.tag}-{name}"},  # a busy SQLite server is asked again
                idempotent=True,
            )["id"]
            for name, row in live.items()
        }
        states = dict.fromkeys(runs, "")
        began = time.monotonic()
        while time.monotonic() - began < 180 and not all(
            state in {"COMPLETED", "FAILED", "CRASHED"} for state in states.values()
        ):
            time.sleep(1)
            rows = ground.client.paged("/flow_runs/filter", {"flow_runs": {"id": {"any_": list(runs.values())}}})
            states = {name: row["state_type"] for row in rows for name, id in runs.items() if id == row["id"]}
        assert states == dict.fromkeys(runs, "COMPLETED")
    finally:
        small.infra("destroy", "--yes", "--json", check=False)
        left = ground.live()
        ground.client.close()
    assert left == {}
