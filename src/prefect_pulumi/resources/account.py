# Generated from prefect_pulumi.models by tools/generate.py. Do not edit.

"""Resource `prefect:index:Account`."""

from __future__ import annotations

from types import MappingProxyType

import pulumi

from prefect_pulumi.resources._base import PrefectResource, read


class Account(PrefectResource):
    """The account itself and its settings.

    Example: `Account("acme", handle="acme", billing_email="billing@example.com")`
    """

    pulumi_type = "prefect:index:Account"
    _wire_names = MappingProxyType(
        {
            "account_id": "accountId",
            "name": "name",
            "handle": "handle",
            "location": "location",
            "link": "link",
            "billing_email": "billingEmail",
            "auth_expiration_seconds": "authExpirationSeconds",
            "allow_public_workspaces": "allowPublicWorkspaces",
            "ai_log_summaries": "aiLogSummaries",
            "managed_execution": "managedExecution",
            "enforce_ip_allowlist": "enforceIpAllowlist",
            "enforce_webhook_authentication": "enforceWebhookAuthentication",
            "self_healing_enabled": "selfHealingEnabled",
            "plan_tier": "planTier",
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
        handle: pulumi.Input[str] | None = None,
        location: pulumi.Input[str] | None = None,
        link: pulumi.Input[str] | None = None,
        billing_email: pulumi.Input[str] | None = None,
        auth_expiration_seconds: pulumi.Input[int] | None = None,
        allow_public_workspaces: pulumi.Input[bool] | None = None,
        ai_log_summaries: pulumi.Input[bool] | None = None,
        managed_execution: pulumi.Input[bool] | None = None,
        enforce_ip_allowlist: pulumi.Input[bool] | None = None,
        enforce_webhook_authentication: pulumi.Input[bool] | None = None,
        self_healing_enabled: pulumi.Input[bool] | None = None,
    ) -> None:
        """
        :param resource_name: Name of the resource in the program.
        :param opts: Pulumi's options.
        :param account_id: UUID of its account. Left out: that of the stack's address. A change replaces the object.
        :param name: Name of the account. Left out: the resource's logical name.
        :param handle: Its name in addresses. Left out: as it is.
        :param location: Where it is.
        :param link: Its page.
        :param billing_email: Where invoices go.
        :param auth_expiration_seconds: Seconds after which a sign-in ends.
        :param allow_public_workspaces: Whether workspaces may be public. Left out, as every setting below: as it is.
        :param ai_log_summaries: Whether logs of failed runs are summed up.
        :param managed_execution: Whether managed pools may run flows.
        :param enforce_ip_allowlist: Whether the list of IP addresses holds.
        :param enforce_webhook_authentication: Whether each webhook needs a service account.
        :param self_healing_enabled: Whether failed runs may be repaired.
        """
        self._begin(
            resource_name,
            {
                "accountId": account_id,
                "name": name,
                "handle": handle,
                "location": location,
                "link": link,
                "billingEmail": billing_email,
                "authExpirationSeconds": auth_expiration_seconds,
                "allowPublicWorkspaces": allow_public_workspaces,
                "aiLogSummaries": ai_log_summaries,
                "managedExecution": managed_execution,
                "enforceIpAllowlist": enforce_ip_allowlist,
                "enforceWebhookAuthentication": enforce_webhook_authentication,
                "selfHealingEnabled": self_healing_enabled,
            },
            opts,
        )

    @staticmethod
    def get(resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> Account:
        """The existing object of that `id`: the server's UUID or handle. Pulumi does not manage it."""
        return read(Account, resource_name, id, opts)

    @property
    @pulumi.getter(name="accountId")
    def account_id(self) -> pulumi.Output[str | None]:
        """UUID of its account. Left out: that of the stack's address. A change replaces the object."""
        return self._output("accountId")

    @property
    @pulumi.getter(name="name")
    def name(self) -> pulumi.Output[str]:
        """Name of the account. Left out: the resource's logical name."""
        return self._output("name")

    @property
    @pulumi.getter(name="handle")
    def handle(self) -> pulumi.Output[str | None]:
        """Its name in addresses. Left out: as it is."""
        return self._output("handle")

    @property
    @pulumi.getter(name="location")
    def location(self) -> pulumi.Output[str | None]:
        """Where it is."""
        return self._output("location")

    @property
    @pulumi.getter(name="link")
    def link(self) -> pulumi.Output[str | None]:
        """Its page."""
        return self._output("link")

    @property
    @pulumi.getter(name="billingEmail")
    def billing_email(self) -> pulumi.Output[str | None]:
        """Where invoices go."""
        return self._output("billingEmail")

    @property
    @pulumi.getter(name="authExpirationSeconds")
    def auth_expiration_seconds(self) -> pulumi.Output[int | None]:
        """Seconds after which a sign-in ends."""
        return self._output("authExpirationSeconds")

    @property
    @pulumi.getter(name="allowPublicWorkspaces")
    def allow_public_workspaces(self) -> pulumi.Output[bool | None]:
        """Whether workspaces may be public. Left out, as every setting below: as it is."""
        return self._output("allowPublicWorkspaces")

    @property
    @pulumi.getter(name="aiLogSummaries")
    def ai_log_summaries(self) -> pulumi.Output[bool | None]:
        """Whether logs of failed runs are summed up."""
        return self._output("aiLogSummaries")

    @property
    @pulumi.getter(name="managedExecution")
    def managed_execution(self) -> pulumi.Output[bool | None]:
        """Whether managed pools may run flows."""
        return self._output("managedExecution")

    @property
    @pulumi.getter(name="enforceIpAllowlist")
    def enforce_ip_allowlist(self) -> pulumi.Output[bool | None]:
        """Whether the list of IP addresses holds."""
        return self._output("enforceIpAllowlist")

    @property
    @pulumi.getter(name="enforceWebhookAuthentication")
    def enforce_webhook_authentication(self) -> pulumi.Output[bool | None]:
        """Whether each webhook needs a service account."""
        return self._output("enforceWebhookAuthentication")

    @property
    @pulumi.getter(name="selfHealingEnabled")
    def self_healing_enabled(self) -> pulumi.Output[bool | None]:
        """Whether failed runs may be repaired."""
        return self._output("selfHealingEnabled")

    @property
    @pulumi.getter(name="planTier")
    def plan_tier(self) -> pulumi.Output[str]:
        """Tier of its plan."""
        return self._output("planTier")

    @property
    @pulumi.getter(name="created")
    def created(self) -> pulumi.Output[str]:
        """When it was made (RFC 3339)."""
        return self._output("created")
