"""A project of flows on one engine, and the server that it deploys to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from prefect_pulumi.api.blocking import BlockingClient
from prefect_pulumi.api.client import PrefectClient
from tests.support import official_engine
from tests.support.projects import REPOSITORY
from tests.support.wait import until

PROGRAM = """
import pulumi
from prefect_pulumi.resources import Deployments, WorkPool

pool = WorkPool("POOL", type="process")
flows = Deployments("flows", work_pools=[pool.name], OPTIONS)
pulumi.export("results", flows.results)
"""
FLOW = "from prefect import flow\n\n\n@flow(name='FLOW')\ndef hello(name: str = 'x') -> None:\n    pass\n"


async def _address(client: PrefectClient) -> str:
    return client.api_url


class FlowProject:
    """One engine's project with flows, and the server that it deploys to."""

    def __init__(self, engine: Any, client: BlockingClient) -> None:
        self.engine, self.client, self.project = engine, client, engine.project
        self.client_url = client.call(_address)
        self.tag = uuid4().hex[:8]
        self.pool, self.flow = f"pool-{self.tag}", f"hello-{self.tag}"
        (self.project.root / "flow.py").write_text(FLOW.replace("FLOW", self.flow))

    @property
    def root(self) -> Path:
        folder: Path = self.project.root
        return folder

    def program(self, options: str = "") -> None:
        self.project.write(PROGRAM.replace("POOL", self.pool).replace("OPTIONS", options))

    def existing_pool(self) -> None:
        """A program whose pools are all on the server already."""
        text = PROGRAM.replace("work_pools=[pool.name], OPTIONS", "")
        self.project.write("\n".join(line for line in text.splitlines() if "WorkPool(" not in line))

    def write(self, **entries: str) -> None:
        pull = "pull:\n  - prefect.deployments.steps.set_working_directory: {directory: .}\n"
        listed = [
            f"  - name: {name}\n    entrypoint: flow.py:hello\n    work_pool: {{name: {self.pool}}}\n{more}"
            for name, more in entries.items()
        ]
        (self.project.root / "prefect.yaml").write_text(f"name: site\n{pull}deployments:\n{''.join(listed)}")

    def live(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client.request("GET", f"/deployments/name/{self.flow}/{name}")
        return found

    def names(self) -> set[str]:
        rows = self.client.paged("/deployments/filter", {"flows": {"name": {"any_": [self.flow]}}})
        return {row["name"] for row in rows}

    def patch(self, name: str, **fields: Any) -> None:
        self.client.request("PATCH", f"/deployments/{self.live(name)['id']}", json=fields)

    def runs(self, name: str) -> set[str]:
        return set(self.starts(name))

    def starts(self, name: str) -> dict[str, datetime]:
        """The deployment's scheduled runs, late ones among them, and when each is to start."""
        body = {
            "deployments": {"id": {"any_": [self.live(name)["id"]]}},
            "flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}},
        }
        rows = self.client.paged("/flow_runs/filter", body)
        return {row["id"]: datetime.fromisoformat(row["expected_start_time"]) for row in rows}

    def command(self) -> list[str]:
        """An update in a process of its own, to be started in `directory`."""
        if self.engine.name == "embedded":
            return [sys.executable, "-m", "prefect_pulumi.cli.main", "up", "--yes", "--json"]
        return official_engine.command(self.engine)

    @property
    def directory(self) -> Path:
        root: Path = self.project.root if self.engine.name == "embedded" else REPOSITORY
        return root

    def begin(self, log: Path, marker: Path) -> subprocess.Popen[bytes]:
        """An update under way, once it has come as far as the file `marker`. What it says goes into `log`."""
        with log.open("w") as output:
            running = subprocess.Popen(self.command(), cwd=self.directory, stdout=output, stderr=output)

        def reached() -> bool:
            assert running.poll() is None, log.read_text()
            return marker.exists()

        until(reached)
        return running

    def refused(self, env: dict[str, str] | None = None) -> str:
        """What an update that fails says."""
        done = subprocess.run(
            self.command(),
            cwd=self.directory,
            env={**os.environ, **(env or {})},
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )
        assert done.returncode != 0
        return f"{done.stdout}\n{done.stderr}"

    def planned(self) -> dict[str, Any]:
        """The step of the deployments in the preview's document."""
        shown = json.loads(self.project.infra("preview", "--json").stdout)["steps"]
        found: dict[str, Any] = next(step for step in shown if step["type"].endswith(":Deployments"))
        return found

    def results(self) -> dict[str, Any]:
        shown = json.loads(self.project.infra("outputs", "results", "--json").stdout)
        return {name.split("/")[1]: each for name, each in shown.items()}
