# Generated from prefect_pulumi.models by tools/generate.py. Do not edit.

"""Resource `prefect:index:BlockDocument`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pulumi

from prefect_pulumi.resources._base import PrefectResource, read


class BlockDocument(PrefectResource):
    """A block of any type that the server knows.

    Example: `BlockDocument("dwh", block_type_slug=warehouse.slug, data={"host": "dwh.internal"})`
    """

    pulumi_type = "prefect:index:BlockDocument"
    _wire_names = MappingProxyType(
        {
            "name": "name",
            "block_type_slug": "blockTypeSlug",
            "block_schema_id": "blockSchemaId",
            "data": "data",
            "block_type_id": "blockTypeId",
            "created": "created",
        }
    )
    _secret_names = ("data",)

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        block_type_slug: pulumi.Input[str],
        data: pulumi.Input[Mapping[str, Any]],
        name: pulumi.Input[str] | None = None,
        block_schema_id: pulumi.Input[str] | None = None,
    ) -> None:
        """
        :param resource_name: Name of the resource in the program.
        :param opts: Pulumi's options.
        :param name: Lower-case letters, digits and dashes, unique in its type. Left out: the resource's logical name.
        A change replaces the object.
        :param block_type_slug: Slug of its block type. A change replaces the object.
        :param block_schema_id: UUID of its schema, of the same type. Left out: the newest schema of the type.
        :param data: Values of its fields. Another block is referred to by {'$ref': {'block_document_id': id}}.
        Secret.
        """
        self._begin(
            resource_name,
            {"name": name, "blockTypeSlug": block_type_slug, "blockSchemaId": block_schema_id, "data": data},
            opts,
        )

    @staticmethod
    def get(resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> BlockDocument:
        """The existing object of that `id`: the server's UUID or slug/name. Pulumi does not manage it."""
        return read(BlockDocument, resource_name, id, opts)

    @property
    @pulumi.getter(name="name")
    def name(self) -> pulumi.Output[str]:
        """Lower-case letters, digits and dashes, unique in its type. Left out: the resource's logical name. A change
        replaces the object."""
        return self._output("name")

    @property
    @pulumi.getter(name="blockTypeSlug")
    def block_type_slug(self) -> pulumi.Output[str]:
        """Slug of its block type. A change replaces the object."""
        return self._output("blockTypeSlug")

    @property
    @pulumi.getter(name="blockSchemaId")
    def block_schema_id(self) -> pulumi.Output[str | None]:
        """UUID of its schema, of the same type. Left out: the newest schema of the type."""
        return self._output("blockSchemaId")

    @property
    @pulumi.getter(name="data")
    def data(self) -> pulumi.Output[dict[str, Any]]:
        """Values of its fields. Another block is referred to by {'$ref': {'block_document_id': id}}. Secret."""
        return self._output("data")

    @property
    @pulumi.getter(name="blockTypeId")
    def block_type_id(self) -> pulumi.Output[str]:
        """UUID of its type."""
        return self._output("blockTypeId")

    @property
    @pulumi.getter(name="created")
    def created(self) -> pulumi.Output[str]:
        """When it was made (RFC 3339)."""
        return self._output("created")
