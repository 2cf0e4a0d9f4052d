# Generated from prefect_pulumi.models by tools/generate.py. Do not edit.

"""Resource `prefect:index:BlockSchema`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import pulumi

from prefect_pulumi.resources._base import PrefectResource, read


class BlockSchema(PrefectResource):
    """The fields of a block type. The server identifies it by content: one that exists already is taken over.

    Example: `BlockSchema("warehouse", block_type_slug=warehouse.slug, fields={"type": "object"})`
    """

    pulumi_type = "prefect:index:BlockSchema"
    _wire_names = MappingProxyType(
        {
            "block_type_slug": "blockTypeSlug",
            "fields": "fields",
            "capabilities": "capabilities",
            "version": "version",
            "block_type_id": "blockTypeId",
            "checksum": "checksum",
            "created": "created",
        }
    )

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        block_type_slug: pulumi.Input[str],
        fields: pulumi.Input[Mapping[str, Any]] | None = None,
        capabilities: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        version: pulumi.Input[str] | None = None,
    ) -> None:
        """
        :param resource_name: Name of the resource in the program.
        :param opts: Pulumi's options.
        :param block_type_slug: Slug of its block type. A change replaces the object.
        :param fields: JSON schema of the block's fields. A change replaces the object.
        :param capabilities: Names of what the block can do, such as 'writeable'. A change replaces the object.
        :param version: Version of the schema, for people. Default: "non-versioned". A change replaces the object.
        """
        self._begin(
            resource_name,
            {"blockTypeSlug": block_type_slug, "fields": fields, "capabilities": capabilities, "version": version},
            opts,
        )

    @staticmethod
    def get(resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> BlockSchema:
        """The existing object of that `id`: the server's UUID. Pulumi does not manage it."""
        return read(BlockSchema, resource_name, id, opts)

    @property
    @pulumi.getter(name="blockTypeSlug")
    def block_type_slug(self) -> pulumi.Output[str]:
        """Slug of its block type. A change replaces the object."""
        return self._output("blockTypeSlug")

    @property
    @pulumi.getter(name="fields")
    def fields(self) -> pulumi.Output[dict[str, Any]]:
        """JSON schema of the block's fields. A change replaces the object."""
        return self._output("fields")

    @property
    @pulumi.getter(name="capabilities")
    def capabilities(self) -> pulumi.Output[list[str]]:
        """Names of what the block can do, such as 'writeable'. A change replaces the object."""
        return self._output("capabilities")

    @property
    @pulumi.getter(name="version")
    def version(self) -> pulumi.Output[str]:
        """Version of the schema, for people. Default: "non-versioned". A change replaces the object."""
        return self._output("version")

    @property
    @pulumi.getter(name="blockTypeId")
    def block_type_id(self) -> pulumi.Output[str]:
        """UUID of its type."""
        return self._output("blockTypeId")

    @property
    @pulumi.getter(name="checksum")
    def checksum(self) -> pulumi.Output[str]:
        """'sha256:...' over the fields, by which classes find it."""
        return self._output("checksum")

    @property
    @pulumi.getter(name="created")
    def created(self) -> pulumi.Output[str]:
        """When it was made (RFC 3339)."""
        return self._output("created")
