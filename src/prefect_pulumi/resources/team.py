# Generated from prefect_pulumi.models by tools/generate.py. Do not edit.

"""Resource `prefect:index:Team`."""

from __future__ import annotations

from types import MappingProxyType

import pulumi

from prefect_pulumi.resources._base import PrefectResource, read


class Team(PrefectResource):
    """A team of the account.

    Example: `Team("data-platform", description="Runs the pools")`
    """

    pulumi_type = "prefect:index:Team"
    _wire_names = MappingProxyType(
        {
            "account_id": "accountId",
            "name": "name",
            "description": "description",
            "directory_group_id": "directoryGroupId",
            "created": "created",
        }
    )

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        account_id: pulumi.Input[str] | None = None,
        name: pulumi.Input[str] | None = None,
        description: pulumi.Input[str] | None = None,
    ) -> None:
        """
        :param resource_name: Name of the resource in the program.
        :param opts: Pulumi's options.
        :param account_id: UUID of its account. Left out: that of the stack's address. A change replaces the object.
        :param name: Name of the team. Left out: the resource's logical name.
        :param description: Free text. Default: "".
        """
        self._begin(resource_name, {"accountId": account_id, "name": name, "description": description}, opts)

    @staticmethod
    def get(resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> Team:
        """The existing object of that `id`: the server's UUID or name. Pulumi does not manage it."""
        return read(Team, resource_name, id, opts)

    @property
    @pulumi.getter(name="accountId")
    def account_id(self) -> pulumi.Output[str | None]:
        """UUID of its account. Left out: that of the stack's address. A change replaces the object."""
        return self._output("accountId")

    @property
    @pulumi.getter(name="name")
    def name(self) -> pulumi.Output[str]:
        """Name of the team. Left out: the resource's logical name."""
        return self._output("name")

    @property
    @pulumi.getter(name="description")
    def description(self) -> pulumi.Output[str]:
        """Free text. Default: ""."""
        return self._output("description")

    @property
    @pulumi.getter(name="directoryGroupId")
    def directory_group_id(self) -> pulumi.Output[str]:
        """Group of the account's directory whose members it has; kept as it is."""
        return self._output("directoryGroupId")

    @property
    @pulumi.getter(name="created")
    def created(self) -> pulumi.Output[str]:
        """When it was made (RFC 3339)."""
        return self._output("created")
