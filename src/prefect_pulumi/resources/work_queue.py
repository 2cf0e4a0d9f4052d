# Generated from prefect_pulumi.models by tools/generate.py. Do not edit.

"""Resource `prefect:index:WorkQueue`."""

from __future__ import annotations

from types import MappingProxyType

import pulumi

from prefect_pulumi.resources._base import PrefectResource, read


class WorkQueue(PrefectResource):
    """A queue of a work pool.

    Example: `WorkQueue("fast", work_pool_name=pool.name, priority=1)`
    """

    pulumi_type = "prefect:index:WorkQueue"
    _wire_names = MappingProxyType(
        {
            "name": "name",
            "work_pool_name": "workPoolName",
            "description": "description",
            "priority": "priority",
            "concurrency_limit": "concurrencyLimit",
            "paused": "paused",
            "created": "created",
        }
    )

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        work_pool_name: pulumi.Input[str],
        name: pulumi.Input[str] | None = None,
        description: pulumi.Input[str] | None = None,
        priority: pulumi.Input[int] | None = None,
        concurrency_limit: pulumi.Input[int] | None = None,
        paused: pulumi.Input[bool] | None = None,
    ) -> None:
        """
        :param resource_name: Name of the resource in the program.
        :param opts: Pulumi's options.
        :param name: Name of the queue, unique in its pool. A queue is renamed in place, except 'default', which
        stays. Left out: the resource's logical name.
        :param work_pool_name: Name of the pool it belongs to. A change replaces the object.
        :param description: Free text.
        :param priority: 1 is the highest. Left out, the server takes the next free one; it moves when others change,
        so it is then stored, never compared.
        :param concurrency_limit: Maximum of concurrent flow runs; none: no limit.
        :param paused: Whether delivery of work is stopped. Default: false.
        """
        self._begin(
            resource_name,
            {
                "name": name,
                "workPoolName": work_pool_name,
                "description": description,
                "priority": priority,
                "concurrencyLimit": concurrency_limit,
                "paused": paused,
            },
            opts,
        )

    @staticmethod
    def get(resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> WorkQueue:
        """The existing object of that `id`: the server's UUID or pool/queue. Pulumi does not manage it."""
        return read(WorkQueue, resource_name, id, opts)

    @property
    @pulumi.getter(name="name")
    def name(self) -> pulumi.Output[str]:
        """Name of the queue, unique in its pool. A queue is renamed in place, except 'default', which stays. Left
        out: the resource's logical name."""
        return self._output("name")

    @property
    @pulumi.getter(name="workPoolName")
    def work_pool_name(self) -> pulumi.Output[str]:
        """Name of the pool it belongs to. A change replaces the object."""
        return self._output("workPoolName")

    @property
    @pulumi.getter(name="description")
    def description(self) -> pulumi.Output[str | None]:
        """Free text."""
        return self._output("description")

    @property
    @pulumi.getter(name="priority")
    def priority(self) -> pulumi.Output[int | None]:
        """1 is the highest. Left out, the server takes the next free one; it moves when others change, so it is then
        stored, never compared."""
        return self._output("priority")

    @property
    @pulumi.getter(name="concurrencyLimit")
    def concurrency_limit(self) -> pulumi.Output[int | None]:
        """Maximum of concurrent flow runs; none: no limit."""
        return self._output("concurrencyLimit")

    @property
    @pulumi.getter(name="paused")
    def paused(self) -> pulumi.Output[bool]:
        """Whether delivery of work is stopped. Default: false."""
        return self._output("paused")

    @property
    @pulumi.getter(name="created")
    def created(self) -> pulumi.Output[str]:
        """When it was made (RFC 3339)."""
        return self._output("created")
