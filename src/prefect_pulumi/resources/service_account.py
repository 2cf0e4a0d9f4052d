# Generated from prefect_pulumi.models by tools/generate.py. Do not edit.

"""Resource `prefect:index:ServiceAccount`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import pulumi

from prefect_pulumi.resources._base import PrefectResource, read


class ServiceAccount(PrefectResource):
    """A service account of the account, with one key. Cloud gives the key once; the state keeps it as a secret.

    Example: `ServiceAccount("ci", keepers={"rotated": "2026-11"})`
    """

    pulumi_type = "prefect:index:ServiceAccount"
    _wire_names = MappingProxyType(
        {
            "account_id": "accountId",
            "name": "name",
            "account_role_id": "accountRoleId",
            "api_key_expiration": "apiKeyExpiration",
            "keepers": "keepers",
            "old_key_seconds": "oldKeySeconds",
            "api_key": "apiKey",
            "api_key_id": "apiKeyId",
            "actor_id": "actorId",
            "key_lost": "keyLost",
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
        account_role_id: pulumi.Input[str] | None = None,
        api_key_expiration: pulumi.Input[str] | None = None,
        keepers: pulumi.Input[Mapping[str, pulumi.Input[str]]] | None = None,
        old_key_seconds: pulumi.Input[int] | None = None,
    ) -> None:
        """
        :param resource_name: Name of the resource in the program.
        :param opts: Pulumi's options.
        :param account_id: UUID of its account. Left out: that of the stack's address. A change replaces the object.
        :param name: Name of the service account. Left out: the resource's logical name.
        :param account_role_id: UUID of its role in the account. Left out: Cloud's default.
        :param api_key_expiration: Moment (RFC 3339) when the key ends; none: never. A change rotates the key.
        :param keepers: Free values; a change rotates the key. Not on Cloud.
        :param old_key_seconds: Seconds (up to 172800) that the old key is taken after a rotation. Not on Cloud.
        Default: 0.
        """
        self._begin(
            resource_name,
            {
                "accountId": account_id,
                "name": name,
                "accountRoleId": account_role_id,
                "apiKeyExpiration": api_key_expiration,
                "keepers": keepers,
                "oldKeySeconds": old_key_seconds,
            },
            opts,
        )

    @staticmethod
    def get(resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> ServiceAccount:
        """The existing object of that `id`: the server's UUID or name. Pulumi does not manage it."""
        return read(ServiceAccount, resource_name, id, opts)

    @property
    @pulumi.getter(name="accountId")
    def account_id(self) -> pulumi.Output[str | None]:
        """UUID of its account. Left out: that of the stack's address. A change replaces the object."""
        return self._output("accountId")

    @property
    @pulumi.getter(name="name")
    def name(self) -> pulumi.Output[str]:
        """Name of the service account. Left out: the resource's logical name."""
        return self._output("name")

    @property
    @pulumi.getter(name="accountRoleId")
    def account_role_id(self) -> pulumi.Output[str | None]:
        """UUID of its role in the account. Left out: Cloud's default."""
        return self._output("accountRoleId")

    @property
    @pulumi.getter(name="apiKeyExpiration")
    def api_key_expiration(self) -> pulumi.Output[str | None]:
        """Moment (RFC 3339) when the key ends; none: never. A change rotates the key."""
        return self._output("apiKeyExpiration")

    @property
    @pulumi.getter(name="keepers")
    def keepers(self) -> pulumi.Output[dict[str, str]]:
        """Free values; a change rotates the key. Not on Cloud."""
        return self._output("keepers")

    @property
    @pulumi.getter(name="oldKeySeconds")
    def old_key_seconds(self) -> pulumi.Output[int]:
        """Seconds (up to 172800) that the old key is taken after a rotation. Not on Cloud. Default: 0."""
        return self._output("oldKeySeconds")

    @property
    @pulumi.getter(name="apiKey")
    def api_key(self) -> pulumi.Output[str]:
        """The key. Secret."""
        return self._output("apiKey")

    @property
    @pulumi.getter(name="apiKeyId")
    def api_key_id(self) -> pulumi.Output[str]:
        """UUID of the key."""
        return self._output("apiKeyId")

    @property
    @pulumi.getter(name="actorId")
    def actor_id(self) -> pulumi.Output[str]:
        """UUID by which access lists name it."""
        return self._output("actorId")

    @property
    @pulumi.getter(name="keyLost")
    def key_lost(self) -> pulumi.Output[bool]:
        """Whether the key on Cloud is not the one that the state has."""
        return self._output("keyLost")

    @property
    @pulumi.getter(name="created")
    def created(self) -> pulumi.Output[str]:
        """When it was made (RFC 3339)."""
        return self._output("created")
