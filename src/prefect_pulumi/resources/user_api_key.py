# Generated from prefect_pulumi.models by tools/generate.py. Do not edit.

"""Resource `prefect:index:UserApiKey`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import pulumi

from prefect_pulumi.resources._base import PrefectResource, read


class UserApiKey(PrefectResource):
    """An API key of a user. Cloud gives the key once; the state keeps it as a secret.

    Example: `UserApiKey("laptop", user="ada@example.com", keepers={"issued": "2026-11"})`
    """

    pulumi_type = "prefect:index:UserApiKey"
    _wire_names = MappingProxyType(
        {
            "account_id": "accountId",
            "name": "name",
            "user": "user",
            "expiration": "expiration",
            "keepers": "keepers",
            "api_key": "apiKey",
            "user_id": "userId",
            "key_lost": "keyLost",
            "created": "created",
        }
    )

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        user: pulumi.Input[str],
        account_id: pulumi.Input[str] | None = None,
        name: pulumi.Input[str] | None = None,
        expiration: pulumi.Input[str] | None = None,
        keepers: pulumi.Input[Mapping[str, pulumi.Input[str]]] | None = None,
    ) -> None:
        """
        :param resource_name: Name of the resource in the program.
        :param opts: Pulumi's options.
        :param account_id: UUID of its account. Left out: that of the stack's address. A change replaces the object.
        :param name: Name of the key. Left out: the resource's logical name. A change replaces the object.
        :param user: Email, handle, name or UUID of the user. A change replaces the object.
        :param expiration: Moment (RFC 3339) when it ends; none: never. A change replaces the object.
        :param keepers: Free values; a change makes a new key and then deletes the old one. Not on Cloud. A change
        replaces the object.
        """
        self._begin(
            resource_name,
            {"accountId": account_id, "name": name, "user": user, "expiration": expiration, "keepers": keepers},
            opts,
        )

    @staticmethod
    def get(resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> UserApiKey:
        """The existing object of that `id`: the server's UUID or user/name. Pulumi does not manage it."""
        return read(UserApiKey, resource_name, id, opts)

    @property
    @pulumi.getter(name="accountId")
    def account_id(self) -> pulumi.Output[str | None]:
        """UUID of its account. Left out: that of the stack's address. A change replaces the object."""
        return self._output("accountId")

    @property
    @pulumi.getter(name="name")
    def name(self) -> pulumi.Output[str]:
        """Name of the key. Left out: the resource's logical name. A change replaces the object."""
        return self._output("name")

    @property
    @pulumi.getter(name="user")
    def user(self) -> pulumi.Output[str]:
        """Email, handle, name or UUID of the user. A change replaces the object."""
        return self._output("user")

    @property
    @pulumi.getter(name="expiration")
    def expiration(self) -> pulumi.Output[str | None]:
        """Moment (RFC 3339) when it ends; none: never. A change replaces the object."""
        return self._output("expiration")

    @property
    @pulumi.getter(name="keepers")
    def keepers(self) -> pulumi.Output[dict[str, str]]:
        """Free values; a change makes a new key and then deletes the old one. Not on Cloud. A change replaces the
        object."""
        return self._output("keepers")

    @property
    @pulumi.getter(name="apiKey")
    def api_key(self) -> pulumi.Output[str]:
        """The key. Secret."""
        return self._output("apiKey")

    @property
    @pulumi.getter(name="userId")
    def user_id(self) -> pulumi.Output[str]:
        """UUID of the user."""
        return self._output("userId")

    @property
    @pulumi.getter(name="keyLost")
    def key_lost(self) -> pulumi.Output[bool]:
        """Whether its creation was not answered, so that nobody has it."""
        return self._output("keyLost")

    @property
    @pulumi.getter(name="created")
    def created(self) -> pulumi.Output[str]:
        """When it was made (RFC 3339)."""
        return self._output("created")
