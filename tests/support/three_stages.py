"""Three stages on three servers: SQLite, PostgreSQL, and PostgreSQL with two API replicas for both prods."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.support.gateway import gateway
from tests.support.promotion_project import PromotionProject
from tests.support.servers import AUTH, database, postgres, prefect_on

STAGES: list[Any] = ["dev", "staging", ["prod-eu", "prod-us"]]
ENVIRONMENT = {"PULUMI_CONFIG_PASSPHRASE": "of the tests", "PREFECT_API_AUTH_STRING": AUTH}
PROGRAM = """
import pulumi
from prefect_pulumi.components import Flows, Pool, Server, declare_release, load_environment
from prefect_pulumi.resources import Variable

environment = load_environment()
server = Server("server", environment.server)
Variable("version", server.options, name=f"{name}_{{pulumi.get_stack()}}", value={version})
pools = [Pool(name, settings, server.options, server=server) for name, settings in environment.pools.items()]
flows = Flows("flows", server.options, pools=pools, commit=environment.released, settings=environment.deploy)
declare_release("release", environment, server.options, flows=[flows], pools=pools)
"""
FLOW = """
from prefect import flow


@flow(name="{name}", log_prints=True)
def check() -> None:
    print("{version}")
"""
DEPLOYMENTS = """
name: test
deployments:
- name: "{{ $STACK }}"
  entrypoint: flows/check.py:check
  work_pool: {name: "{{ $POOL }}"}
  pull:
  - prefect.deployments.steps.git_clone: {repository: "REMOTE", branch: main}
"""


class ThreeStages(PromotionProject):
    """The team's clone, with one deployment on each stack, whose code its runs clone from the remote."""

    def __init__(self, folder: Path, servers: Mapping[str, str]) -> None:
        super().__init__(folder, PROGRAM, STAGES, servers)
        for number, stack in enumerate(self.stacks, start=1):
            pool = f"{self.name}-{stack}"
            settings = {"concurrency_limit": number, **({"workers": 1} if stack == "dev" else {})}
            self.configured(stack, pools={pool: settings}, deploy={"env": {"STACK": stack, "POOL": pool}})
        self.configured("dev", verification={"smoke": [{"deployment": f"{self.name}/dev", "seconds": 180}]})

    def version(self, version: object) -> str:
        (self.root / "flows").mkdir(exist_ok=True)
        (self.root / "flows" / "check.py").write_text(FLOW.format(name=self.name, version=version))
        (self.root / "prefect.yaml").write_text(DEPLOYMENTS.replace("REMOTE", str(self.remote)))
        return super().version(version)

    def declare(self, stack: str, **rules: Any) -> None:
        """The rules of one stack, committed; those of all others go."""
        path = self.root / "Pulumi.yaml"
        content = yaml.safe_load(path.read_text())
        wanted = {stack: rules} if rules else {}
        if content["promotion"].get("gates", {}) == wanted:
            return
        content["promotion"]["gates"] = wanted
        path.write_text(yaml.safe_dump(content))
        self.commit(f"gates of {stack}: {', '.join(rules) or 'none'}")

    def released(self, version: object, *targets: str) -> str:
        """A commit that dev runs, verified; by hand promoted and deployed to staging, and from there to the targets."""
        commit = self.verified(version)
        for source, target in [("dev", "staging"), *(("staging", target) for target in targets)]:
            self.infra("promote", source, target, "--apply", "--yes")
            self.commit(f"promote to {target}")
        return commit


class Transcript:
    """What was typed and clicked, with what the commands printed; what differs from run to run is replaced."""

    def __init__(self, team: ThreeStages) -> None:
        self.team = team
        self.lines: list[str] = []
        self.clicks = 0

    def infra(self, *arguments: str) -> str:
        """Of the workflow."""
        said = self.team.infra(*arguments)
        self.lines += [f"$ infra {' '.join(arguments)}", *said.splitlines(), ""]
        return said

    def step(self, text: str) -> None:
        self.lines += [f"# {text}", ""]

    def click(self, text: str) -> None:
        self.clicks += 1
        self.step(f"click {self.clicks}: {text}")

    def text(self) -> str:
        text = "\n".join(line.rstrip() for line in self.lines)
        for value, word in [
            (str(self.team.remote), "/srv/git/flows.git"),
            *((address, f"https://{stack}.example.com/api") for stack, address in self.team.servers.items()),
            (self.team.name, "orders"),
        ]:
            text = text.replace(value, word)
        commits = dict.fromkeys(re.findall(r"\b[0-9a-f]{12}\b|\b[0-9a-f]{40}\b", text))
        for number, short in enumerate(dict.fromkeys(commit[:12] for commit in commits), start=1):
            text = re.sub(rf"\b{short}(?:[0-9a-f]{{28}})?\b", f"commit-{number}", text)
        for pattern, word in (
            (r"sha256:[0-9a-f]{64}", "sha256:CHECKSUM"),
            (r"plan [0-9a-f]{12}", "plan CHECKSUM"),
            (r"\b[0-9a-f]{7,12} (?=(version|gates|promote|merge))", "COMMIT "),
            (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(Z|\+00:00)?", "TIME"),
            (r"[\w.-]+@[\w.-]+", "ANA"),
            (r"\bin \d+\.\d+ ?s\b", "in N s"),
            (r"\d+(\.\d+)? ?(s|ms)\b", "N s"),
            (r"\b[a-z]+-[a-z]+(?= of | ended )", "calm-bee"),
            (r"prefect [\d.]+\w*, provider [\d.]+\w*", "prefect 3.x, provider 0.x"),
            (r"(?<=\S) {3,}(?=\S)", "   "),
        ):
            text = re.sub(pattern, word, text)
        return text + "\n"


@contextmanager
def three_stages(folder: Path, sqlite_server: str) -> Iterator[ThreeStages]:
    """Needs `ENVIRONMENT`. Skips where there is no PostgreSQL or no nginx."""
    folders = [folder / name for name in ("postgres", "staging", "one", "two", "front", "team")]
    for each in folders:
        each.mkdir()
    with postgres(folders[0]) as first:
        second = f"{first.rsplit('/', 1)[0]}/prod"
        database(first, "prod")
        with (
            prefect_on(first, folders[1]) as staging,
            prefect_on(second, folders[2]) as one,
            prefect_on(second, folders[3]) as two,
            gateway([one, two], folders[4]) as front,
        ):
            prod = front.url()
            servers = {"dev": sqlite_server, "staging": staging, "prod-eu": prod, "prod-us": prod}
            team = ThreeStages(folders[5], servers)
            here = Path.cwd()
            try:
                yield team
            finally:
                os.chdir(team.root)
                team.destroy()
                os.chdir(here)
