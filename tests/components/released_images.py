"""Two stacks whose releases are images: a git repository, a server for each stack, and workers on a real daemon."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import docker
import httpx

from prefect_pulumi.api.blocking import BlockingClient
from prefect_pulumi.api.workers import find_pool, workers
from tests.components import daemon, graphs

PROGRAM = """
from prefect_pulumi.components import Flows, Pool, Server, declare_release, load_environment

environment = load_environment()
server = Server("server", environment.server)
pools = [Pool(name, settings, server.options, server=server) for name, settings in environment.pools.items()]
flows = Flows("flows", server.options, pools=pools, commit=environment.released)
declare_release("release", environment, server.options, flows=[flows], pools=pools)  # {name} {version}
"""
SMOKE = """
import os
from prefect import flow

@flow(log_prints=True)
def smoke() -> None:
    print("ran in " + os.environ["RELEASE"])
"""
NEEDS_A_REGION = (
    """ENTRYPOINT ["sh", "-c", "test -n \\"$REGION\\" || { echo no region; exit 1; }; exec \\"$@\\"", "sh"]"""
)


class Stages:
    """dev and prod with a server each, and a worker's container each, from images on the daemon of the tests."""

    def __init__(self, folder: Path, host: tuple[str, str, Path], repository: Any, servers: dict[str, str]) -> None:
        address, base, wheels = host
        self.docker = docker.DockerClient(base_url=address, timeout=600)
        self.repository, self.servers = repository, servers
        self.pool = repository.name  # in every name on the daemon, which may be in use by others
        worker = graphs.Graph.make(folder / "worker", {}).root
        daemon.give_wheels(worker, wheels)
        build = {"BASE": base, "PIP_NO_INDEX": "1"}
        self.docker.images.build(
            path=str(worker), dockerfile="worker/Dockerfile", buildargs=build, tag=self.worker, forcerm=True
        )
        for stack, env in (("dev", {"REGION": "eu"}), ("prod", {})):
            of = {"count": 1, "runs_in": "docker", "drain_seconds": 5, "env": env}
            smoke = {"deployment": "smoke/smoke", "seconds": 120}
            repository.configured(stack, pools={self.pool: {"workers": of}}, verification={"smoke": [smoke]})
        for name in ("flows", "worker"):
            (repository.root / name).mkdir()
        (repository.root / ".dockerignore").write_text("*\n!flows\n**/__pycache__\n")
        (repository.root / "flows" / "smoke.py").write_text(SMOKE)
        pull = "pull: [{prefect.deployments.steps.set_working_directory: {directory: /opt/project}}]"
        of = f"{{name: smoke, entrypoint: 'flows/smoke.py:smoke', work_pool: {{name: {self.pool}}}}}"
        (repository.root / "prefect.yaml").write_text(f"name: test\n{pull}\ndeployments: [{of}]\n")

    @property
    def worker(self) -> str:
        return f"prefect-test-{self.pool}"

    def version(self, name: str, more: str = "") -> str:
        """A commit whose image says its name to flows."""
        lines = (f"FROM {self.worker}", f"LABEL of={self.pool}", "COPY flows flows", f"ENV RELEASE={name}", more)
        (self.repository.root / "worker" / "Dockerfile").write_text("\n".join(lines) + "\n")
        commit: str = self.repository.version(name)
        return commit

    def container(self, stack: str) -> Any:
        return self.docker.containers.get(f"prefect-infra-{stack}-{self.pool}-1")

    def containers(self) -> list[Any]:
        found = self.docker.containers.list(all=True, ignore_removed=True)
        return [each for each in found if self.pool in each.name]

    def built(self, stack: str) -> str:
        """Id of the image that the stack's own build made last."""
        return str(self.docker.images.get(f"prefect-infra-{stack}-{self.pool}").id)

    def online(self, stack: str) -> bool:
        client = BlockingClient(self.servers[stack])
        try:
            running = find_pool(client, self.pool)["is_paused"] is False
            return running and workers(client, self.pool)[f"{self.pool}-1"]["status"] == "ONLINE"
        finally:
            client.close()

    def logged(self, stack: str, run: str) -> list[str]:
        body = {"logs": {"flow_run_id": {"any_": [run]}}}
        found = httpx.post(f"{self.servers[stack]}/logs/filter", json=body, timeout=30).json()
        return [line["message"] for line in found]

    def close(self) -> None:
        for container in self.containers():
            container.remove(force=True)
        for found in (*self.docker.volumes.list(), *self.docker.networks.list()):
            if self.pool in found.name:
                found.remove()
        for image in self.docker.images.list(filters={"label": f"of={self.pool}"}):
            self.docker.images.remove(image.id, force=True)
        self.docker.images.remove(self.worker)
        self.docker.close()
