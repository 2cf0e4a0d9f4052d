# Generated from prefect_pulumi.models by tools/generate.py. Do not edit.

"""Resource `prefect:index:Webhook`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import pulumi

from prefect_pulumi.resources._base import PrefectResource, read


class Webhook(PrefectResource):
    """An address of Prefect Cloud that turns requests into events. Its URL is the credential.

    Example: `Webhook("orders", template='{"event": "order.placed", "resource": {}}')`
    """

    pulumi_type = "prefect:index:Webhook"
    _wire_names = MappingProxyType(
        {
            "account_id": "accountId",
            "workspace_id": "workspaceId",
            "name": "name",
            "description": "description",
            "enabled": "enabled",
            "template": "template",
            "service_account_id": "serviceAccountId",
            "keepers": "keepers",
            "url": "url",
            "created": "created",
        }
    )

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        template: pulumi.Input[str],
        account_id: pulumi.Input[str] | None = None,
        workspace_id: pulumi.Input[str] | None = None,
        name: pulumi.Input[str] | None = None,
        description: pulumi.Input[str] | None = None,
        enabled: pulumi.Input[bool] | None = None,
        service_account_id: pulumi.Input[str] | None = None,
        keepers: pulumi.Input[Mapping[str, pulumi.Input[str]]] | None = None,
    ) -> None:
        """
        :param resource_name: Name of the resource in the program.
        :param opts: Pulumi's options.
        :param account_id: UUID of its account. Left out: that of the stack's address. A change replaces the object.
        :param workspace_id: UUID of its workspace. Left out: that of the stack's address. A change replaces the
        object.
        :param name: Name of the webhook. Left out: the resource's logical name.
        :param description: Free text. Default: "".
        :param enabled: Whether it takes requests. Default: true.
        :param template: Jinja template of the event that a request becomes.
        :param service_account_id: UUID of the service account whose key a request must bring.
        :param keepers: Free values; a change gives it a new URL, and the old one ends. Not on Cloud.
        """
        self._begin(
            resource_name,
            {
                "accountId": account_id,
                "workspaceId": workspace_id,
                "name": name,
                "description": description,
                "enabled": enabled,
                "template": template,
                "serviceAccountId": service_account_id,
                "keepers": keepers,
            },
            opts,
        )

    @staticmethod
    def get(resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> Webhook:
        """The existing object of that `id`: the server's UUID or name. Pulumi does not manage it."""
        return read(Webhook, resource_name, id, opts)

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
    @pulumi.getter(name="name")
    def name(self) -> pulumi.Output[str]:
        """Name of the webhook. Left out: the resource's logical name."""
        return self._output("name")

    @property
    @pulumi.getter(name="description")
    def description(self) -> pulumi.Output[str]:
        """Free text. Default: ""."""
        return self._output("description")

    @property
    @pulumi.getter(name="enabled")
    def enabled(self) -> pulumi.Output[bool]:
        """Whether it takes requests. Default: true."""
        return self._output("enabled")

    @property
    @pulumi.getter(name="template")
    def template(self) -> pulumi.Output[str]:
        """Jinja template of the event that a request becomes."""
        return self._output("template")

    @property
    @pulumi.getter(name="serviceAccountId")
    def service_account_id(self) -> pulumi.Output[str | None]:
        """UUID of the service account whose key a request must bring."""
        return self._output("serviceAccountId")

    @property
    @pulumi.getter(name="keepers")
    def keepers(self) -> pulumi.Output[dict[str, str]]:
        """Free values; a change gives it a new URL, and the old one ends. Not on Cloud."""
        return self._output("keepers")

    @property
    @pulumi.getter(name="url")
    def url(self) -> pulumi.Output[str]:
        """Where requests go. Secret."""
        return self._output("url")

    @property
    @pulumi.getter(name="created")
    def created(self) -> pulumi.Output[str]:
        """When it was made (RFC 3339)."""
        return self._output("created")
