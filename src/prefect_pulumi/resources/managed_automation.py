# Generated from prefect_pulumi.models by tools/generate.py. Do not edit.

"""Resource `prefect:index:ManagedAutomation`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pulumi

from prefect_pulumi.resources._base import PrefectResource, read


class ManagedAutomation(PrefectResource):
    """An automation that Prefect Cloud keeps itself, such as the one that ends runs without a heartbeat.

    Example: `ManagedAutomation("zombies", type="zombie-cleanup")`
    """

    pulumi_type = "prefect:index:ManagedAutomation"
    _wire_names = MappingProxyType(
        {
            "account_id": "accountId",
            "workspace_id": "workspaceId",
            "type": "type",
            "enabled": "enabled",
            "settings": "settings",
            "created": "created",
        }
    )

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        type: pulumi.Input[str],
        account_id: pulumi.Input[str] | None = None,
        workspace_id: pulumi.Input[str] | None = None,
        enabled: pulumi.Input[bool] | None = None,
        settings: pulumi.Input[Mapping[str, Any]] | None = None,
    ) -> None:
        """
        :param resource_name: Name of the resource in the program.
        :param opts: Pulumi's options.
        :param account_id: UUID of its account. Left out: that of the stack's address. A change replaces the object.
        :param workspace_id: UUID of its workspace. Left out: that of the stack's address. A change replaces the
        object.
        :param type: Which of Cloud's automations. One of: zombie-cleanup, stuck-cancelling. A change replaces the
        object.
        :param enabled: Whether it acts. Default: true.
        :param settings: Its settings, in the words of its type. Left out: the type's own.
        """
        self._begin(
            resource_name,
            {
                "accountId": account_id,
                "workspaceId": workspace_id,
                "type": type,
                "enabled": enabled,
                "settings": settings,
            },
            opts,
        )

    @staticmethod
    def get(resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> ManagedAutomation:
        """The existing object of that `id`: the server's UUID or type. Pulumi does not manage it."""
        return read(ManagedAutomation, resource_name, id, opts)

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
    @pulumi.getter(name="type")
    def type(self) -> pulumi.Output[str]:
        """Which of Cloud's automations. One of: zombie-cleanup, stuck-cancelling. A change replaces the object."""
        return self._output("type")

    @property
    @pulumi.getter(name="enabled")
    def enabled(self) -> pulumi.Output[bool]:
        """Whether it acts. Default: true."""
        return self._output("enabled")

    @property
    @pulumi.getter(name="settings")
    def settings(self) -> pulumi.Output[dict[str, Any] | None]:
        """Its settings, in the words of its type. Left out: the type's own."""
        return self._output("settings")

    @property
    @pulumi.getter(name="created")
    def created(self) -> pulumi.Output[str]:
        """When it was made (RFC 3339)."""
        return self._output("created")
