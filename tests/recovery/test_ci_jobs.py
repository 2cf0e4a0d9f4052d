"""CI jobs whose runners have nothing but a clone: state, journal and evidence of a stack are in a bucket."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.buckets import BucketService
from tests.support.fork_server import ForkServer
from tests.support.git_repository import git
from tests.support.promotion_project import PROGRAM, PromotionProject, promotion_project

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


@dataclass(frozen=True)
class Clone:
    root: Path


@dataclass(frozen=True)
class Runner:
    """A machine with a fresh clone, an empty HOME and no official CLI."""

    project: Clone
    environment: dict[str, str]


class Jobs:
    """Each job runs on a machine of its own."""

    def __init__(self, team: PromotionProject, warm: ForkServer, folder: Path, environment: dict[str, str]) -> None:
        self._team = team
        self._warm = warm
        self._environment = environment
        self._folders = (folder / f"runner {number}" for number in itertools.count(1))
        self.roots: list[Path] = []

    def run(self, *commands: str, code: int = 0, kill: int = 0) -> str:
        """The commands of one job; the last one ends with `code`, or is killed at that boundary. What it wrote."""
        folder = next(self._folders)
        (folder / "home").mkdir(parents=True)
        git(folder, "clone", "-q", str(self._team.remote), "clone")
        self.roots.append(folder / "clone")
        path = os.pathsep.join([str(Path(sys.executable).parent), "/usr/bin", "/bin"])
        runner = Runner(Clone(folder / "clone"), {**self._environment, "HOME": str(folder / "home"), "PATH": path})
        *before, last = commands
        for command in before:
            done = self._warm.infra(runner, *command.split())
            assert done["code"] == 0, done["output"]
        done = self._warm.infra(runner, *last.split(), kill=kill)
        assert done["code"] == (-9 if kill else code), done["output"]
        return str(done["output"])


@pytest.fixture
def team(
    s3: BucketService, bucket: str, tmp_path: Path, prefect_server: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PromotionProject]:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "of the tests")
    servers = {"dev": prefect_server, "prod": prefect_server}
    with promotion_project(tmp_path, PROGRAM, ["dev", "prod"], servers) as made:
        path = made.root / "Pulumi.yaml"
        project: dict[str, Any] = yaml.safe_load(path.read_text())
        project["backend"] = {"url": s3.url(f"{bucket}/dev")}
        project["promotion"]["backends"] = {"prod": s3.url(f"{bucket}/prod")}
        path.write_text(yaml.safe_dump(project))
        yield made


def test_up_kill_up_drift_and_promote(
    team: PromotionProject, warm: ForkServer, s3: BucketService, tmp_path: Path
) -> None:
    secrets = {**s3.environment, "PULUMI_CONFIG_PASSPHRASE": "of the tests"}
    jobs = Jobs(team, warm, tmp_path, secrets)
    commit = team.version("first")
    jobs.run("up -s dev --yes", kill=30)
    jobs.run("up -s dev --yes", "preview -s dev --refresh --expect-no-changes", "verify -s dev")
    assert team.live("dev") == "first"
    team.edit_live("dev", "by hand")
    assert "by hand" in jobs.run("drift -s dev", code=3)
    jobs.run("up -s dev --refresh --yes", "drift -s dev", "verify -s dev")
    jobs.run("promote dev prod --apply --yes", "drift -s prod")
    assert team.live("prod") == "first"
    assert team.carried("prod")["commit"] == commit
    assert [root for root in jobs.roots if (root / ".infra/state").exists()] == []
