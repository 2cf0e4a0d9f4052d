"""A team's day: a branch is reviewed, live edits are made, then adopted or accepted. One project."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from prefect_pulumi import Project as PythonProject
from prefect_pulumi.api.blocking import BlockingClient
from prefect_pulumi.app.review.drift_report import load_rules, observed_environment
from prefect_pulumi.project.passphrase import keep_salt_out_of_git
from prefect_pulumi.review.renderers.document import from_json
from prefect_pulumi.review.renderers.text import render
from tests.support.git_repository import commit_all, git
from tests.support.projects import REPOSITORY, Project
from tests.support.recorder import Recorder

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


PROGRAM = """\
from prefect_pulumi.components import Flows, Server, declare_objects, load_environment
from prefect_pulumi.resources import Variable, WorkPool, WorkQueue

environment = load_environment()
server = Server("server", environment.server)
objects = declare_objects(environment, server)
literal = WorkPool("literal-NNN", server.options, type="process", concurrency_limit=2)
WorkQueue("fast", server.options, work_pool_name=literal.name, priority=3)
Variable("lost_NNN", server.options, value="soon gone")
Variable("short_NNN", server.options, value={"a": {"b": 1}}, tags=["x"])
flows = Flows("flows", server.options, pools=[*objects.pools.values()], needs=objects.needs)
"""
CONFIG = """\
# The test's stack.
config:
  prefect-infra:environment:
    server:
      api_url: URL
    pools:
      etl-NNN:
        type: process
        concurrency_limit: 10   # as many as the database takes
        queues:
          priority: {priority: 2}
    variables:
      region_NNN:
        value: eu
        tags: [orders]
    json_blocks:
      app-NNN:
        hosts: [a, b]
    concurrency_limits:
      db-NNN:
        limit: 2
"""
PREFECT = """\
definitions:
  pool: &etl
    name: etl-NNN
    work_queue_name: default
  tags: &tags [a, b]
deployments:
  # Every morning.
  - name: daily
    entrypoint: flows/work.py:work
    flow_name: work-NNN
    parameters: {day: today}
    work_pool: *etl
    pull:
      - prefect.deployments.steps.set_working_directory: {directory: /tmp}
    schedules:
      - slug: morning
        cron: 0 6 * * *
        active: false
  - name: other
    entrypoint: flows/work.py:work
    flow_name: work-NNN
    work_pool: *etl
    tags: *tags
    description: |
      Of two

      # lines
    schedules:
      - slug: gone
        cron: 0 3 * * *
        active: false
    pull:
      - prefect.deployments.steps.set_working_directory: {directory: /tmp}
  - name: pruned
    entrypoint: flows/work.py:work
    flow_name: work-NNN
    work_pool: *etl
    schedules: [{cron: 0 6 * * *}]
    pull:
      - prefect.deployments.steps.set_working_directory: {directory: /tmp}
"""
FLOW = """\
from prefect import flow


@flow(name="work-NNN")
def work(day: str = "today"):
    print(day)
"""


class Team:
    """A git repository with the project, applied once, and the API for those who edit live."""

    def __init__(self, root: Path, url: str) -> None:
        self.n = uuid4().hex[:8]
        self.project = Project.small(root, url)
        self.root = root
        self.recorder: Any = None
        (root / "flows").mkdir()
        for path, text in (
            ("infra/__main__.py", PROGRAM),
            ("Pulumi.dev.yaml", CONFIG.replace("URL", url)),
            ("prefect.yaml", PREFECT),
            ("flows/work.py", FLOW),
            (".gitignore", ".infra\n.venv\n__pycache__\n"),
            (".gitattributes", (REPOSITORY / ".gitattributes").read_text()),
        ):
            (root / path).write_text(text.replace("NNN", self.n))
        self.git("init", "-q", "-b", "main")
        keep_salt_out_of_git(root)
        self.commit("the beginning")

    def git(self, *words: str) -> str:
        return git(self.root, *words)

    def drifted(self) -> set[str]:
        """Keys of what drifted, found in this process and without patches."""
        view = PythonProject(self.root).view("dev")
        environment, _ = observed_environment(view, None, rules=load_rules(self.root))
        return {item.key for item in environment.items if item.drifted}

    def commit(self, message: str) -> None:
        commit_all(self.root, message)

    def edit(self, path: str, old: str, new: str) -> None:
        self.project.edit(path, old.replace("NNN", self.n), new.replace("NNN", self.n))

    def report(self, *words: str, code: int | None = None) -> dict[str, Any]:
        done = self.project.infra(*words, "--json", check=False)
        assert done.stdout.startswith("{"), done.stdout + done.stderr
        if code is not None:
            assert done.returncode == code, done.stdout + done.stderr
        found: dict[str, Any] = json.loads(done.stdout)["environments"][0]
        return found

    def items(self, environment: dict[str, Any]) -> dict[str, dict[str, Any]]:
        """`Kind name` (without the test's own mark) -> item; other tests' objects on the shared server left out."""
        return {
            f"{item['kind']} {item['name']}".replace(self.n, "N"): item
            for item in environment["items"]
            if self.n in item["name"] or item["cls"] != "unmanaged live"
        }


@pytest.fixture(scope="module")
def team(prefect_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    with Recorder(prefect_server) as recorder:
        made = Team(tmp_path_factory.mktemp("review") / "a team", recorder.url)
        (made.root / "review.yaml").write_text("# What this team lives with.\nunmanaged: note\n")
        made.commit("rules")
        made.project.infra("up", "--yes")
        made.recorder = recorder
        yield made


@pytest.fixture
def api(prefect_server: str) -> Iterator[BlockingClient]:
    client = BlockingClient(prefect_server)
    yield client
    client.close()


def test_a_branch_is_reviewed(team: Team, api: BlockingClient) -> None:
    """Every kind of change in its place, what waits on main apart, and both sides of a conflict."""
    team.edit("Pulumi.dev.yaml", "limit: 2", "limit: 3")
    team.commit("waits on main, not applied yet")
    team.git("checkout", "-q", "-b", "change")
    team.edit("Pulumi.dev.yaml", "concurrency_limit: 10 ", "concurrency_limit: 20 ")
    team.edit("infra/__main__.py", 'Variable("lost_NNN", server.options, value="soon gone")\n', "")
    team.edit("infra/__main__.py", "work_pool_name=literal.name", f'work_pool_name="etl-{team.n}"')
    team.edit("infra/__main__.py", "flows = ", 'Variable("new_NNN", server.options, value=1)\nflows = ')
    team.edit("prefect.yaml", "{day: today}", "{day: tomorrow}")
    text = (team.root / "prefect.yaml").read_text()
    (team.root / "prefect.yaml").write_text(text[: text.index("  - name: pruned")])
    team.commit("a change of everything")
    api.request("PATCH", f"/work_pools/etl-{team.n}", json={"concurrency_limit": 50})
    team.recorder.seen.clear()
    try:
        found = team.report("review", "--base", "main", code=0)
    finally:
        api.request("PATCH", f"/work_pools/etl-{team.n}", json={"concurrency_limit": 10})
        team.git("checkout", "-q", "main")
    assert team.recorder.writes == []
    assert len(team.git("worktree", "list").splitlines()) == 1
    assert team.git("status", "--porcelain") == ""
    items = team.items(found)
    assert {name: (item["cls"], item["action"], item["pending"]) for name, item in items.items()} == {
        "WorkPool etl-N": ("conflict", "update", False),
        "Variable lost_N": ("this change", "delete", False),
        "WorkQueue literal-N/fast": ("this change", "replace", False),
        "Variable new_N": ("this change", "create", False),
        "Deployment work-N/daily": ("this change", "deploy", False),
        "Deployment work-N/pruned": ("this change", "prune", False),
        "GlobalConcurrencyLimit db-N": ("this change", "update", True),
    }
    conflict = items["WorkPool etl-N"]["fields"][0]
    assert [conflict[side]["value"] for side in ("code", "applied", "live")] == [20, 10, 50]
    parameters = {change["path"]: change for change in items["Deployment work-N/daily"]["fields"]}
    assert parameters["parameters.day"]["code"]["value"] == "tomorrow"
    assert found["actions"] == {"create": 1, "update": 1, "replace": 1, "delete": 1, "deploy": 1, "prune": 1}
    assert "replace" in [impact["flag"] for impact in items["WorkQueue literal-N/fast"]["impacts"]]
    assert "scheduled runs lost" in [impact["flag"] for impact in items["Deployment work-N/pruned"]["impacts"]]


def test_policies_fail_the_review_and_overrides_let_it_pass(team: Team) -> None:
    team.git("checkout", "-q", "change")
    rules = (team.root / "review.yaml").read_text()
    policy = "policy:\n- {name: no-deletes, forbid: delete, kinds: [Variable], stacks: [dev]}\n"
    override = (
        "overrides:\n- {policy: no-deletes, objects: ['Variable lost_*'], owner: ana, reason: moved, expires: DAY}\n"
    )
    try:
        (team.root / "review.yaml").write_text(rules + policy)
        verdict = team.report("review", code=3)["verdicts"][0]
        assert verdict["rule"] == "no-deletes"
        assert f"lost_{team.n}" in verdict["text"]
        (team.root / "review.yaml").write_text(rules + policy + override.replace("DAY", "2999-01-01"))
        assert "ana: moved" in team.report("review", code=0)["verdicts"][0]["overridden"]
    finally:
        (team.root / "review.yaml").write_text(rules)
        team.git("checkout", "-q", "main")


def test_a_base_that_does_not_run_hides_nothing(team: Team) -> None:
    """Whoever mends a broken main is not told that all of it is there already."""
    program = (team.root / "infra" / "__main__.py").read_text()
    team.git("checkout", "-q", "-b", "broken")
    (team.root / "infra" / "__main__.py").write_text("raise RuntimeError('broken')\n" + program)
    team.commit("break it")
    team.git("checkout", "-q", "-b", "fix")
    (team.root / "infra" / "__main__.py").write_text(program)
    team.commit("fix it")
    try:
        found = team.report("review", "--base", "broken", code=0)
    finally:
        team.git("checkout", "-q", "main")
    assert "does not run" in found["notes"][0]
    items = team.items(found)
    assert {name: (item["action"], item["pending"]) for name, item in items.items()} == {
        "GlobalConcurrencyLimit db-N": ("update", False)
    }


def edit_live(api: BlockingClient, n: str) -> set[str]:
    """Every kind of drift that can be adopted; returns the items."""
    etl = {"concurrency_limit": 12, "description": "by hand", "is_paused": True}
    api.request("PATCH", f"/work_pools/etl-{n}", json=etl)
    api.request("PATCH", f"/work_pools/etl-{n}/queues/priority", json={"concurrency_limit": 4, "priority": 5})
    api.request("PATCH", f"/work_pools/literal-{n}", json={"concurrency_limit": 7})
    api.request("PATCH", f"/variables/name/region_{n}", json={"value": "us", "tags": ["orders", "us"]})
    api.request("PATCH", f"/variables/name/short_{n}", json={"value": {"a": {"b": 2, "c": [True]}}})
    api.request("DELETE", f"/variables/name/lost_{n}")
    api.request("PATCH", f"/v2/concurrency_limits/db-{n}", json={"limit": 9, "slot_decay_per_second": 0.5})
    block = api.request("GET", f"/block_types/slug/json/block_documents/name/app-{n}")
    api.request("PATCH", f"/block_documents/{block['id']}", json={"data": {"value": {"hosts": ["a", "c"]}}})
    row = api.request("GET", f"/deployments/name/work-{n}/daily")
    day = {"parameters": {"day": "monday"}, "tags": ["ui"], "description": "By hand", "version": "7"}
    more = {"job_variables": {"env": {"A": "1"}}, "work_queue_name": "priority", "concurrency_limit": 3}
    api.request("PATCH", f"/deployments/{row['id']}", json={**day, **more})
    path = f"/deployments/{row['id']}/schedules/{row['schedules'][0]['id']}"
    api.request("PATCH", path, json={"schedule": {"cron": "30 7 * * *", "timezone": "UTC"}, "active": False})
    new = {"schedule": {"cron": "0 6 * * *", "timezone": "Europe/Berlin"}, "active": False, "slug": "new"}
    api.request("POST", f"/deployments/{row['id']}/schedules", json=[new])
    other = api.request("GET", f"/deployments/name/work-{n}/other")
    api.request("PATCH", f"/deployments/{other['id']}", json={"tags": ["a", "c"], "description": "Of one"})
    api.request("DELETE", f"/deployments/{other['id']}/schedules/{other['schedules'][0]['id']}")
    pruned = api.request("GET", f"/deployments/name/work-{n}/pruned")
    api.request("DELETE", f"/deployments/{pruned['id']}")
    names = ("etl-N", "literal-N"), ("region_N", "short_N", "lost_N"), ("work-N/daily", "work-N/other", "work-N/pruned")
    pools, variables, deployments = names
    return {
        *(f"WorkPool {name}" for name in pools),
        *(f"Variable {name}" for name in variables),
        *(f"Deployment {name}" for name in deployments),
        "WorkQueue etl-N/priority",
        "JsonBlock app-N",
        "GlobalConcurrencyLimit db-N",
    }


def test_live_edits_are_adopted_with_git_apply(team: Team, api: BlockingClient) -> None:
    """Config, program and prefect.yaml: each patch applies, alone and all at once, and its object drifts no more."""
    wanted = edit_live(api, team.n)
    before = team.items(team.report("drift", code=3))
    drifted = {name for name, item in before.items() if item["cls"] in ("changed live", "missing live", "conflict")}
    assert drifted == wanted
    daily = {change["path"]: change for change in before["Deployment work-N/daily"]["fields"]}
    assert daily["schedules.morning.cron"]["live"]["value"] == "30 7 * * *"
    assert daily["schedules.new"]["applied"]["kind"] == "absent"
    assert daily["parameters.day"]["live"]["value"] == "monday"
    adopts = {name: next(r for r in before[name]["remedies"] if r["kind"] == "adopt") for name in drifted}
    assert {name: adopt["left"] for name, adopt in adopts.items() if adopt["left"] or not adopt["diff"]} == {}
    patch = team.root / ".infra" / "adopt.diff"
    try:
        for name in sorted(drifted):
            patch.write_text(adopts[name]["diff"])
            team.git("apply", str(patch))
            left = team.drifted()
            assert before[name]["key"] not in left
            assert len(left & {item["key"] for item in before.values()}) == len(drifted) - 1, name
            team.git("apply", "-R", str(patch))
        assert team.git("status", "--porcelain") == ""
        team.project.infra("adopt", "--out", str(patch))
        team.git("apply", str(patch))
        changed = team.git("diff", "--numstat")
        assert {line.split("\t")[2] for line in changed.splitlines()} == {
            "Pulumi.dev.yaml",
            "infra/__main__.py",
            "prefect.yaml",
        }
        assert "# as many as the database takes" in (team.root / "Pulumi.dev.yaml").read_text()
        after = team.report("drift", code=0)
        assert after["classes"]["changed live"] == after["classes"]["missing live"] == 0
        team.commit("adopt what was done by hand")
        team.project.infra("up", "--yes", "--refresh")
        team.project.infra("preview", "--refresh", "--expect-no-changes")
    finally:
        team.git("checkout", "-q", ".")


def test_accepted_drift_counts_again_when_it_changes_or_expires(team: Team, api: BlockingClient) -> None:
    rules = (team.root / "review.yaml").read_text()
    name = f"WorkPool literal-{team.n}"
    api.request("PATCH", f"/work_pools/literal-{team.n}", json={"concurrency_limit": 70})
    team.report("drift", code=3)
    words = ("--owner", "ana", "--reason", "the month's end", "--expires", "2999-01-31")
    assert "accepted until" in team.project.infra("accept", name, *words).stdout
    text = (team.root / "review.yaml").read_text()
    assert text.startswith("# What this team lives with.\n")
    shown = team.items(team.report("drift", code=0))["WorkPool literal-N"]
    assert shown["accepted"] == {
        "owner": "ana", "reason": "the month's end", "expires": "2999-01-31", "expired": False,
    }  # fmt: skip
    api.request("PATCH", f"/work_pools/literal-{team.n}", json={"concurrency_limit": 71})
    team.report("drift", code=3)  # another value than the one that was accepted
    api.request("PATCH", f"/work_pools/literal-{team.n}", json={"concurrency_limit": 70})
    (team.root / "review.yaml").write_text(text.replace("2999-01-31", "2020-01-31"))
    assert team.items(team.report("drift", code=3))["WorkPool literal-N"]["accepted"]["expired"]
    assert team.project.infra("accept", "WorkPool nothing", *words, check=False).returncode == 2
    assert team.project.infra("accept", name, *words[:-1], "soon", check=False).returncode == 2
    (team.root / "review.yaml").write_text(rules)
    api.request("PATCH", f"/work_pools/literal-{team.n}", json={"concurrency_limit": 7})


@pytest.mark.state_files
def test_a_server_that_dies_midway_is_4_and_says_how_far_it_got(team: Team, prefect_server: str) -> None:
    with Recorder(prefect_server, dies_at="/block_documents/filter") as dying:
        state = team.root / ".infra" / "state" / ".pulumi" / "stacks" / "prefect-infra" / "dev.json"
        before = state.read_text()
        try:
            state.write_text(before.replace(team.recorder.url, dying.url))
            out = team.root / ".infra" / "report.json"
            done = team.project.infra("drift", "--format", "json", "--out", str(out), check=False)
        finally:
            state.write_text(before)
    assert done.returncode == 4, done.stderr
    found = json.loads(out.read_text())["environments"][0]
    assert found["status"] == "could not check"
    reach = {each["kind"]: (each["read"], each["wanted"], each["done"]) for each in found["coverage"]}
    assert reach["WorkPool"] == (2, 2, True)
    assert reach["JsonBlock"] == (0, 1, False)
    assert reach["Deployments"][2] is False
    assert len(found["problems"]) == 1
    text = render(from_json(out.read_text()))
    assert "could not check: " in text
    assert "JsonBlock (0 of 1)" in text


def test_revert_is_the_command_that_the_report_gives(team: Team, api: BlockingClient) -> None:
    row = api.request("GET", f"/deployments/name/work-{team.n}/other")
    api.request("PATCH", f"/work_pools/literal-{team.n}", json={"concurrency_limit": 99})
    api.request("PATCH", f"/deployments/{row['id']}", json={"tags": ["by hand"]})
    items = team.items(team.report("drift", code=3))
    for name in ("WorkPool literal-N", "Deployment work-N/other"):
        revert = next(each["command"] for each in items[name]["remedies"] if each["kind"] == "revert")
        team.project.infra(*shlex.split(revert)[1:], "--yes")
    team.report("drift", code=0)
    assert api.request("GET", f"/deployments/name/work-{team.n}/other")["tags"] == ["a", "c"]


def test_bad_rules_are_bad_input(team: Team) -> None:
    rules = (team.root / "review.yaml").read_text()
    try:
        (team.root / "review.yaml").write_text("polcy: []\n")
        done = team.project.infra("drift", check=False)
    finally:
        (team.root / "review.yaml").write_text(rules)
    assert done.returncode == 2
    assert "did you mean policy?" in done.stderr
    done = team.project.infra("review", "--base", "no-such-branch", check=False)
    assert done.returncode == 2
    assert "git fetch origin no-such-branch" in done.stderr
