# Generated from prefect_pulumi.models by tools/generate.py. Do not edit.

"""Resource `prefect:index:ProcessWorker`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import pulumi

from prefect_pulumi.resources._base import PrefectResource, read


class ProcessWorker(PrefectResource):
    """A worker of type process on this machine. It outlives the command that started it.

    Example: `ProcessWorker("etl", work_pool=pool.name, directory=".infra/dev/worker")`
    """

    pulumi_type = "prefect:index:ProcessWorker"
    _wire_names = MappingProxyType(
        {
            "name": "name",
            "work_pool": "workPool",
            "directory": "directory",
            "work_queues": "workQueues",
            "limit": "limit",
            "drain_seconds": "drainSeconds",
            "pool_paused": "poolPaused",
            "online_seconds": "onlineSeconds",
            "restart_on": "restartOn",
            "env": "env",
            "api_url": "apiUrl",
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
        directory: pulumi.Input[str],
        name: pulumi.Input[str] | None = None,
        work_queues: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        limit: pulumi.Input[int] | None = None,
        drain_seconds: pulumi.Input[int] | None = None,
        pool_paused: pulumi.Input[bool] | None = None,
        online_seconds: pulumi.Input[int] | None = None,
        restart_on: pulumi.Input[Mapping[str, Any]] | None = None,
        env: pulumi.Input[Mapping[str, pulumi.Input[str]]] | None = None,
    ) -> None:
        """
        :param resource_name: Name of the resource in the program.
        :param opts: Pulumi's options.
        :param name: Name of the worker. Left out: the resource's logical name. A change replaces the object.
        :param work_pool: Name of the pool it takes work from.
        :param directory: Folder of its process file and log, relative to the project's root. A change replaces the
        object.
        :param work_queues: Only these queues of the pool; empty: all.
        :param limit: Maximum of concurrent flow runs in this worker.
        :param drain_seconds: How long its flow runs may take to end before it is stopped or restarted; its pool is
        paused for that time. Those that outlast it end with the worker and are marked Crashed. Default: 60.
        :param pool_paused: Whether the pool is meant to be paused otherwise, too. Default: false.
        :param online_seconds: How long a start may take until the server has heard from the worker. Default: 120.
        :param restart_on: The worker is restarted when one of these values changes.
        :param env: Variables of the environment of the worker and its flow runs. Of the one who runs the update they
        inherit only PATH, HOME, locale, proxies and the like.
        """
        self._begin(
            resource_name,
            {
                "name": name,
                "workPool": work_pool,
                "directory": directory,
                "workQueues": work_queues,
                "limit": limit,
                "drainSeconds": drain_seconds,
                "poolPaused": pool_paused,
                "onlineSeconds": online_seconds,
                "restartOn": restart_on,
                "env": env,
            },
            opts,
        )

    @staticmethod
    def get(resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> ProcessWorker:
        """The existing object of that `id`: the server's UUID. Pulumi does not manage it."""
        return read(ProcessWorker, resource_name, id, opts)

    @property
    @pulumi.getter(name="name")
    def name(self) -> pulumi.Output[str]:
        """Name of the worker. Left out: the resource's logical name. A change replaces the object."""
        return self._output("name")

    @property
    @pulumi.getter(name="workPool")
    def work_pool(self) -> pulumi.Output[str]:
        """Name of the pool it takes work from."""
        return self._output("workPool")

    @property
    @pulumi.getter(name="directory")
    def directory(self) -> pulumi.Output[str]:
        """Folder of its process file and log, relative to the project's root. A change replaces the object."""
        return self._output("directory")

    @property
    @pulumi.getter(name="workQueues")
    def work_queues(self) -> pulumi.Output[list[str]]:
        """Only these queues of the pool; empty: all."""
        return self._output("workQueues")

    @property
    @pulumi.getter(name="limit")
    def limit(self) -> pulumi.Output[int | None]:
        """Maximum of concurrent flow runs in this worker."""
        return self._output("limit")

    @property
    @pulumi.getter(name="drainSeconds")
    def drain_seconds(self) -> pulumi.Output[int]:
        """How long its flow runs may take to end before it is stopped or restarted; its pool is paused for that time.
        Those that outlast it end with the worker and are marked Crashed. Default: 60."""
        return self._output("drainSeconds")

    @property
    @pulumi.getter(name="poolPaused")
    def pool_paused(self) -> pulumi.Output[bool]:
        """Whether the pool is meant to be paused otherwise, too. Default: false."""
        return self._output("poolPaused")

    @property
    @pulumi.getter(name="onlineSeconds")
    def online_seconds(self) -> pulumi.Output[int]:
        """How long a start may take until the server has heard from the worker. Default: 120."""
        return self._output("onlineSeconds")

    @property
    @pulumi.getter(name="restartOn")
    def restart_on(self) -> pulumi.Output[dict[str, Any]]:
        """The worker is restarted when one of these values changes."""
        return self._output("restartOn")

    @property
    @pulumi.getter(name="env")
    def env(self) -> pulumi.Output[dict[str, str]]:
        """Variables of the environment of the worker and its flow runs. Of the one who runs the update they inherit
        only PATH, HOME, locale, proxies and the like."""
        return self._output("env")

    @property
    @pulumi.getter(name="apiUrl")
    def api_url(self) -> pulumi.Output[str]:
        """The API it works for."""
        return self._output("apiUrl")

    @property
    @pulumi.getter(name="status")
    def status(self) -> pulumi.Output[str]:
        """'running'; a worker that stopped is started again by the next update."""
        return self._output("status")

    @property
    @pulumi.getter(name="facts")
    def facts(self) -> pulumi.Output[dict[str, Any]]:
        """Worker name -> what the server knew of it when the last update ended: status, lastHeartbeat (RFC 3339),
        version of Prefect (null where the worker did not say), serverVersion."""
        return self._output("facts")
