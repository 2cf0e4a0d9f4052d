"""The deploy step on both engines: its plan in the preview, what did not change left alone, drift seen and healed."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.flow_projects import FlowProject

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

SCHEDULE = "    schedules: [{slug: hourly, cron: '0 * * * *'}]\n"
SLUGS = "    schedules: [{slug: SLUG, cron: '0 6 * * *'}, {slug: kept, cron: '0 HOUR * * *'}]\n"
SECRET = "hush-hush-of-the-stack"
TRIGGER = "    triggers: [{type: event, name: TAG, expect: [order.made], parameters: {name: '{{ event.id }}'}}]\n"


@pytest.mark.repeated
def test_plan_apply_read_and_destroy(site: FlowProject) -> None:
    busy = SCHEDULE + TRIGGER.replace("TAG", site.tag)
    _the_plan_is_applied(site, busy)
    _one_changes_and_one_leaves(site, busy)
    _edits_outside_are_drift(site)
    _schedules_follow_their_slugs(site, busy)
    _what_moved_outside_is_healed(site)
    site.engine.destroy()
    assert site.names() == {"stray"}


def _the_plan_is_applied(site: FlowProject, busy: str) -> None:
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


def _one_changes_and_one_leaves(site: FlowProject, busy: str) -> None:
    """The runs and the automation of the third survive."""
    site.client.request(
        "POST", f"/deployments/{site.live('busy')['id']}/schedule", json={"min_runs": 20}, idempotent=True
    )
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


def _edits_outside_are_drift(site: FlowProject) -> None:
    """What the UI owns is not; `up` heals."""
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


def _schedules_follow_their_slugs(site: FlowProject, busy: str) -> None:
    """And the stack's values lie over the file."""
    site.program('ui_owns=["paused"], overrides={"*/plain": {"tags": ["of the stack"]}}')
    site.write(busy=busy, plain=SLUGS.replace("SLUG", "old").replace("HOUR", "7"))
    site.engine.up()
    kept = {each["slug"]: each["id"] for each in site.live("plain")["schedules"]}["kept"]
    site.write(busy=busy, plain=SLUGS.replace("SLUG", "new").replace("HOUR", "8"))
    site.engine.up()
    row = site.live("plain")
    assert row["tags"] == ["of the stack"]
    found = {each["slug"]: (each["id"], each["schedule"]["cron"]) for each in row["schedules"]}
    assert set(found) == {"new", "kept"}
    assert found["kept"] == (kept, "0 8 * * *")


def _what_moved_outside_is_healed(site: FlowProject) -> None:
    """Moved to another pool, its schedule edited: seen by the command that only refreshes, healed by `up`."""
    row = site.live("plain")
    kept = {schedule["slug"]: schedule["id"] for schedule in row["schedules"]}["kept"]
    other = f"{site.pool}-other"
    site.client.request("POST", "/work_pools/", json={"name": other, "type": "process"}, idempotent=True)
    site.patch("plain", work_pool_name=other)
    path = f"/deployments/{row['id']}/schedules/{kept}"
    site.client.request("PATCH", path, json={"schedule": {"cron": "5 5 * * *"}})
    site.engine.refresh()
    planned = site.planned()
    assert {path.split(".", 1)[1] for path in planned["diff"]} == {"work_pool_name", "schedules.kept.cron"}
    site.write(
        busy="    schedules: []\n" + TRIGGER.replace("TAG", site.tag),
        plain=SLUGS.replace("SLUG", "new").replace("HOUR", "8"),
    )
    assert set(site.engine.changes()) == {"update"}
    site.engine.up()
    row = site.live("plain")
    assert row["work_pool_name"] == site.pool
    assert {each["slug"]: each["schedule"]["cron"] for each in row["schedules"]}["kept"] == "0 8 * * *"
    assert site.live("busy")["schedules"] == []
    assert site.engine.changes(refresh=True) == {}


def _the_document_reports_each_deployment(site: FlowProject) -> None:
    done = site.project.infra("up", "--yes", "--json", check=False)
    assert done.returncode == 1
    assert SECRET not in done.stdout + done.stderr
    document = json.loads(done.stdout)
    assert (document["result"], document["exitCode"]) == ("failed", 1)
    results = {name.split("/")[1]: each for name, each in document["deployments"].items()}
    assert {name: (each["action"], each["result"]) for name, each in results.items()} == {
        "broken": ("create", "failed"),
        "well": ("adopt", "done"),
    }
    assert results["well"]["id"] == site.live("well")["id"]
    assert "run_shell_script" in results["broken"]["error"]


@pytest.mark.repeated
def test_a_failure_is_one_deployments_own(site: FlowProject) -> None:
    script = "prefect.deployments.steps.run_shell_script"
    command = f'bash -c "echo {SECRET}; test -e ready"'
    step = f"    build: [{{{script}: {{script: '{command}'}}}}]\n"
    site.project.infra("config", "set", "token", SECRET, "--secret")
    site.program('on_failure="continue"')
    site.write(broken=step, well="")
    body = {
        "name": "well",
        "flow_id": site.client.request("POST", "/flows/", json={"name": site.flow}, idempotent=True)["id"],
    }
    site.client.request("POST", "/deployments/", json=body, idempotent=True)
    assert "exists already and belongs to no stack" in site.refused()
    site.program('on_failure="continue", adopt=["*"]')
    if site.engine.name == "embedded":
        _the_document_reports_each_deployment(site)
    said = site.refused()
    assert "run_shell_script" in said
    assert SECRET not in said
    assert site.names() == {"well"}
    (site.project.root / "ready").write_text("")
    updated = site.live("well")["updated"]
    site.engine.up()
    assert site.names() == {"broken", "well"}
    assert site.live("well")["updated"] == updated
    assert site.engine.changes(refresh=True) == {}
    site.engine.destroy()
    assert site.names() == set()


@pytest.mark.repeated
def test_a_run_that_falls_due_during_a_deploy_is_not_lost(site: FlowProject, tmp_path: Path) -> None:
    every = "    schedules: [{slug: every, interval: 5}]\n"
    hold = tmp_path / "hold.sh"
    hold.write_text(f"touch {tmp_path}/begun\nfor _ in {{1..600}}; do test -e {tmp_path}/on && exit; sleep 0.1; done\n")
    held = f"    build: [{{prefect.deployments.steps.run_shell_script: {{script: 'bash {hold}'}}}}]\n"
    site.program()
    site.write(calm=every, busy=every)
    site.engine.up()
    for name in ("calm", "busy"):
        site.client.request(
            "POST", f"/deployments/{site.live(name)['id']}/schedule", json={"min_runs": 60}, idempotent=True
        )
    site.write(calm=every, busy=every + held + "    tags: [new]\n")
    before = {name: site.starts(name) for name in ("calm", "busy")}
    log = tmp_path / "log"
    running = site.begin(log, tmp_path / "begun")
    begun = datetime.now(UTC)
    time.sleep(6)
    released = datetime.now(UTC)
    (tmp_path / "on").touch()
    assert running.wait(120) == 0, log.read_text()
    ended, after = datetime.now(UTC), {name: site.starts(name) for name in ("calm", "busy")}
    assert site.live("busy")["tags"] == ["new"]
    assert set(before["calm"]) <= set(after["calm"])
    due = {id for id, start in before["busy"].items() if begun < start < released}
    assert due
    assert due <= set(after["busy"])
    to_come = {id for id, start in before["busy"].items() if start > ended}
    assert to_come
    assert not to_come & set(after["busy"])  # made again, as the plan says
    site.engine.destroy()
