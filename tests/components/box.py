"""A project with one worker in a container on a real daemon, and what can happen to that container."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import pytest

from prefect_pulumi.api.blocking import BlockingClient
from prefect_pulumi.api.workers import workers
from prefect_pulumi.local import server
from prefect_pulumi.testing.ports import free_port
from tests.components import daemon, docker_plugin, graphs
from tests.support.git_repository import git
from tests.support.projects import Project
from tests.support.wait import until

POOL, WORKER = "box", "box-1"
FLOW = "from prefect import flow\n\n\n@flow\ndef where() -> None:\n    print({!r})\n"


class Box:
    """Not applied yet. Its commands have the stand-in for the plugin on PATH."""

    def __init__(self, folder: Path, host: tuple[str, str, Path], patch: pytest.MonkeyPatch) -> None:
        address, self.base, wheels = host
        docker_plugin.install(folder / "bin")
        patch.setenv("PATH", f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}")
        patch.setenv("PULUMI_CONFIG_PASSPHRASE", "of the tests")
        self.port, self.listens = free_port(), daemon.bridge(address)
        self.name = f"prefect-test-{self.port}"
        self.graph = graphs.Graph.make(folder / "project", {}, address, project=self.name)
        self.root = self.graph.root
        (self.root / ".venv").mkdir()
        (self.root / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
        (self.root / ".gitignore").write_text("worker/wheelhouse/\n.infra/\n.venv/\n")
        (self.root / "flows" / "where.py").write_text(FLOW.format("first"))
        daemon.give_wheels(self.root, wheels)
        self.configure()
        for words in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "all"]):
            git(self.root, *words)
        self.project = Project(self.root)
        self.docker = docker.DockerClient(base_url=address, timeout=120)

    def configure(self, **changes: Any) -> None:
        pool = {"count": 1, "runs_in": "docker", "drain_seconds": 1, "memory": 400, "cpus": 1}
        build = {"build_args": {"BASE": self.base, "PIP_NO_INDEX": "1"}}
        self.graph.configure(
            {
                "server": {"embedded": True, "host": self.listens, "port": self.port},
                "pools": {POOL: {"type": "process", "workers": {**pool, **build, **changes}}},
            }
        )

    @property
    def container(self) -> Any:
        return self.docker.containers.get(f"{self.name}-dev-{WORKER}")

    def online(self) -> bool:
        with closing(BlockingClient(f"http://{self.listens}:{self.port}/api")) as client:
            return workers(client, POOL)[WORKER]["status"] == "ONLINE"

    def infra(self, *arguments: str) -> str:
        return self.project.infra(*arguments, check=False).stdout

    def previewed(self) -> dict[str, str]:
        """Type/name -> operation of what an update would do, after a refresh."""
        return graphs.operations_of(json.loads(self.infra("preview", "--json", "--refresh")))

    def reported(self, *arguments: str) -> dict[str, tuple[str, list[str]]]:
        """Type/name -> class and fields of a report."""
        return {
            name: (item["cls"], sorted(field["path"] for field in item["fields"]))
            for name, item in graphs.items_of(json.loads(self.infra(*arguments, "--json"))).items()
        }

    def seen(self) -> tuple[dict[str, str], dict[str, Any], dict[str, Any]]:
        """By preview, drift and review."""
        return (
            self.previewed(),
            self.reported("drift"),
            self.reported("review", "--base", "main", "-s", "dev"),
        )

    def close(self) -> None:
        for container in self.docker.containers.list(all=True):
            if str(container.name).startswith(self.name):
                container.remove(force=True)
        for kind in (self.docker.volumes, self.docker.networks):
            for each in kind.list():
                if str(each.name).startswith(self.name):
                    each.remove()
        for image in self.docker.images.list():
            if any(tag.startswith(self.name) for tag in image.tags):
                self.docker.images.remove(image.id, force=True)
        self.docker.close()
        server.stop(server.ServerSpec(self.root / ".infra/dev/server", host=self.listens, port=self.port))


CONTAINER, DRAIN, ONLINE = f"Container/{WORKER}", f"WorkerDrain/{POOL}", f"WorkerOnline/{POOL}"
REPLACED = {CONTAINER: "replace", ONLINE: "update"}


@dataclass(frozen=True)
class Happening:
    """`planned`: what a preview after a refresh does about it; `reported`: class and fields in drift and review."""

    name: str
    happen: Callable[[Box], object]
    planned: dict[str, str]
    reported: dict[str, tuple[str, list[str]]]

    @property
    def loses_worker(self) -> bool:
        return DRAIN in self.planned


def happen(box: Box, happening: Happening) -> None:
    """The server has to notice first that it hears nothing more of a worker that is lost."""
    happening.happen(box)
    if happening.loses_worker:
        until(lambda: not box.online(), seconds=120)


def _cut(box: Box) -> None:
    box.docker.networks.get(f"{box.name}-dev-{POOL}").disconnect(box.container, force=True)


def _limited(name: str, field: str, **limits: Any) -> Happening:
    return Happening(
        name,
        lambda box: box.container.update(**limits),
        REPLACED,
        {CONTAINER: ("changed live", [field])},
    )


HAPPENINGS = [
    _limited("memory", "memory", mem_limit="300m", memswap_limit="800m"),
    _limited("restart policy", "restart", restart_policy={"Name": "no"}),
    Happening(
        "stopped",
        lambda box: box.container.stop(timeout=5),
        {CONTAINER: "create", DRAIN: "update", ONLINE: "update"},
        {CONTAINER: ("missing live", []), ONLINE: ("changed live", ["status"])},
    ),
    Happening("cut from its network", _cut, {**REPLACED, DRAIN: "update"}, {ONLINE: ("changed live", ["status"])}),
]
