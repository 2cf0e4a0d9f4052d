# Generated from prefect_pulumi.models by tools/generate.py. Do not edit.

"""Resource `prefect:index:TeamMember`."""

from __future__ import annotations

from types import MappingProxyType

import pulumi

from prefect_pulumi.resources._base import PrefectResource, read


class TeamMember(PrefectResource):
    """A user or a service account in a team.

    Example: `TeamMember("ada", team="data-platform", member="ada@example.com")`
    """

    pulumi_type = "prefect:index:TeamMember"
    _wire_names = MappingProxyType(
        {
            "account_id": "accountId",
            "team": "team",
            "member_type": "memberType",
            "member": "member",
            "actor_id": "actorId",
        }
    )

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        team: pulumi.Input[str],
        member: pulumi.Input[str],
        account_id: pulumi.Input[str] | None = None,
        member_type: pulumi.Input[str] | None = None,
    ) -> None:
        """
        :param resource_name: Name of the resource in the program.
        :param opts: Pulumi's options.
        :param account_id: UUID of its account. Left out: that of the stack's address. A change replaces the object.
        :param team: Name or UUID of the team. A change replaces the object.
        :param member_type: What the member is. Default: "user". One of: user, service_account. A change replaces the
        object.
        :param member: Email, handle or name of the user, name of the service account, or its UUID. A change replaces
        the object.
        """
        self._begin(
            resource_name, {"accountId": account_id, "team": team, "memberType": member_type, "member": member}, opts
        )

    @staticmethod
    def get(resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> TeamMember:
        """The existing object of that `id`: the server's UUID or team/member. Pulumi does not manage it."""
        return read(TeamMember, resource_name, id, opts)

    @property
    @pulumi.getter(name="accountId")
    def account_id(self) -> pulumi.Output[str | None]:
        """UUID of its account. Left out: that of the stack's address. A change replaces the object."""
        return self._output("accountId")

    @property
    @pulumi.getter(name="team")
    def team(self) -> pulumi.Output[str]:
        """Name or UUID of the team. A change replaces the object."""
        return self._output("team")

    @property
    @pulumi.getter(name="memberType")
    def member_type(self) -> pulumi.Output[str]:
        """What the member is. Default: "user". One of: user, service_account. A change replaces the object."""
        return self._output("memberType")

    @property
    @pulumi.getter(name="member")
    def member(self) -> pulumi.Output[str]:
        """Email, handle or name of the user, name of the service account, or its UUID. A change replaces the
        object."""
        return self._output("member")

    @property
    @pulumi.getter(name="actorId")
    def actor_id(self) -> pulumi.Output[str]:
        """UUID by which access lists name the member."""
        return self._output("actorId")
