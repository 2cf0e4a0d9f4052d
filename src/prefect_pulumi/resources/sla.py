# Generated from prefect_pulumi.models by tools/generate.py. Do not edit.

"""Resource `prefect:index:Sla`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import pulumi

from prefect_pulumi.resources._base import PrefectResource, read


class Sla(PrefectResource):
    """The service level agreements of a deployment. They are written as a whole: those that are not listed go.

    Example: `Sla("daily", deployment_id=daily.id, slas=[{"name": "in-time", "duration": 600}])`
    """

    pulumi_type = "prefect:index:Sla"
    _wire_names = MappingProxyType(
        {"account_id": "accountId", "workspace_id": "workspaceId", "deployment_id": "deploymentId", "slas": "slas"}
    )

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        deployment_id: pulumi.Input[str],
        slas: pulumi.Input[Sequence[Mapping[str, Any]]],
        account_id: pulumi.Input[str] | None = None,
        workspace_id: pulumi.Input[str] | None = None,
    ) -> None:
        """
        :param resource_name: Name of the resource in the program.
        :param opts: Pulumi's options.
        :param account_id: UUID of its account. Left out: that of the stack's address. A change replaces the object.
        :param workspace_id: UUID of its workspace. Left out: that of the stack's address. A change replaces the
        object.
        :param deployment_id: UUID of the deployment. A change replaces the object.
        :param slas: The agreements: name, severity, enabled, and one of duration, stale_after, within (seconds);
        expected_event and resource_match beside within.
        """
        self._begin(
            resource_name,
            {"accountId": account_id, "workspaceId": workspace_id, "deploymentId": deployment_id, "slas": slas},
            opts,
        )

    @staticmethod
    def get(resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> Sla:
        """The existing object of that `id`: the server's UUID or flow/deployment. Pulumi does not manage it."""
        return read(Sla, resource_name, id, opts)

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
    @pulumi.getter(name="deploymentId")
    def deployment_id(self) -> pulumi.Output[str]:
        """UUID of the deployment. A change replaces the object."""
        return self._output("deploymentId")

    @property
    @pulumi.getter(name="slas")
    def slas(self) -> pulumi.Output[list[dict[str, Any]]]:
        """The agreements: name, severity, enabled, and one of duration, stale_after, within (seconds); expected_event
        and resource_match beside within."""
        return self._output("slas")
