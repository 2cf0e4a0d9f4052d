"""A project of mixed resources under names of its own, what the server holds of them, and what the state says."""

from __future__ import annotations

import json
import shutil
from copy import copy
from pathlib import Path
from typing import Any
from uuid import uuid4

from prefect_pulumi.project.stack import Stack
from prefect_pulumi.state.store import Log, Store
from tests.support.projects import Project
from tests.support.rest import call

PROGRAM = """
import pulumi
from prefect_pulumi.resources import *

P, N = {prefix!r}, {size}
QUIET = {{"type": "event", "posture": "Reactive", "expect": ["nothing.at.all"]}}
pools = [WorkPool(f"{{P}}-pool-{{i}}", type="process") for i in range(N // 10)]
queues = []
for i in range(N // 5):
    queues.append(WorkQueue(f"{{P}}-queue-{{i}}", name=f"q{{i}}", work_pool_name=pools[i % len(pools)].name))
for i in range(N * 3 // 10 - 8):
    Variable(f"{{P}}_variable_{{i}}", value={{"number": i}})
for i in range(N // 5):
    SecretBlock(f"{{P}}-secret-{{i}}", value=f"value {{i}}")
for i in range(N // 5):
    GlobalConcurrencyLimit(f"{{P}}-limit-{{i}}", limit=i + 1)
kind = BlockType(f"{{P}}-type", slug=f"{{P}}-type")
fields = {{"title": P, "type": "object", "properties": {{}}}}
schema = BlockSchema(f"{{P}}-schema", block_type_slug=kind.slug, fields=fields)
BlockDocument(f"{{P}}-document", data={{"a": 1}}, block_type_slug=kind.slug, block_schema_id=schema.id)
TaskRunConcurrencyLimit(f"{{P}}-tag", tag=f"{{P}}-tag", limit=2)
flow = Flow(f"{{P}}-flow")
deployment = Deployment(
    f"{{P}}-deployment", flow_name=flow.name, work_pool_name=pools[0].name, work_queue_name=queues[0].name,
    enforce_parameter_schema=False,
)
DeploymentSchedule(f"{{P}}-schedule", deployment_id=deployment.id, cron="0 1 * * *", slug=f"{{P}}-slug", active=False)
Automation(f"{{P}}-automation", trigger=QUIET, actions=[{{"type": "pause-deployment", "deployment_id": deployment.id}}])
pulumi.export("pool", pools[0].name)
"""
LISTS = {
    "/work_pools/filter": "name",
    "/variables/filter": "name",
    "/block_documents/filter": "name",
    "/v2/concurrency_limits/filter": "name",
    "/block_types/filter": "slug",
    "/flows/filter": "name",
    "/deployments/filter": "name",
    "/automations/filter": "name",
}


def rows(api: str, path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        page = call(api, "POST", path, {"limit": 200, "offset": len(found)})
        found += page
        if len(page) < 200:
            return found


def on_server(api: str, prefix: str) -> dict[str, str]:
    """Id -> kind and name, of everything whose name begins with `prefix`, and of what lies within it."""
    found: dict[str, str] = {}
    for path, key in LISTS.items():
        for row in rows(api, path):
            if str(row.get(key, "")).removeprefix("tag:").startswith(prefix):
                found[row["id"]] = f"{path} {row[key]}"
                for schedule in row.get("schedules") or ():
                    found[schedule["id"]] = f"schedule {schedule['slug']}"
    pools = {id: text.split()[1] for id, text in found.items() if text.startswith("/work_pools")}
    for row in rows(api, "/work_queues/filter"):
        if row["work_pool_id"] in pools and row["name"] != "default":
            found[row["id"]] = f"queue {pools[row['work_pool_id']]}/{row['name']}"
    for row in rows(api, "/block_schemas/filter"):
        if str(row["fields"].get("title", "")).startswith(prefix):
            found[row["id"]] = f"schema {row['fields']['title']}"
    return found


class ProjectState:
    """What a project's backend holds for the stack `dev`: `.infra/state`, or the bucket of its Pulumi.yaml.

    `environment`: what a process needs to use it.
    """

    def __init__(self, project: Project) -> None:
        self.project = project
        self.environment: dict[str, str] = {}

    @property
    def store(self) -> Store:
        return Stack(self.project.root, "dev").store

    @property
    def folder(self) -> Path:
        return self.project.root / ".infra/state/.pulumi"

    @property
    def journal(self) -> Log:
        return self.store.log(".pulumi/journal/prefect-infra/dev.jsonl")

    def deployment(self) -> dict[str, Any]:
        stored = self.store.read(".pulumi/stacks/prefect-infra/dev.json")
        assert stored is not None
        document = json.loads(stored.data)
        latest: dict[str, Any] = document["checkpoint"]["latest"]
        return latest

    def state(self) -> dict[str, str]:
        """Id -> URN of the Prefect resources in the checkpoint."""
        entries = [e for e in self.deployment().get("resources") or [] if e["type"].startswith("prefect:")]
        urns = {entry["id"]: entry["urn"] for entry in entries}
        assert len(urns) == len(entries), "an id occurs twice"
        return urns


class MixedProject(ProjectState):
    """A project of `size` resources of many kinds, all under one prefix."""

    def __init__(self, project: Project, api: str, size: int = 50) -> None:
        super().__init__(project)
        self.api = api
        self.prefix = f"w{uuid4().hex[:8]}"
        project.write(PROGRAM.format(prefix=self.prefix, size=size))

    def check(self, size: int) -> None:
        """The server holds exactly what the state says: no orphan, no double, no lost id; nothing is left open."""
        state, server = self.state(), on_server(self.api, self.prefix)
        assert sorted(state) == sorted(server), {
            "orphans": [server[id] for id in server.keys() - state.keys()],
            "lost": [state[id] for id in state.keys() - server.keys()],
        }
        assert len(set(server.values())) == len(server) == size
        assert not self.deployment().get("pending_operations")
        assert not self.journal.exists()
        assert self.store.list(".pulumi/locks") == []

    def on(self, project: Project, **environment: str) -> MixedProject:
        """The same program and backend in another folder, as on another machine."""
        other = copy(self)
        other.project, other.environment = project, {**self.environment, **environment}
        for name in ("Pulumi.yaml", "Pulumi.dev.yaml", "infra/__main__.py"):
            shutil.copy(self.project.root / name, project.root / name)
        return other
