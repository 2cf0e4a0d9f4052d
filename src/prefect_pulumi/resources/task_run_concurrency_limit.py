# Generated from prefect_pulumi.models by tools/generate.py. Do not edit.

"""Resource `prefect:index:TaskRunConcurrencyLimit`."""

from __future__ import annotations

from types import MappingProxyType

import pulumi

from prefect_pulumi.resources._base import PrefectResource, read


class TaskRunConcurrencyLimit(PrefectResource):
    """Maximum of concurrent task runs of all tasks with a tag.

    Example: `TaskRunConcurrencyLimit("database", limit=10)`
    """

    pulumi_type = "prefect:index:TaskRunConcurrencyLimit"
    _wire_names = MappingProxyType({"tag": "tag", "limit": "limit", "created": "created"})

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        limit: pulumi.Input[int],
        tag: pulumi.Input[str] | None = None,
    ) -> None:
        """
        :param resource_name: Name of the resource in the program.
        :param opts: Pulumi's options.
        :param tag: The tag; it has one limit. Left out: the resource's logical name. A change replaces the object.
        :param limit: Number of slots; 0: none of its tasks run.
        """
        self._begin(resource_name, {"tag": tag, "limit": limit}, opts)

    @staticmethod
    def get(
        resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None
    ) -> TaskRunConcurrencyLimit:
        """The existing object of that `id`: the server's UUID or tag. Pulumi does not manage it."""
        return read(TaskRunConcurrencyLimit, resource_name, id, opts)

    @property
    @pulumi.getter(name="tag")
    def tag(self) -> pulumi.Output[str]:
        """The tag; it has one limit. Left out: the resource's logical name. A change replaces the object."""
        return self._output("tag")

    @property
    @pulumi.getter(name="limit")
    def limit(self) -> pulumi.Output[int]:
        """Number of slots; 0: none of its tasks run."""
        return self._output("limit")

    @property
    @pulumi.getter(name="created")
    def created(self) -> pulumi.Output[str]:
        """When it was made (RFC 3339)."""
        return self._output("created")
