# Generated from prefect_pulumi.models by tools/generate.py. Do not edit.

"""Resource `prefect:index:Variable`."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

import pulumi

from prefect_pulumi.resources._base import PrefectResource, read


class Variable(PrefectResource):
    """A named JSON value that flows read with `Variable.get`.

    Example: `Variable("region", value="eu-west-1", tags=["infra"])`
    """

    pulumi_type = "prefect:index:Variable"
    _wire_names = MappingProxyType({"name": "name", "value": "value", "tags": "tags", "created": "created"})

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        value: pulumi.Input[Any],
        name: pulumi.Input[str] | None = None,
        tags: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
    ) -> None:
        """
        :param resource_name: Name of the resource in the program.
        :param opts: Pulumi's options.
        :param name: Lower-case letters, digits, dashes and underscores, at most 255. Left out: the resource's logical
        name.
        :param value: Any JSON value, at most 5000 bytes as text.
        :param tags: Free labels.
        """
        self._begin(resource_name, {"name": name, "value": value, "tags": tags}, opts)

    @staticmethod
    def get(resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> Variable:
        """The existing object of that `id`: the server's UUID or name. Pulumi does not manage it."""
        return read(Variable, resource_name, id, opts)

    @property
    @pulumi.getter(name="name")
    def name(self) -> pulumi.Output[str]:
        """Lower-case letters, digits, dashes and underscores, at most 255. Left out: the resource's logical name."""
        return self._output("name")

    @property
    @pulumi.getter(name="value")
    def value(self) -> pulumi.Output[Any]:
        """Any JSON value, at most 5000 bytes as text."""
        return self._output("value")

    @property
    @pulumi.getter(name="tags")
    def tags(self) -> pulumi.Output[list[str]]:
        """Free labels."""
        return self._output("tags")

    @property
    @pulumi.getter(name="created")
    def created(self) -> pulumi.Output[str]:
        """When it was made (RFC 3339)."""
        return self._output("created")
