# Generated from prefect_pulumi.models by tools/generate.py. Do not edit.

"""Resource `prefect:index:BlockAccess`."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

import pulumi

from prefect_pulumi.resources._base import PrefectResource, read


class BlockAccess(PrefectResource):
    """Who may manage and see a block. The list is written as a whole.

    Example: `BlockAccess("token", block_document_id=token.id, manage=["user/ada@example.com"])`
    """

    pulumi_type = "prefect:index:BlockAccess"
    _wire_names = MappingProxyType(
        {
            "account_id": "accountId",
            "workspace_id": "workspaceId",
            "block_document_id": "blockDocumentId",
            "manage": "manage",
            "view": "view",
        }
    )

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        block_document_id: pulumi.Input[str],
        account_id: pulumi.Input[str] | None = None,
        workspace_id: pulumi.Input[str] | None = None,
        manage: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        view: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
    ) -> None:
        """
        :param resource_name: Name of the resource in the program.
        :param opts: Pulumi's options.
        :param account_id: UUID of its account. Left out: that of the stack's address. A change replaces the object.
        :param workspace_id: UUID of its workspace. Left out: that of the stack's address. A change replaces the
        object.
        :param block_document_id: UUID of the block. A change replaces the object.
        :param manage: Who may change it.
        :param view: Who may see it.
        """
        self._begin(
            resource_name,
            {
                "accountId": account_id,
                "workspaceId": workspace_id,
                "blockDocumentId": block_document_id,
                "manage": manage,
                "view": view,
            },
            opts,
        )

    @staticmethod
    def get(resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> BlockAccess:
        """The existing object of that `id`: the server's UUID or slug/name. Pulumi does not manage it."""
        return read(BlockAccess, resource_name, id, opts)

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
    @pulumi.getter(name="blockDocumentId")
    def block_document_id(self) -> pulumi.Output[str]:
        """UUID of the block. A change replaces the object."""
        return self._output("blockDocumentId")

    @property
    @pulumi.getter(name="manage")
    def manage(self) -> pulumi.Output[list[str]]:
        """Who may change it."""
        return self._output("manage")

    @property
    @pulumi.getter(name="view")
    def view(self) -> pulumi.Output[list[str]]:
        """Who may see it."""
        return self._output("view")
