# Generated from prefect_pulumi.models by tools/generate.py. Do not edit.

"""Resource `prefect:index:AccountMember`."""

from __future__ import annotations

from types import MappingProxyType

import pulumi

from prefect_pulumi.resources._base import PrefectResource, read


class AccountMember(PrefectResource):
    """A user of the account: the role there, and whether the user may sign in.

    Example: `AccountMember("ada@example.com", role="Member")`
    """

    pulumi_type = "prefect:index:AccountMember"
    _wire_names = MappingProxyType(
        {
            "account_id": "accountId",
            "email": "email",
            "role": "role",
            "active": "active",
            "handle": "handle",
            "user_id": "userId",
            "actor_id": "actorId",
            "role_id": "roleId",
        }
    )

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        account_id: pulumi.Input[str] | None = None,
        email: pulumi.Input[str] | None = None,
        role: pulumi.Input[str] | None = None,
        active: pulumi.Input[bool] | None = None,
    ) -> None:
        """
        :param resource_name: Name of the resource in the program.
        :param opts: Pulumi's options.
        :param account_id: UUID of its account. Left out: that of the stack's address. A change replaces the object.
        :param email: Email of the user, or the handle. Left out: the resource's logical name. A change replaces the
        object.
        :param role: Name or UUID of the role in the account. Left out: as it is.
        :param active: Whether the user may sign in. Default: true.
        """
        self._begin(resource_name, {"accountId": account_id, "email": email, "role": role, "active": active}, opts)

    @staticmethod
    def get(resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> AccountMember:
        """The existing object of that `id`: the server's UUID or email. Pulumi does not manage it."""
        return read(AccountMember, resource_name, id, opts)

    @property
    @pulumi.getter(name="accountId")
    def account_id(self) -> pulumi.Output[str | None]:
        """UUID of its account. Left out: that of the stack's address. A change replaces the object."""
        return self._output("accountId")

    @property
    @pulumi.getter(name="email")
    def email(self) -> pulumi.Output[str]:
        """Email of the user, or the handle. Left out: the resource's logical name. A change replaces the object."""
        return self._output("email")

    @property
    @pulumi.getter(name="role")
    def role(self) -> pulumi.Output[str | None]:
        """Name or UUID of the role in the account. Left out: as it is."""
        return self._output("role")

    @property
    @pulumi.getter(name="active")
    def active(self) -> pulumi.Output[bool]:
        """Whether the user may sign in. Default: true."""
        return self._output("active")

    @property
    @pulumi.getter(name="handle")
    def handle(self) -> pulumi.Output[str]:
        """Handle of the user."""
        return self._output("handle")

    @property
    @pulumi.getter(name="userId")
    def user_id(self) -> pulumi.Output[str]:
        """UUID of the user."""
        return self._output("userId")

    @property
    @pulumi.getter(name="actorId")
    def actor_id(self) -> pulumi.Output[str]:
        """UUID by which access lists name the user."""
        return self._output("actorId")

    @property
    @pulumi.getter(name="roleId")
    def role_id(self) -> pulumi.Output[str]:
        """UUID of the role."""
        return self._output("roleId")
