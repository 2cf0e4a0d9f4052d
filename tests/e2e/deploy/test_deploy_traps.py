"""Every trap of plain `prefect deploy`, on both engines: what is lost, wiped, let pass or leaked, and then is not.

Plain `prefect deploy` runs over the same entries first, so that each fault is seen to exist.
"""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

TRAPS = {
    "unknown keys are ignored": "test_what_it_lets_pass",
    "one bad schedule skips the whole file under misleading words": "test_what_it_lets_pass",
    "a missing file and an empty list say the same": "test_what_it_lets_pass",
    "an unnamed deployment is skipped with exit code 0": "test_what_it_lets_pass",
    "a flow file that does not import is deployed": "test_what_it_lets_pass",
    "unknown parameters pass": "test_what_it_lets_pass",
    "bad job variables are refused midway, the rest is left out": "test_what_it_lets_pass",
    "an unset variable becomes an empty text": "test_what_it_lets_pass",
    "a secret is stored as plain text": "test_what_it_lets_pass",
    "a service level agreement fails after the write": "test_what_it_lets_pass",
    "without a pull step this machine's folder is written": "test_what_it_lets_pass",
    "options for several entries have no effect": "test_what_it_changes",
    "edits of the UI are reset": "test_what_it_changes",
    "enforce_parameter_schema stays as edited": "test_what_it_changes",
    "schedules left out or emptied stay live": "test_what_it_changes",
    "schedules paused in the UI turn active": "test_what_it_changes",
    "a changed slug leaves the old schedule": "test_what_it_changes",
    "automations of triggers are made anew": "test_what_it_changes",
    "scheduled runs are deleted": "test_what_it_changes",
    "nothing is pruned": "test_what_it_changes",
    "no dry run": "test_what_it_changes",
}
"""Fault of plain `prefect deploy` -> the test that shows and closes it."""


def test_the_table_names_tests_of_this_file() -> None:
    assert all(callable(globals()[name]) for name in TRAPS.values())


def plain(site: Any, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The real `prefect deploy --all` in the project's folder."""
    home = str(site.project.root.parent / "home")
    return subprocess.run(
        [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all", *arguments],
        cwd=site.project.root,
        env={**os.environ, "PREFECT_API_URL": site.client_url, "PREFECT_HOME": home, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def clear(site: Any) -> None:
    for name in site.names():
        site.client.request("DELETE", f"/deployments/{site.live(name)['id']}")


def automations(site: Any, name: str) -> set[str]:
    rows = site.client.request("GET", f"/automations/related-to/prefect.deployment.{site.live(name)['id']}")
    return {row["id"] for row in rows}


def active(site: Any, name: str) -> dict[str, bool]:
    return {each["slug"]: each["active"] for each in site.live(name)["schedules"]}


def pause(site: Any, name: str) -> None:
    row = site.live(name)
    for each in row["schedules"]:
        site.client.request("PATCH", f"/deployments/{row['id']}/schedules/{each['id']}", json={"active": False})


def test_what_it_lets_pass(site: Any) -> None:
    root: Path = site.project.root
    template = {
        "job_configuration": {"cpus": "{{ cpus }}", "env": "{{ env }}"},
        "variables": {"type": "object", "properties": {"cpus": {"type": "integer"}, "env": {"type": "object"}}},
    }
    body = {"name": site.pool, "type": "process", "base_job_template": template}
    site.client.request("POST", "/work_pools/", json=body, idempotent=True)
    types = site.client.request("GET", "/block_types/slug/secret")
    schemas = site.client.paged("/block_schemas/filter", {"block_schemas": {"block_type_id": {"any_": [types["id"]]}}})
    block = {"name": f"token-{site.tag}", "data": {"value": "hunter2-hunter2"}, "block_type_id": types["id"]}
    block = site.client.request(
        "POST", "/block_documents/", json={**block, "block_schema_id": schemas[0]["id"]}, idempotent=True
    )
    (root / "broken.py").write_text("import no_such_module\n" + (root / "flow.py").read_text())

    def entry(name: str, more: str = "", variables: str = "", file: str = "flow.py") -> str:
        pool = f"{{name: {site.pool}{f', job_variables: {{{variables}}}' if variables else ''}}}"
        return f"  - name: {name}\n    entrypoint: {file}:hello\n    work_pool: {pool}\n{more}"

    def write(*entries: str, top: str = "") -> None:
        (root / "prefect.yaml").write_text(f"name: traps\n{top}deployments:\n{''.join(entries)}")

    # What passes, with exit code 0; then what stops half-way, after some were written.
    passes = [
        entry("keys", "    descriptionn: x\n"),
        entry("values", "    parameters: {nmae: y}\n"),
        entry("broken", file="broken.py"),
        entry("unset", "    tags: ['{{ $TRAPS_MISSING }}', x]\n"),
        entry("secret", variables=f"env: {{TOKEN: '{{{{ prefect.blocks.secret.token-{site.tag} }}}}'}}"),
        "  - entrypoint: flow.py:hello\n",
    ]
    stops = [
        entry("sla", "    sla: [{name: late, type: TimeToCompletionSla, duration: 60}]\n"),
        entry("cpus", variables="cpus: many"),
    ]
    schedule = entry("colour", "    schedules: [{slug: s, cron: 0 6 * * *, colour: red}]\n")
    if site.engine.name == "embedded":  # plain `prefect deploy` knows no engine: once is enough
        write(*passes)
        done = plain(site)
        assert done.returncode == 0, done.stdout + done.stderr
        assert site.names() == {"keys", "values", "broken", "unset", "secret"}
        assert site.live("values")["parameters"] == {"nmae": "y"}
        assert site.live("unset")["tags"] != ["{{ $TRAPS_MISSING }}", "x"]
        assert site.live("secret")["job_variables"]["env"] == {"TOKEN": "hunter2-hunter2"}
        assert str(root) in str(site.live("keys")["pull_steps"])
        for bad in stops:
            clear(site)
            write(bad, entry("last"))
            assert plain(site).returncode == 1
            assert "last" not in site.names()
        clear(site)
        write(entry("well"), schedule)
        skipped = plain(site)
        assert skipped.returncode == 1
        assert "An entrypoint must be provided" in skipped.stdout
        assert site.names() == set()
        (root / "prefect.yaml").unlink()
        assert "An entrypoint must be provided" in plain(site).stdout

    # The step refuses all of it at once, and writes nothing.
    (root / "prefect.yaml").unlink(missing_ok=True)
    site.existing_pool()
    assert "prefect.yaml" in (said := site.refused())
    assert "An entrypoint must be provided" not in said
    write(entry("well"), *passes, *stops, schedule)
    said = " ".join(site.refused().split())
    for words in (
        *("descriptionn", "nmae", "no_such_module", "TRAPS_MISSING", f"token-{site.tag}"),
        *("deployments[6]", "sla", "cpus", "colour"),
    ):
        assert words in said
    assert "hunter2" not in said
    assert site.names() == set()
    # Where no worker of this machine serves the pool, its folder is no place to run from.
    other = f"{site.pool}-docker"
    site.client.request("POST", "/work_pools/", json={"name": other, "type": "docker"}, idempotent=True)
    write(entry("folder").replace(site.pool, other))
    assert "pull" in site.refused()
    # None is a plan like any other.
    (root / "prefect.yaml").write_text("name: traps\ndeployments: []\n")
    site.engine.up()
    assert site.names() == set()
    site.engine.destroy()
    for pool in (site.pool, other):
        site.client.request("DELETE", f"/work_pools/{pool}")
    site.client.request("DELETE", f"/block_documents/{block['id']}")


HOURLY = "    schedules: [{slug: hourly, cron: '0 * * * *'}]\n"
SLUGS = "    schedules: [{slug: NAME, cron: '0 6 * * *'}, {slug: kept, cron: '0 7 * * *'}]\n"
EDITS = {"tags": ["ui"], "description": "by the UI", "paused": True, "parameters": {"name": "ui"}}


def test_what_it_changes(site: Any) -> None:
    trigger = f"    triggers: [{{type: event, name: {site.tag}, expect: [order.made]}}]\n"
    before = {
        "same": HOURLY + trigger,
        "slugs": SLUGS.replace("NAME", "old"),
        "emptied": HOURLY,
        "without": HOURLY,
        "bare": "    schedules: [{cron: '0 * * * *'}]\n",
        "edited": "    tags: [code]\n    schedules: [{slug: s, cron: '0 6 * * *'}]\n",
        "healed": "    tags: [code]\n",
        "gone": "",
    }
    after = {**before, "slugs": SLUGS.replace("NAME", "new"), "emptied": "    schedules: []\n", "without": ""}
    del after["gone"]

    def edit() -> None:
        for name in ("edited", "healed"):
            site.patch(name, **EDITS, enforce_parameter_schema=False)
        for name in ("bare", "edited"):
            pause(site, name)
        body = {"min_runs": 20, "max_runs": 20}
        site.client.request("POST", f"/deployments/{site.live('same')['id']}/schedule", json=body, idempotent=True)

    if site.engine.name == "embedded":  # plain `prefect deploy` knows no engine: once is enough
        # The faults, as they are.
        site.client.request("POST", "/work_pools/", json={"name": site.pool, "type": "process"}, idempotent=True)
        site.write(**before)
        assert plain(site, "--job-variable", "env={}").returncode == 0
        assert site.live("same")["job_variables"] == {}
        edit()
        runs, made = site.runs("same"), automations(site, "same")
        site.write(**after)
        assert plain(site).returncode == 0
        assert len(runs) >= 20
        # One that has become due in the meantime is late, and stays.
        assert not [start for run, start in site.starts("same").items() if run in runs and start > datetime.now(UTC)]
        assert len(made) == 1
        assert not made & automations(site, "same")
        assert set(active(site, "slugs")) == {"old", "new", "kept"}
        assert set(active(site, "emptied")) == set(active(site, "without")) == {"hourly"}
        assert list(active(site, "bare").values()) == [True]
        assert {name: site.live("edited")[name] for name in EDITS} != EDITS
        assert site.live("healed")["enforce_parameter_schema"] is False
        assert "gone" in site.names()
        clear(site)
        site.client.request("DELETE", f"/work_pools/{site.pool}")

    # The same through the step; `edited` is the UI's, and so is whether the schedule of `bare` is active.
    owned = '"*/edited": {"ui_owns": ["active", "paused", "parameters", "description", "tags"]}'
    values = 'overrides={"*": {"work_pool": {"job_variables": {"env": {"A": "b"}}}}, OWNED}'.replace("OWNED", owned)
    site.program(values)
    site.write(**before)
    assert site.engine.changes()["create"] >= 2
    assert site.names() == set()
    site.engine.up()
    assert site.names() == set(before)
    assert all(site.live(name)["job_variables"] == {"env": {"A": "b"}} for name in before)
    edit()
    runs, made = site.runs("same"), automations(site, "same")
    site.write(**after)
    site.engine.up()
    actions = {name: each["action"] for name, each in site.results().items()}
    assert actions == {
        **dict.fromkeys(("same", "bare", "edited", "healed"), "skip"),
        **dict.fromkeys(("slugs", "emptied", "without"), "update"),
        "gone": "prune",
    }
    assert len(runs) >= 20
    assert runs <= site.runs("same")
    assert automations(site, "same") == made
    assert set(active(site, "slugs")) == {"new", "kept"}
    assert active(site, "emptied") == active(site, "without") == {}
    assert list(active(site, "bare").values()) == [False]
    assert site.names() == set(after)
    # The edits are drift where the code owns the field, and healed; the UI's own stay also when the entry changes.
    after["edited"] = after["edited"].replace("0 6", "0 5")
    after["same"] = after["same"].replace("order.made", "order.paid")
    site.write(**after)
    site.engine.up(refresh=True)
    assert list(active(site, "bare").values()) == [True]
    healed, edited = site.live("healed"), site.live("edited")
    assert (healed["tags"], healed["paused"], healed["parameters"]) == (["code"], False, {})
    assert healed["enforce_parameter_schema"] is True
    assert {name: edited[name] for name in EDITS} == EDITS
    assert edited["schedules"][0]["schedule"]["cron"] == "0 5 * * *"
    assert active(site, "edited") == {"s": False}
    assert edited["enforce_parameter_schema"] is True
    assert automations(site, "same") == made
    assert site.runs("same")
    assert site.engine.changes(refresh=True) == {}
    site.engine.destroy()
    assert site.names() == set()
