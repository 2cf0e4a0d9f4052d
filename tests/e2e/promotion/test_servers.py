"""A release on its way from a server with SQLite to one with PostgreSQL and basic auth: workers, smoke runs, secrets,
and what happens when it does not work there."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil
import pytest

from tests.support import servers
from tests.support.promotion_project import PromotionProject, promotion_project
from tests.support.rest import call
from tests.support.wait import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

TOKEN = "a-token-that-nobody-may-see"
PROGRAM = """
import pulumi
from prefect_pulumi.components import Flows, Pool, Server, declare_release, load_environment, secret_value
from prefect_pulumi.resources import SecretBlock, Variable

environment = load_environment()
server = Server("server", environment.server)
pools = [Pool(name, settings, server.options, server=server) for name, settings in environment.pools.items()]
needs = [
    Variable("{name}", server.options, value=pulumi.get_stack()),
    *(SecretBlock(name, server.options, value=secret_value(name, of)) for name, of in environment.secrets.items()),
]
flows = Flows("flows", server.options, pools=pools, needs=needs, commit=environment.released)
declare_release("release", environment, server.options, flows=[flows], pools=pools)
# {version}
"""
FLOW = """
import time

from prefect import flow
from prefect.blocks.system import Secret
from prefect.variables import Variable


@flow(name="{name}", log_prints=True)
def check(seconds: int = 0) -> str:
    time.sleep(seconds)
    place = Variable.get("{name}")
    if place == "{breaks}":
        raise ValueError("no such table, says " + Secret.load("{name}-token").get())
    print("{version} runs in", place)
    return place
"""
DEPLOYMENTS = """
name: test
deployments:
  - name: smoke
    entrypoint: flows/check.py:check
    description: {version}
    work_pool: {{name: {name}}}
    schedules: [{{slug: nightly, cron: "0 4 * * *", active: false}}]
"""


def write(project: PromotionProject, version: str, breaks: str = "nowhere") -> str:
    (project.root / "flows").mkdir(exist_ok=True)
    names = {"name": project.name, "version": version, "breaks": breaks}
    (project.root / "flows" / "check.py").write_text(FLOW.format(**names))
    (project.root / "prefect.yaml").write_text(DEPLOYMENTS.format(**names))
    commit: str = project.version(version)
    return commit


def configure(project: PromotionProject, stack: str) -> None:
    """One worker, one smoke run, one secret, under names that no other test has."""
    import yaml

    path = project.root / f"Pulumi.{stack}.yaml"
    content = yaml.safe_load(path.read_text())
    environment = content["config"]["prefect-infra:environment"]
    environment["pools"] = {project.name: {"workers": {"count": 1, "drain_seconds": 5}}}
    environment["verification"] = {"smoke": [{"deployment": f"{project.name}/smoke", "seconds": 120}]}
    environment["secrets"] = {f"{project.name}-token": {"env": f"TOKEN_{stack.upper()}"}}
    path.write_text(yaml.safe_dump(content))


def test_from_sqlite_to_postgresql(
    tmp_path: Path,
    prefect_server: str,
    prod: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE_DEV", "of dev")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE_PROD", "of prod")
    monkeypatch.setenv("TOKEN_DEV", TOKEN)
    with promotion_project(tmp_path, PROGRAM, ["dev", "prod"], {"dev": prefect_server, "prod": prod}) as made:
        for stack in ("dev", "prod"):
            configure(made, stack)
        made.infra("config", "set", "--secret", "prefect:authString", servers.AUTH, "-s", "prod")
        first = write(made, "version one")
        made.infra("up", "-s", "dev", "--yes")
        evidence = json.loads(made.infra("verify", "-s", "dev", "--json"))
        smoke = next(check for check in evidence["checks"] if check["name"].startswith("smoke"))
        assert (smoke["evidence"]["state"], evidence["passed"]) == ("Completed", True)

        # Its secret does not move with it: prod has to have one of its own.
        said = made.infra("promote", "dev", "prod", code=1)
        assert f"secrets: prod lacks {made.name}-token" in said
        assert made.closed() == ["secrets"]  # one cause, one gate, and no word of what the promotion would change
        assert "changes: not known, prod cannot be planned" in made.infra("promote", "dev", "prod", code=1)
        said = made.infra("promote", "dev", "prod", "--force", "secrets=later", code=4)
        assert "prod cannot be planned: " in said
        monkeypatch.setenv("TOKEN_PROD", f"{TOKEN}-of-prod")
        shown = made.infra("promote", "dev", "prod", "--format", "markdown")
        assert TOKEN not in shown
        assert "is ready" in shown
        made.commit("promote")
        made.infra("up", "-s", "prod", "--yes")
        made.infra("run", f"{made.name}/smoke", "-s", "prod")
        record = made.carried("prod")
        assert (record["commit"], record["verification"]["passed"]) == (first, True)
        assert [check["name"] for check in record["verification"]["checks"]] == [
            "drift",
            "workers",
            f"smoke {made.name}/smoke",
            "automations",
        ]
        row = {each["stack"]: each for each in made.json("status")["stacks"]}["prod"]
        assert row["workers"] == {"online": 1, "declared": 1}
        assert row["runs"]["counts"]["COMPLETED"] >= 2

        # What works in dev need not work in prod: the release before comes back, with its flows.
        broken = write(made, "version two", breaks="prod")
        plan = made.json("promote", "dev", "prod", "--commit", broken, "--preview", "--force", "verified=a test")
        changed = {(row["kind"], row["path"]): row["after"]["value"] for row in plan["changes"]}
        assert changed[("Deployment", "description")] == "version two"
        assert {path for kind, path in changed if kind == "Deployment"} == {"description"}
        assert not {"version", "path"} & {row["path"] for row in plan["stays"] if row["kind"] == "Deployment"}
        (code,) = plan["code"]
        assert code["deployments"] == [f"{made.name}/smoke"]
        assert code["files"] == [{"path": "flows/check.py", "added": 2, "removed": 2}]
        assert [commit.split(" ", 1)[1] for commit in code["commits"]] == ["version version two"]
        pinned = ("promote", "dev", "prod", "--commit", broken, "--force", "verified=a test", "--apply", "--yes")
        said = made.infra(*pinned, code=1)
        assert "no such table, says [secret]" in said
        assert TOKEN not in said
        assert "prod-1 is restored" in said
        made.infra("run", f"{made.name}/smoke", "-s", "prod")  # with the flows of version one, which do not fail
        assert made.carried("prod")["commit"] == first
        made.infra("preview", "-s", "prod", "--expect-no-changes")
        for file in [*(made.root / ".infra").rglob("*"), *(made.root / "elsewhere").rglob("*")]:
            if file.is_file() and file.suffix in {".json", ".jsonl", ".yaml"}:  # logs hold what flows print
                assert TOKEN not in file.read_text(errors="replace"), file


@dataclass
class Verified:
    """A stack on the shared server whose checks are made to fail one by one."""

    project: PromotionProject
    api_url: str

    @property
    def name(self) -> str:
        return self.project.name

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        return call(self.api_url, method, f"/{path}", body)

    def failed(self, *runs: dict[str, Any], seconds: float = 60) -> dict[str, str]:
        """Name -> text of the failed checks of one verification with those smoke runs."""
        self.project.configured("dev", verification={"smoke": list(runs), "workers_seconds": seconds})
        said = self.project.infra("verify", "-s", "dev", "--json", code=None)
        evidence, _ = json.JSONDecoder().raw_decode(said)
        assert self.project.exit_code == (0 if evidence["passed"] else 1)
        kept = self.project.carried("dev")["verification"]
        assert kept["checks"] == evidence["checks"]  # what failed is on record, too
        assert [check["name"] for check in kept["checks"]] == [
            "drift",
            "workers",
            *(f"smoke {run['deployment']}" for run in runs),
            "automations",
        ]
        return {check["name"]: check["text"] for check in kept["checks"] if not check["passed"]}


@pytest.fixture
def verified(tmp_path: Path, prefect_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Verified]:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "of the tests")
    monkeypatch.setenv("TOKEN_DEV", TOKEN)
    with promotion_project(tmp_path, PROGRAM, ["dev"], {"dev": prefect_server}) as project:
        configure(project, "dev")
        write(project, "version one")
        project.infra("up", "-s", "dev", "--yes")
        yield Verified(project, prefect_server)


def test_each_check_of_a_verification_fails_by_itself(verified: Verified) -> None:
    name, smoke = verified.name, f"{verified.name}/smoke"
    assert verified.failed() == {}

    variable = f"variables/name/{name}"
    verified.ask("PATCH", variable, {"value": "by hand"})
    assert verified.failed() == {"drift": f"Variable {name} (changed live)"}
    verified.ask("PATCH", variable, {"value": "dev"})

    failed = verified.failed({"deployment": smoke, "seconds": 1, "parameters": {"seconds": 3}})
    assert list(failed) == [f"smoke {smoke}"]
    assert "has not ended in 1 s" in failed[f"smoke {smoke}"]
    failed = verified.failed({"deployment": smoke, "seconds": 120, "parameters": {"seconds": -1}})
    assert list(failed) == [f"smoke {smoke}"]
    assert "ended Failed" in failed[f"smoke {smoke}"]
    failed = verified.failed({"deployment": f"{name}/other", "seconds": 10})
    assert failed == {f"smoke {name}/other": f"there is no deployment '{name}/other' on the server"}

    with _a_worker_that_hangs(verified) as worker:
        failed = verified.failed(seconds=1)
        assert list(failed) == ["workers"]
        assert f"{worker} of {name}" in failed["workers"]
    assert verified.failed() == {}

    with _an_automation_that_fails(verified) as automation:
        failed = verified.failed()
        assert list(failed) == ["automations"]
        assert automation in failed["automations"]


@contextmanager
def _a_worker_that_hangs(verified: Verified) -> Iterator[str]:
    """Its process is there, and the server hears nothing of it."""
    (row,) = verified.ask("POST", f"work_pools/{verified.name}/workers/filter", {})
    processes = [process for process in psutil.process_iter() if row["name"] in _command(process)]
    assert processes
    try:
        for process in processes:
            process.suspend()
        verified.ask("DELETE", f"work_pools/{verified.name}/workers/{row['name']}")
        yield str(row["name"])
    finally:
        for process in processes:
            process.resume()


@contextmanager
def _an_automation_that_fails(verified: Verified) -> Iterator[str]:
    """Its action cannot do what it is for: the event names no flow run."""
    name = verified.name
    trigger = {"type": "event", "expect": [f"{name}.called"], "posture": "Reactive", "threshold": 1, "within": 0}
    body = {"name": f"{name}-cancels", "trigger": trigger, "actions": [{"type": "cancel-flow-run"}]}
    automation = verified.ask("POST", "automations/", body)
    try:
        began = datetime.now(UTC).isoformat()
        since = {"occurred": {"since": began}, "event": {"name": ["prefect.automation.action.failed"]}}

        def called_in_vain() -> Any:
            """The server takes up a new automation a moment after it has answered: an event before that is lost."""
            now = datetime.now(UTC).isoformat()
            event = {"id": str(uuid4()), "occurred": now, "event": f"{name}.called"}
            verified.ask("POST", "events", [{**event, "resource": {"prefect.resource.id": name}}])
            time.sleep(3)
            return verified.ask("POST", "events/filter", {"filter": since})["events"]

        until(called_in_vain)
        yield str(body["name"])
    finally:
        verified.ask("DELETE", f"automations/{automation['id']}")


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
