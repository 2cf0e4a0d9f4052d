# Generated from prefect_pulumi.models by tools/generate.py. Do not edit.

"""Resource `prefect:index:SecretBlock`."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pulumi

from prefect_pulumi.resources._base import PrefectResource, read


class SecretBlock(PrefectResource):
    """A `Secret` block, read in flows with `Secret.load`. Its value is encrypted in the state.

    Example: `SecretBlock("db-password", value=config.require_secret("dbPassword"))`
    """

    pulumi_type = "prefect:index:SecretBlock"
    _wire_names = MappingProxyType({"name": "name", "value": "value", "created": "created"})
    _secret_names = ("value",)

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        value: pulumi.Input[Any],
        name: pulumi.Input[str] | None = None,
    ) -> None:
        """
        :param resource_name: Name of the resource in the program.
        :param opts: Pulumi's options.
        :param name: Lower-case letters, digits and dashes, unique among the Secret blocks. Left out: the resource's
        logical name. A change replaces the object.
        :param value: The secret: a string or any JSON value. Secret.
        """
        self._begin(resource_name, {"name": name, "value": value}, opts)

    @staticmethod
    def get(resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> SecretBlock:
        """The existing object of that `id`: the server's UUID or name. Pulumi does not manage it."""
        return read(SecretBlock, resource_name, id, opts)

    @property
    @pulumi.getter(name="name")
    def name(self) -> pulumi.Output[str]:
        """Lower-case letters, digits and dashes, unique among the Secret blocks. Left out: the resource's logical
        name. A change replaces the object."""
        return self._output("name")

    @property
    @pulumi.getter(name="value")
    def value(self) -> pulumi.Output[Any]:
        """The secret: a string or any JSON value. Secret."""
        return self._output("value")

    @property
    @pulumi.getter(name="created")
    def created(self) -> pulumi.Output[str]:
        """When it was made (RFC 3339)."""
        return self._output("created")
