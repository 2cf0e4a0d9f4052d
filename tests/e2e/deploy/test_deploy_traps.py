"""Every trap of plain `prefect deploy`, on both engines: what is lost, wiped, let pass or leaked, and then is not.

Plain `prefect deploy` runs over the same entries first, so that each fault is seen to exist.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from tests.support.flow_projects import FlowProject

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

REFUSED = ("test_plain_deploy_lets_it_pass", "test_the_step_refuses_it")
KEPT = ("test_plain_deploy_changes_it", "test_the_step_changes_what_the_plan_says")
TRAPS = {
    "unknown keys are ignored": REFUSED,
    "one bad schedule skips the whole file under misleading words": REFUSED,
    "a missing file and an empty list say the same": REFUSED,
    "an unnamed deployment is skipped with exit code 0": REFUSED,
    "a flow file that does not import is deployed without a word": REFUSED,
    "unknown parameters pass": REFUSED,
    "bad job variables are refused midway, the rest is left out": REFUSED,
    "an unset variable becomes an empty text": REFUSED,
    "a secret is stored as plain text": REFUSED,
    "a service level agreement fails after the write": REFUSED,
    "without a pull step this machine's folder is written": REFUSED,
    "options for several entries have no effect": KEPT,
    "edits of the UI are reset": KEPT,
    "enforce_parameter_schema stays as edited": KEPT,
    "schedules left out or emptied stay live": KEPT,
    "schedules paused in the UI turn active": KEPT,
    "a changed slug leaves the old schedule": KEPT,
    "automations of triggers are recreated": KEPT,
    "scheduled runs are deleted": KEPT,
    "nothing is pruned": KEPT,
    "no dry run": KEPT,
}
"""Fault of plain `prefect deploy` -> the test that shows it, and the one that shows it closed."""


def test_the_table_names_tests_of_this_file() -> None:
    assert all(callable(globals()[name]) for pair in TRAPS.values() for name in pair)


def plain(site: FlowProject, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The real `prefect deploy --all` in the project's folder."""
    home = str(site.root.parent / "home")
    return subprocess.run(
        [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all", *arguments],
        cwd=site.root,
        env={**os.environ, "PREFECT_API_URL": site.client_url, "PREFECT_HOME": home, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def clear(site: FlowProject) -> None:
    for name in site.names():
        site.client.request("DELETE", f"/deployments/{site.live(name)['id']}")


def automations(site: FlowProject, name: str) -> set[str]:
    rows = site.client.request("GET", f"/automations/related-to/prefect.deployment.{site.live(name)['id']}")
    return {row["id"] for row in rows}


def active(site: FlowProject, name: str) -> dict[str, bool]:
    return {each["slug"]: each["active"] for each in site.live(name)["schedules"]}


def pause(site: FlowProject, name: str) -> None:
    row = site.live(name)
    for each in row["schedules"]:
        site.client.request("PATCH", f"/deployments/{row['id']}/schedules/{each['id']}", json={"active": False})


@dataclass
class Entries:
    """The traps of one project, on a pool whose jobs take a whole number of `cpus` and an `env`."""

    site: FlowProject

    def pool(self) -> None:
        template = {
            "job_configuration": {"cpus": "{{ cpus }}", "env": "{{ env }}"},
            "variables": {"type": "object", "properties": {"cpus": {"type": "integer"}, "env": {"type": "object"}}},
        }
        body = {"name": self.site.pool, "type": "process", "base_job_template": template}
        self.site.client.request("POST", "/work_pools/", json=body, idempotent=True)

    def secret(self) -> str:
        """The id of a secret block `token-<tag>`."""
        client = self.site.client
        kind = client.request("GET", "/block_types/slug/secret")["id"]
        schemas = client.paged("/block_schemas/filter", {"block_schemas": {"block_type_id": {"any_": [kind]}}})
        body = {"name": f"token-{self.site.tag}", "data": {"value": "hunter2-hunter2"}, "block_type_id": kind}
        body["block_schema_id"] = schemas[0]["id"]
        block = client.request("POST", "/block_documents/", json=body, idempotent=True)
        return str(block["id"])

    def entry(self, name: str, more: str = "", variables: str = "", file: str = "flow.py") -> str:
        pool = f"{{name: {self.site.pool}{f', job_variables: {{{variables}}}' if variables else ''}}}"
        return f"  - name: {name}\n    entrypoint: {file}:hello\n    work_pool: {pool}\n{more}"

    def write(self, *entries: str) -> None:
        (self.site.root / "prefect.yaml").write_text(f"name: traps\ndeployments:\n{''.join(entries)}")

    @property
    def passes(self) -> list[str]:
        """Plain `prefect deploy` takes these, and ends with exit code 0."""
        return [
            self.entry("keys", "    descriptionn: x\n"),
            self.entry("values", "    parameters: {nmae: y}\n"),
            self.entry("broken", file="broken.py"),
            self.entry("unset", "    tags: ['{{ $TRAPS_MISSING }}', x]\n"),
            self.entry("secret", variables=f"env: {{TOKEN: '{{{{ prefect.blocks.secret.token-{self.site.tag} }}}}'}}"),
            "  - entrypoint: flow.py:hello\n",
        ]

    @property
    def stops(self) -> list[str]:
        """It ends half-way at these, after it has written some."""
        return [
            self.entry("sla", "    sla: [{name: late, type: TimeToCompletionSla, duration: 60}]\n"),
            self.entry("cpus", variables="cpus: many"),
        ]

    @property
    def schedule(self) -> str:
        return self.entry("colour", "    schedules: [{slug: s, cron: 0 6 * * *, colour: red}]\n")


@pytest.fixture
def traps() -> Iterator[Callable[[FlowProject], Entries]]:
    """Prepares a project; its block and pools are gone afterwards."""
    undo = ExitStack()

    def prepare(site: FlowProject) -> Entries:
        entries = Entries(site)
        entries.pool()
        block = entries.secret()
        (site.root / "broken.py").write_text("import no_such_module\n" + (site.root / "flow.py").read_text())
        undo.callback(site.client.request, "DELETE", f"/block_documents/{block}")
        undo.callback(site.client.request, "DELETE", f"/work_pools/{site.pool}")
        undo.callback(clear, site)
        return entries

    with undo:
        yield prepare


def test_plain_deploy_lets_it_pass(plain_site: FlowProject, traps: Callable[[FlowProject], Entries]) -> None:
    site, entries = plain_site, traps(plain_site)
    entries.write(*entries.passes)
    done = plain(site)
    assert done.returncode == 0, done.stdout + done.stderr
    assert site.names() == {"keys", "values", "broken", "unset", "secret"}
    assert site.live("values")["parameters"] == {"nmae": "y"}
    assert site.live("unset")["tags"] != ["{{ $TRAPS_MISSING }}", "x"]
    assert site.live("secret")["job_variables"]["env"] == {"TOKEN": "hunter2-hunter2"}
    assert str(site.root) in str(site.live("keys")["pull_steps"])
    for bad in entries.stops:
        clear(site)
        entries.write(bad, entries.entry("last"))
        assert plain(site).returncode == 1
        assert "last" not in site.names()
    clear(site)
    entries.write(entries.entry("well"), entries.schedule)
    skipped = plain(site)
    assert skipped.returncode == 1
    assert "An entrypoint must be provided" in skipped.stdout
    assert site.names() == set()
    (site.root / "prefect.yaml").unlink()
    assert "An entrypoint must be provided" in plain(site).stdout


@pytest.mark.repeated
def test_the_step_refuses_it(site: FlowProject, traps: Callable[[FlowProject], Entries]) -> None:
    """All of it at once, and nothing is written."""
    entries = traps(site)
    site.existing_pool()
    assert "prefect.yaml" in (said := site.refused())
    assert "An entrypoint must be provided" not in said
    entries.write(entries.entry("well"), *entries.passes, *entries.stops, entries.schedule)
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
    entries.write(entries.entry("folder").replace(site.pool, other))
    assert "pull" in site.refused()
    site.client.request("DELETE", f"/work_pools/{other}")
    # None is a plan like any other.
    (site.root / "prefect.yaml").write_text("name: traps\ndeployments: []\n")
    site.engine.up()
    assert site.names() == set()
    site.engine.destroy()


HOURLY = "    schedules: [{slug: hourly, cron: '0 * * * *'}]\n"
SLUGS = "    schedules: [{slug: NAME, cron: '0 6 * * *'}, {slug: kept, cron: '0 7 * * *'}]\n"
EDITS = {"tags": ["ui"], "description": "by the UI", "paused": True, "parameters": {"name": "ui"}}


@dataclass
class Edition:
    """Two editions of one file, and what the UI does between them."""

    site: FlowProject
    before: dict[str, str] = field(init=False)
    after: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        trigger = f"    triggers: [{{type: event, name: {self.site.tag}, expect: [order.made]}}]\n"
        self.before = {
            "same": HOURLY + trigger,
            "slugs": SLUGS.replace("NAME", "old"),
            "emptied": HOURLY,
            "without": HOURLY,
            "bare": "    schedules: [{cron: '0 * * * *'}]\n",
            "edited": "    tags: [code]\n    schedules: [{slug: s, cron: '0 6 * * *'}]\n",
            "healed": "    tags: [code]\n",
            "gone": "",
        }
        changed = {"slugs": SLUGS.replace("NAME", "new"), "emptied": "    schedules: []\n", "without": ""}
        self.after = {**self.before, **changed}
        del self.after["gone"]

    def edit(self) -> None:
        for name in ("edited", "healed"):
            self.site.patch(name, **EDITS, enforce_parameter_schema=False)
        for name in ("bare", "edited"):
            pause(self.site, name)
        path = f"/deployments/{self.site.live('same')['id']}/schedule"
        self.site.client.request("POST", path, json={"min_runs": 20, "max_runs": 20}, idempotent=True)


def test_plain_deploy_changes_it(plain_site: FlowProject) -> None:
    site, files = plain_site, Edition(plain_site)
    site.client.request("POST", "/work_pools/", json={"name": site.pool, "type": "process"}, idempotent=True)
    site.write(**files.before)
    assert plain(site, "--job-variable", "env={}").returncode == 0
    assert site.live("same")["job_variables"] == {}
    files.edit()
    runs, triggered = site.runs("same"), automations(site, "same")
    site.write(**files.after)
    assert plain(site).returncode == 0
    assert len(runs) >= 20
    # One that has become due in the meantime is late, and stays.
    assert not [start for run, start in site.starts("same").items() if run in runs and start > datetime.now(UTC)]
    assert len(triggered) == 1
    assert not triggered & automations(site, "same")
    assert set(active(site, "slugs")) == {"old", "new", "kept"}
    assert set(active(site, "emptied")) == set(active(site, "without")) == {"hourly"}
    assert list(active(site, "bare").values()) == [True]
    assert {name: site.live("edited")[name] for name in EDITS} != EDITS
    assert site.live("healed")["enforce_parameter_schema"] is False
    assert "gone" in site.names()
    clear(site)
    site.client.request("DELETE", f"/work_pools/{site.pool}")


def test_the_step_changes_what_the_plan_says(site: FlowProject) -> None:
    """`edited` is the UI's, and so is whether the schedule of `bare` is active."""
    files = Edition(site)
    owned = '"*/edited": {"ui_owns": ["active", "paused", "parameters", "description", "tags"]}'
    values = 'overrides={"*": {"work_pool": {"job_variables": {"env": {"A": "b"}}}}, OWNED}'.replace("OWNED", owned)
    site.program(values)
    site.write(**files.before)
    assert site.engine.changes()["create"] >= 2
    assert site.names() == set()
    site.engine.up()
    assert site.names() == set(files.before)
    assert all(site.live(name)["job_variables"] == {"env": {"A": "b"}} for name in files.before)
    files.edit()
    runs, triggered = site.runs("same"), automations(site, "same")
    site.write(**files.after)
    site.engine.up()
    assert {name: result["action"] for name, result in site.results().items()} == {
        **dict.fromkeys(("same", "bare", "edited", "healed"), "skip"),
        **dict.fromkeys(("slugs", "emptied", "without"), "update"),
        "gone": "prune",
    }
    assert len(runs) >= 20
    assert runs <= site.runs("same")
    assert automations(site, "same") == triggered
    assert set(active(site, "slugs")) == {"new", "kept"}
    assert active(site, "emptied") == active(site, "without") == {}
    assert list(active(site, "bare").values()) == [False]
    assert site.names() == set(files.after)
    _the_edits_are_healed_or_kept(site, files)
    assert automations(site, "same") == triggered
    site.engine.destroy()
    assert site.names() == set()


@pytest.mark.repeated
def test_plain_deploy_and_the_step_alternate(site: FlowProject) -> None:
    """Schedules without slugs have none on the server, so that neither stands in the other's way."""
    site.program('ui_owns=["active"]')
    rules = "{cron: '0 6 * * *'}, {interval: 900}, {cron: '0 6 * * *', parameters: {name: y}}"
    site.write(
        bare=f"    schedules: [{rules}]\n", mixed="    schedules: [{slug: a, cron: '0 7 * * *'}, {interval: 60}]\n"
    )
    site.engine.up()
    assert site.live("bare")["description"] is None
    assert plain(site).returncode == 0
    assert site.engine.changes(refresh=True) == {}
    pause(site, "bare")
    site.write(
        bare=f"    tags: [t]\n    schedules: [{rules}]\n", mixed="    schedules: [{slug: a, cron: '0 7 * * *'}]\n"
    )
    site.engine.up()
    assert {(each["slug"], each["active"]) for each in site.live("bare")["schedules"]} == {(None, False)}
    assert len(site.live("bare")["schedules"]) == 3
    assert [each["slug"] for each in site.live("mixed")["schedules"]] == ["a"]
    assert plain(site).returncode == 0
    assert site.engine.changes(refresh=True) == {}
    site.engine.destroy()


def _the_edits_are_healed_or_kept(site: FlowProject, files: Edition) -> None:
    """Drift where the code owns the field is healed; the UI's own stays, also when the entry changes."""
    files.after["edited"] = files.after["edited"].replace("0 6", "0 5")
    files.after["same"] = files.after["same"].replace("order.made", "order.paid")
    site.write(**files.after)
    site.engine.up(refresh=True)
    assert list(active(site, "bare").values()) == [True]
    healed, edited = site.live("healed"), site.live("edited")
    assert (healed["tags"], healed["paused"], healed["parameters"]) == (["code"], False, {})
    assert healed["enforce_parameter_schema"] is True
    assert {name: edited[name] for name in EDITS} == EDITS
    assert edited["schedules"][0]["schedule"]["cron"] == "0 5 * * *"
    assert active(site, "edited") == {"s": False}
    assert edited["enforce_parameter_schema"] is True
    assert site.runs("same")
    assert site.engine.changes(refresh=True) == {}
