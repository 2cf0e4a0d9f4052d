# Generated from prefect_pulumi.models by tools/generate.py. Do not edit.

"""Resource `prefect:index:WorkspaceRole`."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

import pulumi

from prefect_pulumi.resources._base import PrefectResource, read


class WorkspaceRole(PrefectResource):
    """A role that the account gives in its workspaces: a set of scopes.

    Example: `WorkspaceRole("deployer", scopes=["see_flows", "run_flows"])`
    """

    pulumi_type = "prefect:index:WorkspaceRole"
    _wire_names = MappingProxyType(
        {
            "account_id": "accountId",
            "name": "name",
            "description": "description",
            "scopes": "scopes",
            "inherited_role_id": "inheritedRoleId",
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
        scopes: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        inherited_role_id: pulumi.Input[str] | None = None,
    ) -> None:
        """
        :param resource_name: Name of the resource in the program.
        :param opts: Pulumi's options.
        :param account_id: UUID of its account. Left out: that of the stack's address. A change replaces the object.
        :param name: Name of the role. Left out: the resource's logical name.
        :param description: Free text. Default: "".
        :param scopes: Scopes, as `GET /api/workspace_scopes` names them.
        :param inherited_role_id: UUID of the role whose scopes it has too.
        """
        self._begin(
            resource_name,
            {
                "accountId": account_id,
                "name": name,
                "description": description,
                "scopes": scopes,
                "inheritedRoleId": inherited_role_id,
            },
            opts,
        )

    @staticmethod
    def get(resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> WorkspaceRole:
        """The existing object of that `id`: the server's UUID or name. Pulumi does not manage it."""
        return read(WorkspaceRole, resource_name, id, opts)

    @property
    @pulumi.getter(name="accountId")
    def account_id(self) -> pulumi.Output[str | None]:
        """UUID of its account. Left out: that of the stack's address. A change replaces the object."""
        return self._output("accountId")

    @property
    @pulumi.getter(name="name")
    def name(self) -> pulumi.Output[str]:
        """Name of the role. Left out: the resource's logical name."""
        return self._output("name")

    @property
    @pulumi.getter(name="description")
    def description(self) -> pulumi.Output[str]:
        """Free text. Default: ""."""
        return self._output("description")

    @property
    @pulumi.getter(name="scopes")
    def scopes(self) -> pulumi.Output[list[str]]:
        """Scopes, as `GET /api/workspace_scopes` names them."""
        return self._output("scopes")

    @property
    @pulumi.getter(name="inheritedRoleId")
    def inherited_role_id(self) -> pulumi.Output[str | None]:
        """UUID of the role whose scopes it has too."""
        return self._output("inheritedRoleId")

    @property
    @pulumi.getter(name="created")
    def created(self) -> pulumi.Output[str]:
        """When it was made (RFC 3339)."""
        return self._output("created")
