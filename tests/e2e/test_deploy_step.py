"""The deploy step on both engines: its plan in the preview, what did not change left alone, drift seen and healed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from prefect_pulumi.api.portal import SyncClient

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

PROGRAM = """
import pulumi
from prefect_pulumi.resources import Deployments, WorkPool

pool = WorkPool("POOL", type="process")
flows = Deployments("flows", work_pools=[pool.name], OPTIONS)
pulumi.export("results", flows.results)
"""
FLOW = "from prefect import flow\n\n\n@flow(name='FLOW')\ndef hello(name: str = 'x') -> None:\n    pass\n"
SCHEDULE = "    schedules: [{slug: hourly, cron: '0 * * * *'}]\n"
TRIGGER = "    triggers: [{type: event, name: TAG, expect: [order.made], parameters: {name: '{{ event.id }}'}}]\n"

ENGINES = Path(__file__).with_name("engines.py")
APART = """
import importlib.util, pathlib, sys
spec = importlib.util.spec_from_file_location("engines", sys.argv[1])
engines = sys.modules["engines"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(engines)
engines.Official(engines.Project(pathlib.Path(sys.argv[2])), pathlib.Path(sys.argv[3])).up()
"""


class Site:
    """One engine's project with flows, and the server that it deploys to."""

    def __init__(self, engine: Any, client: SyncClient) -> None:
        self.engine, self.client, self.project = engine, client, engine.project
        self.tag = uuid4().hex[:8]
        self.pool, self.flow = f"pool-{self.tag}", f"hello-{self.tag}"
        (self.project.root / "flow.py").write_text(FLOW.replace("FLOW", self.flow))

    def program(self, options: str = "") -> None:
        self.project.write(PROGRAM.replace("POOL", self.pool).replace("OPTIONS", options))

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
        body = {
            "deployments": {"id": {"any_": [self.live(name)["id"]]}},
            "flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}},
        }
        return {row["id"] for row in self.client.paged("/flow_runs/filter", body)}

    def refused(self) -> str:
        """What an update that fails says. The official one runs apart: a program cut off leaves its loop open."""
        if self.engine.name == "embedded":
            done = self.project.infra("up", "--yes", "--json", check=False)
        else:
            arguments = [str(ENGINES), str(self.project.root), str(self.engine.cli)]
            done = subprocess.run(
                [sys.executable, "-W", "ignore", "-c", APART, *arguments],
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


@pytest.fixture
def site(small_engine: Any, prefect_server: str) -> Iterator[Site]:
    client = SyncClient(prefect_server)
    made = Site(small_engine, client)
    yield made
    for name in made.names():
        client.request("DELETE", f"/deployments/{made.live(name)['id']}")
    client.close()


def test_plan_apply_read_and_destroy(site: Site) -> None:
    busy = SCHEDULE + TRIGGER.replace("TAG", site.tag)
    site.program('ui_owns=["paused"]')
    site.write(busy=busy, plain="    tags: [code]\n", gone="")
    assert site.engine.changes()["create"] >= 2
    assert site.names() == set()
    site.engine.up()
    assert site.names() == {"busy", "plain", "gone"}
    assert {name: (each["action"], each["result"]) for name, each in site.results().items()} == dict.fromkeys(
        ("busy", "plain", "gone"), ("create", "done")
    )
    assert site.engine.changes(refresh=True) == {}

    # One changes, one leaves: the runs and the automation of the third survive.
    site.client.request("POST", f"/deployments/{site.live('busy')['id']}/schedule", json={"min_runs": 20})
    runs = site.runs("busy")
    assert len(runs) >= 20
    automation = site.client.request("GET", f"/automations/related-to/prefect.deployment.{site.live('busy')['id']}")
    body = {"name": "stray", "flow_id": site.live("busy")["flow_id"], "work_pool_name": site.pool}
    site.client.request("POST", "/deployments/", json=body, idempotent=True)
    site.write(busy=busy, plain="    tags: [code, more]\n")
    assert site.engine.changes() == {"update": 1}
    planned = site.planned()
    assert planned["deployments"][f"{site.flow}/plain"]["changes"] == {
        "tags": {"old": ["code"], "new": ["code", "more"]}
    }
    assert planned["diff"] == {
        f'entries["{site.flow}/plain"].tags': "update",
        f'entries["{site.flow}/gone"]': "delete",
    }
    text = site.project.infra("preview").stderr
    assert f"~ update {site.flow}/plain" in text
    assert "tags: ['code'] -> ['code', 'more']" in text
    assert f"- delete {site.flow}/gone" in text
    assert f"! leave {site.flow}/stray" in text
    site.engine.up()
    assert site.names() == {"busy", "plain", "stray"}
    assert runs <= site.runs("busy")
    assert automation == site.client.request(
        "GET", f"/automations/related-to/prefect.deployment.{site.live('busy')['id']}"
    )
    assert {name: each["action"] for name, each in site.results().items()} == {
        "busy": "skip",
        "plain": "update",
        "gone": "prune",
        "stray": "leave",
    }

    # Edits outside are drift, what the UI owns is not; `up` heals.
    site.patch("plain", tags=["ui"], description="ui", paused=True)
    busy_row = site.live("busy")
    path = f"/deployments/{busy_row['id']}/schedules/{busy_row['schedules'][0]['id']}"
    site.client.request("PATCH", path, json={"active": False})
    assert set(site.engine.changes(refresh=True)) == {"update"}
    site.engine.up(refresh=True)
    assert site.live("plain")["tags"] == ["code", "more"]
    assert site.live("plain")["paused"] is True
    assert site.live("busy")["schedules"][0]["active"] is True
    assert site.engine.changes(refresh=True) == {}
    site.patch("plain", paused=False)
    assert site.engine.changes(refresh=True) == {}
    site.client.request("DELETE", f"/deployments/{site.live('plain')['id']}")
    assert set(site.engine.changes(refresh=True)) == {"update"}
    site.engine.up(refresh=True)
    assert site.names() == {"busy", "plain", "stray"}

    # Schedules follow their slugs, and the stack's values lie over the file.
    site.program('ui_owns=["paused"], overrides={"*/plain": {"tags": ["of the stack"]}}')
    slugs = "    schedules: [{slug: SLUG, cron: '0 6 * * *'}, {slug: kept, cron: '0 HOUR * * *'}]\n"
    site.write(busy=busy, plain=slugs.replace("SLUG", "old").replace("HOUR", "7"))
    site.engine.up()
    kept = {each["slug"]: each["id"] for each in site.live("plain")["schedules"]}["kept"]
    plain = slugs.replace("SLUG", "new").replace("HOUR", "8")
    site.write(busy=busy, plain=plain)
    site.engine.up()
    row = site.live("plain")
    assert row["tags"] == ["of the stack"]
    found = {each["slug"]: (each["id"], each["schedule"]["cron"]) for each in row["schedules"]}
    assert set(found) == {"new", "kept"}
    assert found["kept"] == (kept, "0 8 * * *")

    # Moved to another pool, its schedule edited: seen by the command that only refreshes, healed by `up`.
    other = f"{site.pool}-other"
    site.client.request("POST", "/work_pools/", json={"name": other, "type": "process"}, idempotent=True)
    site.patch("plain", work_pool_name=other)
    path = f"/deployments/{row['id']}/schedules/{kept}"
    site.client.request("PATCH", path, json={"schedule": {"cron": "5 5 * * *"}})
    site.engine.refresh()
    planned = site.planned()
    assert {path.split(".", 1)[1] for path in planned["diff"]} == {"work_pool_name", "schedules.kept.cron"}
    site.write(busy="    schedules: []\n" + TRIGGER.replace("TAG", site.tag), plain=plain)
    assert set(site.engine.changes()) == {"update"}
    site.engine.up()
    row = site.live("plain")
    assert row["work_pool_name"] == site.pool
    assert {each["slug"]: each["schedule"]["cron"] for each in row["schedules"]}["kept"] == "0 8 * * *"
    assert site.live("busy")["schedules"] == []
    assert site.engine.changes(refresh=True) == {}

    site.engine.destroy()
    assert site.names() == {"stray"}


def test_a_failure_is_one_deployments_own(site: Site) -> None:
    script = "prefect.deployments.steps.run_shell_script"
    step = f"    build: [{{{script}: {{script: 'test -e ready'}}}}]\n"
    site.program('on_failure="continue"')
    site.write(broken=step, well="")
    body = {
        "name": "well",
        "flow_id": site.client.request("POST", "/flows/", json={"name": site.flow}, idempotent=True)["id"],
    }
    site.client.request("POST", "/deployments/", json=body, idempotent=True)
    assert "exists already and belongs to no stack" in site.refused()
    site.program('on_failure="continue", adopt=["*"]')
    assert "run_shell_script" in site.refused()
    assert site.names() == {"well"}
    (site.project.root / "ready").write_text("")
    updated = site.live("well")["updated"]
    site.engine.up()
    assert site.names() == {"broken", "well"}
    assert site.live("well")["updated"] == updated
    assert site.engine.changes(refresh=True) == {}
    site.engine.destroy()
    assert site.names() == set()
