# Generated from prefect_pulumi.models by tools/generate.py. Do not edit.

"""Resource `prefect:index:WorkerOnline`."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

import pulumi

from prefect_pulumi.resources._base import PrefectResource, read


class WorkerOnline(PrefectResource):
    """Says that workers reach the server: it is made when each of them has sent a heartbeat after its start.

    A container that runs, and is healthy, proves nothing of that. When it fails, the error ends with the last log
    lines of the containers. Deleting it, which comes before the deletion of what it depends on, drains the pool.

    Example: `WorkerOnline("etl", work_pool=pool.name, workers=["etl-1"], containers=["etl-1"], revision=container.id)`
    """

    pulumi_type = "prefect:index:WorkerOnline"
    _wire_names = MappingProxyType(
        {
            "work_pool": "workPool",
            "workers": "workers",
            "containers": "containers",
            "docker_host": "dockerHost",
            "revision": "revision",
            "timeout": "timeout",
            "drain_seconds": "drainSeconds",
            "paused": "paused",
            "status": "status",
            "facts": "facts",
        }
    )

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        work_pool: pulumi.Input[str],
        workers: pulumi.Input[Sequence[pulumi.Input[str]]],
        containers: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        docker_host: pulumi.Input[str] | None = None,
        revision: pulumi.Input[Any] | None = None,
        timeout: pulumi.Input[int] | None = None,
        drain_seconds: pulumi.Input[int] | None = None,
        paused: pulumi.Input[bool] | None = None,
    ) -> None:
        """
        :param resource_name: Name of the resource in the program.
        :param opts: Pulumi's options.
        :param work_pool: Name of the pool. A change replaces the object.
        :param workers: Names of the workers.
        :param containers: Names or ids of their Docker containers, for what they logged.
        :param docker_host: Address of the Docker daemon. Left out: DOCKER_HOST, else the local socket.
        :param revision: Any value that changes when the workers are restarted.
        :param timeout: Seconds within which the server must have heard from each. Default: 180.
        :param drain_seconds: Seconds that flow runs under way may take to end before the workers are deleted.
        Default: 600.
        :param paused: Whether the pool is meant to be paused when no swap is under way. Default: false.
        """
        self._begin(
            resource_name,
            {
                "workPool": work_pool,
                "workers": workers,
                "containers": containers,
                "dockerHost": docker_host,
                "revision": revision,
                "timeout": timeout,
                "drainSeconds": drain_seconds,
                "paused": paused,
            },
            opts,
        )

    @staticmethod
    def get(resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> WorkerOnline:
        """The existing object of that `id`: the server's UUID. Pulumi does not manage it."""
        return read(WorkerOnline, resource_name, id, opts)

    @property
    @pulumi.getter(name="workPool")
    def work_pool(self) -> pulumi.Output[str]:
        """Name of the pool. A change replaces the object."""
        return self._output("workPool")

    @property
    @pulumi.getter(name="workers")
    def workers(self) -> pulumi.Output[list[str]]:
        """Names of the workers."""
        return self._output("workers")

    @property
    @pulumi.getter(name="containers")
    def containers(self) -> pulumi.Output[list[str]]:
        """Names or ids of their Docker containers, for what they logged."""
        return self._output("containers")

    @property
    @pulumi.getter(name="dockerHost")
    def docker_host(self) -> pulumi.Output[str | None]:
        """Address of the Docker daemon. Left out: DOCKER_HOST, else the local socket."""
        return self._output("dockerHost")

    @property
    @pulumi.getter(name="revision")
    def revision(self) -> pulumi.Output[Any]:
        """Any value that changes when the workers are restarted."""
        return self._output("revision")

    @property
    @pulumi.getter(name="timeout")
    def timeout(self) -> pulumi.Output[int]:
        """Seconds within which the server must have heard from each. Default: 180."""
        return self._output("timeout")

    @property
    @pulumi.getter(name="drainSeconds")
    def drain_seconds(self) -> pulumi.Output[int]:
        """Seconds that flow runs under way may take to end before the workers are deleted. Default: 600."""
        return self._output("drainSeconds")

    @property
    @pulumi.getter(name="paused")
    def paused(self) -> pulumi.Output[bool]:
        """Whether the pool is meant to be paused when no swap is under way. Default: false."""
        return self._output("paused")

    @property
    @pulumi.getter(name="status")
    def status(self) -> pulumi.Output[str]:
        """'online'; when a worker is not, the next update waits for it again."""
        return self._output("status")

    @property
    @pulumi.getter(name="facts")
    def facts(self) -> pulumi.Output[dict[str, Any]]:
        """Worker name -> what the server knew of it when the last update ended: status, lastHeartbeat (RFC 3339),
        version of Prefect (null where the worker did not say), serverVersion."""
        return self._output("facts")
