# Generated from prefect_pulumi.models by tools/generate.py. Do not edit.

"""Resource `prefect:index:Workspace`."""

from __future__ import annotations

from types import MappingProxyType

import pulumi

from prefect_pulumi.resources._base import PrefectResource, read


class Workspace(PrefectResource):
    """A workspace of the account. Its deletion deletes everything in it.

    Example: `Workspace("staging", handle="staging", description="Rehearses releases")`
    """

    pulumi_type = "prefect:index:Workspace"
    _wire_names = MappingProxyType(
        {
            "account_id": "accountId",
            "name": "name",
            "handle": "handle",
            "description": "description",
            "default_workspace_role_id": "defaultWorkspaceRoleId",
            "deletion_protection": "deletionProtection",
            "created": "created",
        }
    )

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        handle: pulumi.Input[str],
        account_id: pulumi.Input[str] | None = None,
        name: pulumi.Input[str] | None = None,
        description: pulumi.Input[str] | None = None,
        default_workspace_role_id: pulumi.Input[str] | None = None,
        deletion_protection: pulumi.Input[bool] | None = None,
    ) -> None:
        """
        :param resource_name: Name of the resource in the program.
        :param opts: Pulumi's options.
        :param account_id: UUID of its account. Left out: that of the stack's address. A change replaces the object.
        :param name: Name of the workspace. Left out: the resource's logical name.
        :param handle: Its name in addresses, unique in the account.
        :param description: Free text. Default: "".
        :param default_workspace_role_id: UUID of the role that members of the account have in it.
        :param deletion_protection: Whether a deletion is refused. Set it to false and update, then delete. Not on
        Cloud. Default: true.
        """
        self._begin(
            resource_name,
            {
                "accountId": account_id,
                "name": name,
                "handle": handle,
                "description": description,
                "defaultWorkspaceRoleId": default_workspace_role_id,
                "deletionProtection": deletion_protection,
            },
            opts,
        )

    @staticmethod
    def get(resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> Workspace:
        """The existing object of that `id`: the server's UUID or handle. Pulumi does not manage it."""
        return read(Workspace, resource_name, id, opts)

    @property
    @pulumi.getter(name="accountId")
    def account_id(self) -> pulumi.Output[str | None]:
        """UUID of its account. Left out: that of the stack's address. A change replaces the object."""
        return self._output("accountId")

    @property
    @pulumi.getter(name="name")
    def name(self) -> pulumi.Output[str]:
        """Name of the workspace. Left out: the resource's logical name."""
        return self._output("name")

    @property
    @pulumi.getter(name="handle")
    def handle(self) -> pulumi.Output[str]:
        """Its name in addresses, unique in the account."""
        return self._output("handle")

    @property
    @pulumi.getter(name="description")
    def description(self) -> pulumi.Output[str]:
        """Free text. Default: ""."""
        return self._output("description")

    @property
    @pulumi.getter(name="defaultWorkspaceRoleId")
    def default_workspace_role_id(self) -> pulumi.Output[str | None]:
        """UUID of the role that members of the account have in it."""
        return self._output("defaultWorkspaceRoleId")

    @property
    @pulumi.getter(name="deletionProtection")
    def deletion_protection(self) -> pulumi.Output[bool]:
        """Whether a deletion is refused. Set it to false and update, then delete. Not on Cloud. Default: true."""
        return self._output("deletionProtection")

    @property
    @pulumi.getter(name="created")
    def created(self) -> pulumi.Output[str]:
        """When it was made (RFC 3339)."""
        return self._output("created")
