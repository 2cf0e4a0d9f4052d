# Generated from prefect_pulumi.models by tools/generate.py. Do not edit.

"""Resource `prefect:index:BlockType`."""

from __future__ import annotations

from types import MappingProxyType

import pulumi

from prefect_pulumi.resources._base import PrefectResource, read


class BlockType(PrefectResource):
    """A type of block.

    Example: `BlockType("warehouse", name="Warehouse", slug="warehouse")`
    """

    pulumi_type = "prefect:index:BlockType"
    _wire_names = MappingProxyType(
        {
            "name": "name",
            "slug": "slug",
            "logo_url": "logoUrl",
            "documentation_url": "documentationUrl",
            "description": "description",
            "code_example": "codeExample",
            "created": "created",
        }
    )

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        slug: pulumi.Input[str],
        name: pulumi.Input[str] | None = None,
        logo_url: pulumi.Input[str] | None = None,
        documentation_url: pulumi.Input[str] | None = None,
        description: pulumi.Input[str] | None = None,
        code_example: pulumi.Input[str] | None = None,
    ) -> None:
        """
        :param resource_name: Name of the resource in the program.
        :param opts: Pulumi's options.
        :param name: Name shown to people. Left out: the resource's logical name. A change replaces the object.
        :param slug: Name used in code: lower-case letters, digits and dashes, unique on the server. A change replaces
        the object.
        :param logo_url: Web address of its logo.
        :param documentation_url: Web address of its documentation.
        :param description: What it is for.
        :param code_example: Code that uses it.
        """
        self._begin(
            resource_name,
            {
                "name": name,
                "slug": slug,
                "logoUrl": logo_url,
                "documentationUrl": documentation_url,
                "description": description,
                "codeExample": code_example,
            },
            opts,
        )

    @staticmethod
    def get(resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> BlockType:
        """The existing object of that `id`: the server's UUID or slug. Pulumi does not manage it."""
        return read(BlockType, resource_name, id, opts)

    @property
    @pulumi.getter(name="name")
    def name(self) -> pulumi.Output[str]:
        """Name shown to people. Left out: the resource's logical name. A change replaces the object."""
        return self._output("name")

    @property
    @pulumi.getter(name="slug")
    def slug(self) -> pulumi.Output[str]:
        """Name used in code: lower-case letters, digits and dashes, unique on the server. A change replaces the
        object."""
        return self._output("slug")

    @property
    @pulumi.getter(name="logoUrl")
    def logo_url(self) -> pulumi.Output[str | None]:
        """Web address of its logo."""
        return self._output("logoUrl")

    @property
    @pulumi.getter(name="documentationUrl")
    def documentation_url(self) -> pulumi.Output[str | None]:
        """Web address of its documentation."""
        return self._output("documentationUrl")

    @property
    @pulumi.getter(name="description")
    def description(self) -> pulumi.Output[str | None]:
        """What it is for."""
        return self._output("description")

    @property
    @pulumi.getter(name="codeExample")
    def code_example(self) -> pulumi.Output[str | None]:
        """Code that uses it."""
        return self._output("codeExample")

    @property
    @pulumi.getter(name="created")
    def created(self) -> pulumi.Output[str]:
        """When it was made (RFC 3339)."""
        return self._output("created")
