"""A folder of flows with plain `prefect deploy` in it, and the step over the same folder."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from prefect_pulumi.core.errors import PartialFailureError, PreflightError
from prefect_pulumi.core.provider_protocol import (
    Changes,
    CheckRequest,
    CreateRequest,
    DiffRequest,
    ReadRequest,
    UpdateRequest,
)
from prefect_pulumi.core.values import unwrap
from prefect_pulumi.provider.provider import PrefectProvider

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

HOURLY = "    schedules: [{slug: hourly, cron: '0 * * * *'}]\n"
TRIGGER = "    triggers: [{type: event, name: TAG, expect: [order.made], parameters: {name: '{{ event.id }}'}}]\n"
UI = ["active", "paused", "parameters", "description", "tags", "concurrency_limit"]
URN = "urn:pulumi:dev::project::prefect:index:Deployments::flows"
PULL = "pull:\n  - prefect.deployments.steps.set_working_directory: {directory: .}\n"
LATER = {"state": {"type": {"any_": ["SCHEDULED"]}}}


class Host:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def log(self, severity: str, message: str, urn: str = "") -> None:
        self.lines.append(message)


class PlainDeployLab:
    """A folder of flows, plain `prefect deploy` in it, and the step over the same folder."""

    def __init__(self, root: Path, api_url: str) -> None:
        self.root, self.api_url, self.tag = root, api_url, uuid4().hex[:8]
        self.pool, self.flow = f"pool-{self.tag}", f"hello-{self.tag}"
        self.host = Host()
        self.provider = PrefectProvider(root, self.host)
        self.provider.configure({"apiUrl": api_url})
        self.client = self.provider.connection.client()
        self.inputs: dict[str, Any] = {}
        self.outputs: dict[str, Any] = {}
        template = {
            "job_configuration": {"cpus": "{{ cpus }}", "env": "{{ env }}"},
            "variables": {"type": "object", "properties": {"cpus": {"type": "integer"}, "env": {"type": "object"}}},
        }
        body = {"name": self.pool, "type": "process", "base_job_template": template}
        self.client.request("POST", "/work_pools/", json=body, idempotent=True)
        text = f"from prefect import flow\n\n\n@flow(name={self.flow!r})\ndef hello(name: str = 'x') -> None:\n"
        (root / "flow.py").write_text(text + '    """Says hello."""\n')

    def entry(self, name: str, more: str = "", entrypoint: str = "flow.py:hello") -> str:
        return f"  - name: {name}\n    entrypoint: {entrypoint}\n    work_pool: {{name: {self.pool}}}\n{more}"

    def write(self, *entries: str, top: str = PULL) -> None:
        (self.root / "prefect.yaml").write_text(f"name: lab\n{top}deployments:\n{''.join(entries)}")

    def plain(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        home = str(self.root.parent / "home")
        return subprocess.run(
            [sys.executable, "-m", "prefect", "--no-prompt", "deploy", *arguments],
            cwd=self.root,
            env={**os.environ, "PREFECT_API_URL": self.api_url, "PREFECT_HOME": home, "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    def up(self, **inputs: Any) -> dict[str, Any]:
        """One update as an engine makes it: check, diff, preview, then the update itself. The results."""
        checked = self.provider.check(
            CheckRequest(URN, old_inputs=self.inputs, new_inputs={"workPools": [self.pool], **inputs})
        )
        if checked.failures:
            raise PreflightError([failure.reason for failure in checked.failures])
        if not self.outputs:
            self.provider.create(CreateRequest(URN, checked.inputs, preview=True))
            self.outputs = self.provider.create(CreateRequest(URN, checked.inputs)).outputs
        else:
            request = UpdateRequest(
                URN,
                "prefect.yaml",
                old_inputs=self.inputs,
                old_outputs=self.outputs,
                new_inputs=checked.inputs,
            )
            diff = self.provider.diff(
                DiffRequest(
                    URN,
                    "prefect.yaml",
                    old_inputs=self.inputs,
                    old_outputs=self.outputs,
                    new_inputs=checked.inputs,
                )
            )
            if diff.changes is Changes.NONE:
                return {}
            self.provider.update(replace(request, preview=True))
            try:
                self.outputs = self.provider.update(request)
            except PartialFailureError as error:
                self.outputs = error.outputs
                raise
        self.inputs = checked.inputs
        results: dict[str, Any] = unwrap(self.outputs["results"])
        return {name.split("/")[1]: each for name, each in results.items()}

    def refresh(self) -> dict[str, Any]:
        """What drifted: name -> path -> (applied, live)."""
        read = self.provider.read(ReadRequest(URN, "prefect.yaml", self.inputs, self.outputs))
        self.outputs = read.outputs
        return {
            name.split("/")[1]: {path: (each["applied"], each["live"]) for path, each in unwrap(of["changes"]).items()}
            for name, of in read.outputs["drift"].items()
        }

    def live(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client.request("GET", f"/deployments/name/{self.flow}/{name}")
        return found

    def names(self) -> set[str]:
        rows = self.client.paged("/deployments/filter")
        return {row["name"] for row in rows if row["work_pool_name"] == self.pool}

    def patch(self, name: str, **fields: Any) -> None:
        self.client.request("PATCH", f"/deployments/{self.live(name)['id']}", json=fields)

    def pause(self, name: str) -> None:
        """Pauses its schedules, as the UI does."""
        row = self.live(name)
        for schedule in row["schedules"]:
            path = f"/deployments/{row['id']}/schedules/{schedule['id']}"
            self.client.request("PATCH", path, json={"active": False})

    def fill(self, name: str, runs: int = 20) -> None:
        body = {"min_runs": runs, "max_runs": runs}
        self.client.request("POST", f"/deployments/{self.live(name)['id']}/schedule", json=body, idempotent=True)

    def runs(self, name: str) -> set[str]:
        body = {"deployments": {"id": {"any_": [self.live(name)["id"]]}}, "flow_runs": LATER}
        return {row["id"] for row in self.client.paged("/flow_runs/filter", body)}

    def starts(self, name: str) -> set[str]:
        body = {"deployments": {"id": {"any_": [self.live(name)["id"]]}}, "flow_runs": LATER}
        return {row["expected_start_time"] for row in self.client.paged("/flow_runs/filter", body)}

    def automations(self, name: str) -> set[str]:
        rows = self.client.request("GET", f"/automations/related-to/prefect.deployment.{self.live(name)['id']}")
        return {row["id"] for row in rows}

    def active(self, name: str) -> dict[str, bool]:
        return {each["slug"]: each["active"] for each in self.live(name)["schedules"]}

    def clear(self) -> None:
        for row in self.client.paged("/deployments/filter"):
            if row["work_pool_name"] == self.pool:
                self.client.request("DELETE", f"/deployments/{row['id']}")
        self.inputs, self.outputs = {}, {}
