# Generated from prefect_pulumi.models by tools/generate.py. Do not edit.

"""Resource `prefect:index:Flow`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import pulumi

from prefect_pulumi.resources._base import PrefectResource, read


class Flow(PrefectResource):
    """A flow: the name under which deployments and runs of the same code are kept.

    Example: `Flow("import-orders", tags=["orders"])`
    """

    pulumi_type = "prefect:index:Flow"
    _wire_names = MappingProxyType({"name": "name", "tags": "tags", "labels": "labels", "created": "created"})

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        name: pulumi.Input[str] | None = None,
        tags: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        labels: pulumi.Input[Mapping[str, Any]] | None = None,
    ) -> None:
        """
        :param resource_name: Name of the resource in the program.
        :param opts: Pulumi's options.
        :param name: Name of the flow, as its decorator says it; unique on the server. Left out: the resource's
        logical name. A change replaces the object.
        :param tags: Free labels.
        :param labels: Key-value labels: strings, numbers or booleans. A server of one's own sets them only when the
        flow is made; Prefect Cloud changes them. A change replaces the object.
        """
        self._begin(resource_name, {"name": name, "tags": tags, "labels": labels}, opts)

    @staticmethod
    def get(resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> Flow:
        """The existing object of that `id`: the server's UUID or name. Pulumi does not manage it."""
        return read(Flow, resource_name, id, opts)

    @property
    @pulumi.getter(name="name")
    def name(self) -> pulumi.Output[str]:
        """Name of the flow, as its decorator says it; unique on the server. Left out: the resource's logical name. A
        change replaces the object."""
        return self._output("name")

    @property
    @pulumi.getter(name="tags")
    def tags(self) -> pulumi.Output[list[str]]:
        """Free labels."""
        return self._output("tags")

    @property
    @pulumi.getter(name="labels")
    def labels(self) -> pulumi.Output[dict[str, Any]]:
        """Key-value labels: strings, numbers or booleans. A server of one's own sets them only when the flow is made;
        Prefect Cloud changes them. A change replaces the object."""
        return self._output("labels")

    @property
    @pulumi.getter(name="created")
    def created(self) -> pulumi.Output[str]:
        """When it was made (RFC 3339)."""
        return self._output("created")
