"""The state of a container, from its Docker daemon, for errors that explain themselves. The SDK is loaded on use."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

DEFAULT_HOST = "unix:///var/run/docker.sock"
LOG_LINES = 12


@dataclass(frozen=True)
class ContainerFacts:
    """`exit_code` is None while it runs. `problem` says why nothing is known."""

    name: str
    running: bool = False
    exit_code: int | None = None
    log: str = ""
    problem: str = ""

    def __str__(self) -> str:
        if self.problem:
            return f"container {self.name}: {self.problem}"
        state = "runs" if self.running else f"ended with exit code {self.exit_code}"
        return f"container {self.name} {state}; its log ends with:\n{self.log or '(nothing)'}"


def look(names: list[str], docker_host: str | None = None) -> list[ContainerFacts]:
    """State and last log lines of each; a daemon that does not answer is named, not raised."""
    if not names:
        return []
    address = docker_host or os.environ.get("DOCKER_HOST") or DEFAULT_HOST
    if address.startswith("unix://") and not Path(address.removeprefix("unix://")).exists():
        return [ContainerFacts(name, problem=f"there is no Docker daemon at {address}") for name in names]
    try:
        import docker
        from docker.errors import DockerException
    except ImportError:
        text = "its state is not known; pip install 'prefect-pulumi[docker]'"
        return [ContainerFacts(name, problem=text) for name in names]
    try:
        client = docker.DockerClient(base_url=docker_host) if docker_host else docker.from_env()
    except DockerException as error:
        return [ContainerFacts(name, problem=f"the Docker daemon does not answer ({error})") for name in names]
    containers = []
    try:
        for name in names:
            try:
                container = client.containers.get(name)
                state = container.attrs["State"]
                log = container.logs(tail=LOG_LINES).decode("utf-8", errors="replace").strip()
                running = bool(state["Running"]) and not state.get("Restarting")
                containers.append(ContainerFacts(name, running, None if running else int(state["ExitCode"]), log))
            except DockerException as error:
                containers.append(ContainerFacts(name, problem=str(error)))
    finally:
        client.close()
    return containers
