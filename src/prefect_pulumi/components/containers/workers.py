"""Workers in Docker containers, by pulumi-docker: image, network, volumes, containers, and the steps around a swap."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pulumi
import pulumi_docker as docker

from prefect_pulumi.components.containers.images import HOME
from prefect_pulumi.project.pool_settings import PoolSettings, WorkerSettings
from prefect_pulumi.resources import WorkerDrain, WorkerOnline, WorkPool

if TYPE_CHECKING:
    from prefect_pulumi.components.containers.server import PrefectServer

GATEWAY = "host.docker.internal"
"""How a container calls the machine that it runs on; the daemon puts the address for `host-gateway`."""

STOP_MARGIN = 15
"""Seconds beyond the drain that a container gets before it is killed."""

FIXED = ["memory", "memorySwap", "cpus", "restart", "mustRun"]
"""What the plugin would change in a running container, as far as the daemon lets it: half of it would stay a change in
every preview. A new container has all of it."""

MIB = 1024 * 1024
HEARTBEAT_SECONDS = 10


def worker_containers(
    name: str,
    settings: PoolSettings,
    pool: WorkPool,
    server: PrefectServer,
    image: pulumi.Output[str],
    template: Any,
    after: pulumi.ResourceOptions,
) -> list[pulumi.Resource]:
    """The containers of a pool; the last resource exists when each worker has reached the server."""
    worker_settings, stack = settings.workers, pulumi.get_stack()
    child = pulumi.ResourceOptions(parent=after.parent)
    networks: list[pulumi.Input[str]] = [] if worker_settings.network is None else [worker_settings.network]
    resources: list[pulumi.Resource] = []
    if worker_settings.network is None:
        own = docker.Network(f"{name}-network", child, name=f"{pulumi.get_project()}-{stack}-{name}", driver="bridge")
        resources.append(own)
        networks.append(own.name)
    if server.container is not None:
        networks.append(server.container.network)
    api_url = server.inner_api_url.apply(seen_from_container)
    # Sorted: an order that changes would be a change.
    envs = pulumi.Output.all({"PREFECT_API_URL": api_url, **environment(worker_settings)}, server.credentials).apply(
        lambda both: sorted(f"{key}={value}" for key, value in {**both[1], **both[0]}.items())
    )
    revision = pulumi.Output.all(image, api_url, server.credentials, template).apply(
        lambda parts: _revision(parts, settings)
    )
    workers = [f"{name}-{number}" for number in range(1, worker_settings.count + 1)]
    drained = WorkerDrain(
        name,
        pulumi.ResourceOptions(parent=after.parent, depends_on=after.depends_on),
        work_pool=pool.name,
        workers=workers,
        revision=revision,
        timeout=worker_settings.drain_seconds,
        paused=settings.paused,
        replace_lost=True,
    )
    containers = []
    for worker in workers:
        volume = docker.Volume(f"{worker}-home", child, name=f"{pulumi.get_project()}-{stack}-{worker}")
        container = docker.Container(
            worker,
            # Container names are unique, so the old one goes first.
            pulumi.ResourceOptions(
                parent=after.parent, depends_on=[drained], delete_before_replace=True, replace_on_changes=FIXED
            ),
            name=f"{pulumi.get_project()}-{stack}-{worker}",
            image=image,
            command=command(worker, name, settings),
            envs=envs,
            hosts=[docker.ContainerHostArgs(host=GATEWAY, ip="host-gateway")],
            networks_advanced=[docker.ContainerNetworksAdvancedArgs(name=network) for network in networks],
            mounts=_mounts(volume, settings),
            group_adds=_socket_groups(settings) or None,
            labels=[
                docker.ContainerLabelArgs(label="io.prefect.work-pool", value=name),
                docker.ContainerLabelArgs(label="io.prefect.worker", value=worker),
                # Seen from outside, this is what makes a container of an earlier template an earlier one.
                docker.ContainerLabelArgs(label="io.prefect.revision", value=_generation(revision, drained, worker)),
            ],
            init=True,
            restart="unless-stopped",
            must_run=True,
            log_driver="json-file",
            log_opts={"max-size": "10m", "max-file": "3"},
            stop_signal="SIGTERM",
            stop_timeout=worker_settings.drain_seconds + STOP_MARGIN,
            destroy_grace_seconds=worker_settings.drain_seconds + STOP_MARGIN,
            # As the daemon's number reads: one CPU is "1".
            cpus=None if worker_settings.cpus is None else f"{worker_settings.cpus:g}",
            memory=worker_settings.memory,
            memory_swap=memory_swap(worker_settings),
        )
        containers.append(container)
    online = WorkerOnline(
        name,
        pulumi.ResourceOptions(parent=after.parent, depends_on=containers),
        work_pool=pool.name,
        workers=workers,
        containers=[container.name for container in containers],
        revision=[container.id for container in containers],
        timeout=worker_settings.online_seconds,
        drain_seconds=worker_settings.drain_seconds,
        paused=settings.paused,
    )
    return [*resources, drained, *containers, online]


def command(worker: str, pool: str, settings: PoolSettings) -> list[str]:
    """`prefect worker start` of one worker."""
    workers = settings.workers
    words = ["prefect", "--no-prompt", "worker", "start", "--pool", pool, "--type", settings.type, "--name", worker]
    words += ["--with-healthcheck", "--no-create-pool-if-not-found", "--install-policy", "never"]
    for queue in workers.queues:
        words += ["--work-queue", queue]
    if workers.limit is not None:
        words += ["--limit", str(workers.limit)]
    return words


def environment(settings: WorkerSettings) -> dict[str, str]:
    """What a worker's environment holds besides the API's address and credentials."""
    return {
        "PREFECT_WORKER_QUERY_SECONDS": "5",
        "PREFECT_WORKER_HEARTBEAT_SECONDS": str(HEARTBEAT_SECONDS),
        **settings.env,
    }


def seen_from_container(api_url: str) -> str:
    """The address of a server on this machine, as a container has to call it."""
    host = urlsplit(api_url).hostname or ""
    if host not in ("localhost", "0.0.0.0", "::1") and not re.fullmatch(r"127(\.\d+){3}", host):  # noqa: S104
        return api_url
    return api_url.replace(f"[{host}]" if ":" in host else host, GATEWAY, 1)


def memory_swap(settings: WorkerSettings) -> int | None:
    """MiB of memory and swap together. Left open, the daemon fills it in, and every preview would show a change."""
    if settings.memory is None:
        return settings.memory_swap
    return 2 * settings.memory if settings.memory_swap is None else settings.memory_swap


def _revision(parts: Any, settings: PoolSettings) -> str:
    """A worker is swapped when this changes; secrets go in by their digest alone."""
    facts = [*parts, settings.model_dump(mode="json", exclude={"description", "concurrency_limit", "paused", "queues"})]
    return digest(facts)


def digest(facts: Any) -> str:
    """Changes when the facts do, and tells nothing of them."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _generation(revision: pulumi.Output[str], drained: WorkerDrain, worker: str) -> pulumi.Output[str]:
    """The revision, which goes on where the worker was lost: then its container alone is replaced."""

    def label(both: list[Any]) -> str:
        generation = int((both[1] or {}).get(worker, 0))
        return f"{both[0]}-{generation}" if generation else str(both[0])

    return pulumi.Output.all(revision, drained.generations).apply(label)


def _mounts(volume: docker.Volume, settings: PoolSettings) -> list[docker.ContainerMountArgs]:
    mounts = [docker.ContainerMountArgs(type="volume", source=volume.name, target=HOME)]
    if settings.type == "docker":
        socket = settings.workers.docker_socket
        mounts.append(docker.ContainerMountArgs(type="bind", source=socket, target="/var/run/docker.sock"))
    return mounts


def _socket_groups(settings: PoolSettings) -> list[str]:
    """The group that owns the daemon's socket: the worker is not root, and starts containers through it."""
    socket = Path(settings.workers.docker_socket)
    if settings.type != "docker" or not socket.exists():
        return []
    return [str(socket.stat().st_gid)]
