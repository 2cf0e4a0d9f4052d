# Generated from prefect_pulumi.models by tools/generate.py. Do not edit.

"""Resource `prefect:index:WorkspaceAccess`."""

from __future__ import annotations

from types import MappingProxyType

import pulumi

from prefect_pulumi.resources._base import PrefectResource, read


class WorkspaceAccess(PrefectResource):
    """The role that a user, a service account or a team has in a workspace.

    Example: `WorkspaceAccess("ada", accessor_type="user", accessor="ada@example.com", role="Developer")`
    """

    pulumi_type = "prefect:index:WorkspaceAccess"
    _wire_names = MappingProxyType(
        {
            "account_id": "accountId",
            "workspace_id": "workspaceId",
            "accessor_type": "accessorType",
            "accessor": "accessor",
            "role": "role",
            "accessor_id": "accessorId",
            "role_id": "roleId",
            "created": "created",
        }
    )

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        accessor_type: pulumi.Input[str],
        accessor: pulumi.Input[str],
        role: pulumi.Input[str],
        account_id: pulumi.Input[str] | None = None,
        workspace_id: pulumi.Input[str] | None = None,
    ) -> None:
        """
        :param resource_name: Name of the resource in the program.
        :param opts: Pulumi's options.
        :param account_id: UUID of its account. Left out: that of the stack's address. A change replaces the object.
        :param workspace_id: UUID of its workspace. Left out: that of the stack's address. A change replaces the
        object.
        :param accessor_type: What the accessor is. One of: user, service_account, team. A change replaces the object.
        :param accessor: Email, handle or name of the user, name of the service account or team, or its UUID. A change
        replaces the object.
        :param role: Name or UUID of the workspace role, such as `Developer`.
        """
        self._begin(
            resource_name,
            {
                "accountId": account_id,
                "workspaceId": workspace_id,
                "accessorType": accessor_type,
                "accessor": accessor,
                "role": role,
            },
            opts,
        )

    @staticmethod
    def get(resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> WorkspaceAccess:
        """The existing object of that `id`: the server's UUID or type/accessor. Pulumi does not manage it."""
        return read(WorkspaceAccess, resource_name, id, opts)

    @property
    @pulumi.getter(name="accountId")
    def account_id(self) -> pulumi.Output[str | None]:
        """UUID of its account. Left out: that of the stack's address. A change replaces the object."""
        return self._output("accountId")

    @property
    @pulumi.getter(name="workspaceId")
    def workspace_id(self) -> pulumi.Output[str | None]:
        """UUID of its workspace. Left out: that of the stack's address. A change replaces the object."""
        return self._output("workspaceId")

    @property
    @pulumi.getter(name="accessorType")
    def accessor_type(self) -> pulumi.Output[str]:
        """What the accessor is. One of: user, service_account, team. A change replaces the object."""
        return self._output("accessorType")

    @property
    @pulumi.getter(name="accessor")
    def accessor(self) -> pulumi.Output[str]:
        """Email, handle or name of the user, name of the service account or team, or its UUID. A change replaces the
        object."""
        return self._output("accessor")

    @property
    @pulumi.getter(name="role")
    def role(self) -> pulumi.Output[str]:
        """Name or UUID of the workspace role, such as `Developer`."""
        return self._output("role")

    @property
    @pulumi.getter(name="accessorId")
    def accessor_id(self) -> pulumi.Output[str]:
        """UUID of the accessor."""
        return self._output("accessorId")

    @property
    @pulumi.getter(name="roleId")
    def role_id(self) -> pulumi.Output[str]:
        """UUID of the role."""
        return self._output("roleId")

    @property
    @pulumi.getter(name="created")
    def created(self) -> pulumi.Output[str]:
        """When it was made (RFC 3339)."""
        return self._output("created")
