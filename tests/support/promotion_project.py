"""A project in a git repository with a bare one on disk as its remote, and the command run in this process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from uuid import uuid4

import pytest
import yaml

from prefect_pulumi.cli.main import main
from tests.support.buckets import project_backend
from tests.support.git_repository import commit_all, git
from tests.support.rest import call

PROGRAM = """
import pulumi
from prefect_pulumi.components import Server, declare_release, load_environment
from prefect_pulumi.resources import Variable, WorkPool

VERSION = {version}
environment = load_environment()
server = Server("server", environment.server)
name = f"{name}_{{pulumi.get_stack()}}"
Variable("version", server.options, name=name, value=VERSION)
for pool, settings in environment.pools.items():
    limit = settings.concurrency_limit
    WorkPool(pool, server.options, type="process", name=f"{{name}}_{{pool}}", concurrency_limit=limit)
release = declare_release("release", environment, server.options, flows=[])
pulumi.export("release", release.record)
source = pulumi.Config().get("source")
if source:
    pulumi.export("source", pulumi.StackReference(source).get_output("release")["id"])
"""


class PromotionProject:
    """A clone of a bare repository, in which a team works and from which its automation deploys."""

    def __init__(
        self,
        folder: Path,
        program: str,
        stages: list[Any],
        servers: Mapping[str, str],
        remote: Mapping[str, str] | None = None,
    ) -> None:
        """`program` is a format of `version` and `name`; `servers`: stack -> address; `remote`: stack -> backend that
        only the official CLI reaches."""
        self.program = program
        self.exit_code = 0
        self.servers = servers
        self.name = f"v{uuid4().hex[:8]}"
        self.remote = folder / "remote.git"
        self.root = folder / "a clone"
        subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(self.remote)], check=True)
        subprocess.run(["git", "clone", "-q", str(self.remote), str(self.root)], check=True, capture_output=True)
        self.git("checkout", "-qb", "main")
        (self.root / "infra").mkdir()
        stacks = [name for level in stages for name in ([level] if isinstance(level, str) else level)]
        project = {
            "name": "prefect-infra",
            "runtime": "python",
            "main": "infra",
            "plugins": {"providers": [{"name": "prefect", "path": ".venv/bin"}]},
            "promotion": {"stages": stages, "backends": {stacks[-1]: "file://elsewhere", **(remote or {})}},
        }
        if backend := project_backend():
            project["backend"] = backend
        (self.root / "Pulumi.yaml").write_text(yaml.safe_dump(project))
        (self.root / "elsewhere").mkdir()  # the last stage keeps its state apart
        (self.root / "elsewhere" / ".gitignore").write_text("*\n")
        for number, stack in enumerate(stacks):
            environment = {"server": {"api_url": servers[stack]}, "pools": {"etl": {"concurrency_limit": number + 1}}}
            text = yaml.safe_dump({"config": {"prefect-infra:environment": environment}})
            (self.root / f"Pulumi.{stack}.yaml").write_text(text)
        # What other tests leave on the server is none of this.
        (self.root / "review.yaml").write_text("unmanaged: hide\n")
        (self.root / ".gitignore").write_text(".infra/\n.venv\n__pycache__/\n")
        (self.root / ".venv").mkdir()
        (self.root / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
        self.stacks = stacks
        self.local = [stack for stack in stacks if stack not in (remote or {})]
        for stack in self.local:
            self.infra("env", "-s", stack)  # the salt of its secrets goes into its file
        for stack, address in (remote or {}).items():
            self.pulumi("stack", "init", stack, backend=address)

    def git(self, *arguments: str) -> str:
        return git(self.root, *arguments)

    def commit(self, message: str) -> str:
        commit = commit_all(self.root, message)
        self.git("push", "-q", "origin", "HEAD")
        return commit

    def version(self, version: object) -> str:
        (self.root / "infra" / "__main__.py").write_text(self.program.format(version=repr(version), name=self.name))
        return self.commit(f"version {version}")

    def infra(self, *arguments: str, code: int | None = 0) -> str:
        """Runs the command in this process, and returns what it wrote. `code`: the exit code that it has to end with,
        None for any."""
        out, err = StringIO(), StringIO()
        here = Path.cwd()
        os.chdir(self.root)
        try:
            with redirect_stdout(out), redirect_stderr(err):
                found = main(arguments)
        finally:
            os.chdir(here)
        self.exit_code = found
        assert code is None or found == code, (
            f"infra {' '.join(arguments)} -> {found}\n{out.getvalue()}\n{err.getvalue()}"
        )
        return out.getvalue() if code == 0 else out.getvalue() + err.getvalue()

    def pulumi(self, *arguments: str, backend: str) -> None:
        """The official CLI of PATH, in the clone."""
        env = {**os.environ, "PULUMI_BACKEND_URL": backend, "PULUMI_SKIP_UPDATE_CHECK": "true"}
        command = ["pulumi", "--non-interactive", *arguments]
        done = subprocess.run(command, cwd=self.root, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    def json(self, *arguments: str) -> Any:
        return json.loads(self.infra(*arguments, "--json"))

    def live(self, stack: str) -> Any:
        """The variable's value on the server, None where there is none."""
        try:
            return call(self.servers[stack], "GET", self._variable(stack))["value"]
        except HTTPError as error:
            if error.code != 404:
                raise
            return None

    def edit_live(self, stack: str, value: object) -> None:
        call(self.servers[stack], "PATCH", self._variable(stack), {"value": value})

    def _variable(self, stack: str) -> str:
        return f"/variables/name/{self.name}_{stack}"

    def verified(self, version: object, stack: str = "dev") -> str:
        """A commit that `stack` carries, verified."""
        commit = self.version(version)
        self.infra("up", "-s", stack, "--yes")
        self.infra("verify", "-s", stack)
        return commit

    def promoted(self, source: str = "dev", target: str = "prod") -> str:
        """Merged into main, as a pull request's change of one file; not deployed yet."""
        self.infra("promote", source, target)
        assert self.git("status", "--short") == f"M Pulumi.{target}.yaml"
        return self.commit(f"promote {source} to {target}")

    def closed(self, *arguments: str, source: str = "dev", target: str = "prod") -> list[str]:
        """Names of the gates that stop the promotion as it is now; nothing is pinned."""
        before = (self.root / f"Pulumi.{target}.yaml").read_bytes()
        said = self.infra("promote", source, target, "--preview", "--json", *arguments, code=None)
        plan, _ = json.JSONDecoder().raw_decode(said)
        found = [gate["name"] for gate in plan["gates"] if not gate["passed"] and not gate["forced"]]
        assert self.exit_code == (1 if found else 0), said
        if found:  # and it stops what is no preview, before anything is written
            assert found[0] in self.infra("promote", source, target, "--apply", "--yes", *arguments, code=1)
            assert (self.root / f"Pulumi.{target}.yaml").read_bytes() == before
        return found

    def configured(self, stack: str, **settings: Any) -> None:
        """Other values under `environment`, not committed."""
        path = self.root / f"Pulumi.{stack}.yaml"
        content = yaml.safe_load(path.read_text())
        content["config"]["prefect-infra:environment"].update(settings)
        path.write_text(yaml.safe_dump(content))

    def carried(self, stack: str) -> dict[str, Any]:
        found: dict[str, Any] = self.json("release", "show", "-s", stack)
        return found

    def destroy(self) -> None:
        for stack in self.local:
            with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
                main(["destroy", "-s", stack, "--yes"])


@contextmanager
def two_stacks(
    folder: Path, api_url: str, monkeypatch: pytest.MonkeyPatch, program: str = PROGRAM
) -> Iterator[PromotionProject]:
    """The stages dev and prod of one program, on one server."""
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "of the tests")
    with promotion_project(folder, program, ["dev", "prod"], {"dev": api_url, "prod": api_url}) as made:
        yield made


@contextmanager
def promotion_project(
    folder: Path,
    program: str,
    stages: list[Any],
    servers: Mapping[str, str],
    remote: Mapping[str, str] | None = None,
) -> Iterator[PromotionProject]:
    made = PromotionProject(folder, program, stages, servers, remote)
    here = Path.cwd()
    try:
        yield made
    finally:
        os.chdir(made.root)
        made.destroy()
        os.chdir(here)
