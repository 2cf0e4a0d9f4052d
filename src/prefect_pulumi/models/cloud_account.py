"""The account on Prefect Cloud: workspaces, members, its own settings, and what is only read of it."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from prefect_pulumi.models.base import Meta
from prefect_pulumi.models.cloud import CHECKED, REFUSED, AccountKind, Created, Keepers, Moment, Uuid
from prefect_pulumi.models.names import FreeName

Text = Annotated[str, Field(max_length=5000)]
IMPORT_ONLY = "It is imported, never created, and its deletion leaves it as it is."


def _handle(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9-]+", value):
        raise ValueError(f"the handle {value!r} must hold only lower-case letters, digits and dashes")
    return value


Handle = Annotated[str, AfterValidator(_handle), Field(max_length=5000)]


class Workspace(AccountKind):
    """A workspace of the account. Its deletion deletes everything in it."""

    kind: ClassVar[str] = "Workspace"
    import_id: ClassVar[str] = "handle"
    faults: ClassVar[tuple[str, ...]] = (
        REFUSED,
        CHECKED,
        "A workspace of that handle is refused, with the command that imports it.",
        "A deletion is refused while `deletion_protection` is on, as it is by default.",
    )
    example: ClassVar[str] = 'Workspace("staging", handle="staging", description="Rehearses releases")'

    name: Annotated[FreeName, Meta(logical_name=True)] = Field(max_length=5000, description="Name of the workspace.")
    handle: Handle = Field(description="Its name in addresses, unique in the account.")
    description: Text = Field(default="", description="Free text.")
    default_workspace_role_id: Uuid | None = Field(
        default=None, description="UUID of the role that members of the account have in it."
    )
    deletion_protection: bool = Field(
        default=True,
        description="Whether a deletion is refused. Set it to false and update, then delete. Not on Cloud.",
    )
    created: Created = Field(default=None, description="When it was made (RFC 3339).")


class AccountMember(AccountKind):
    """A user of the account: the role there, and whether the user may sign in."""

    kind: ClassVar[str] = "AccountMember"
    import_id: ClassVar[str] = "email"
    faults: ClassVar[tuple[str, ...]] = (
        REFUSED,
        CHECKED,
        f"{IMPORT_ONLY} Prefect Cloud invites users.",
        "A role that the account does not have ends the update before anything is written.",
    )
    example: ClassVar[str] = 'AccountMember("ada@example.com", role="Member")'

    email: Annotated[str, Meta(logical_name=True, replaces=True)] = Field(
        min_length=1, description="Email of the user, or the handle."
    )
    role: Annotated[str | None, Meta(server_default=True)] = Field(
        default=None, min_length=1, description="Name or UUID of the role in the account. Left out: as it is."
    )
    active: bool = Field(default=True, description="Whether the user may sign in.")
    handle: Annotated[str | None, Meta(output=True)] = Field(default=None, description="Handle of the user.")
    user_id: Annotated[str | None, Meta(output=True)] = Field(default=None, description="UUID of the user.")
    actor_id: Annotated[str | None, Meta(output=True)] = Field(
        default=None, description="UUID by which access lists name the user."
    )
    role_id: Annotated[str | None, Meta(output=True)] = Field(default=None, description="UUID of the role.")


class UserApiKey(AccountKind):
    """An API key of a user. Cloud gives the key once; the state keeps it as a secret."""

    kind: ClassVar[str] = "UserApiKey"
    import_id: ClassVar[str] = "user/name"
    faults: ClassVar[tuple[str, ...]] = (
        REFUSED,
        CHECKED,
        "A user that the account does not have ends the update before anything is written.",
        "An import cannot read the key: `apiKey` is there after the next replacement.",
    )
    example: ClassVar[str] = 'UserApiKey("laptop", user="ada@example.com", keepers={"issued": "2026-11"})'

    name: Annotated[FreeName, Meta(logical_name=True, replaces=True)] = Field(
        max_length=5000, description="Name of the key."
    )
    user: Annotated[str, Meta(replaces=True)] = Field(
        min_length=1, description="Email, handle, name or UUID of the user."
    )
    expiration: Annotated[Moment | None, Meta(replaces=True)] = Field(
        default=None, description="Moment (RFC 3339) when it ends; none: never."
    )
    keepers: Annotated[Keepers, Meta(replaces=True)] = Field(
        default_factory=dict,
        description="Free values; a change makes a new key and then deletes the old one. Not on Cloud.",
    )
    api_key: Annotated[str | None, Meta(output=True, secret=True)] = Field(default=None, description="The key.")
    user_id: Annotated[str | None, Meta(output=True)] = Field(default=None, description="UUID of the user.")
    key_lost: Annotated[bool, Meta(output=True)] = Field(
        default=False, description="Whether its creation was not answered, so that nobody has it."
    )
    created: Created = Field(default=None, description="When it was made (RFC 3339).")


class Account(AccountKind):
    """The account itself and its settings."""

    kind: ClassVar[str] = "Account"
    import_id: ClassVar[str] = "handle"
    faults: ClassVar[tuple[str, ...]] = (REFUSED, CHECKED, IMPORT_ONLY)
    example: ClassVar[str] = 'Account("acme", handle="acme", billing_email="billing@example.com")'

    name: Annotated[FreeName, Meta(logical_name=True)] = Field(max_length=5000, description="Name of the account.")
    handle: Annotated[Handle | None, Meta(server_default=True)] = Field(
        default=None, description="Its name in addresses. Left out: as it is."
    )
    location: Annotated[Text | None, Meta(server_default=True)] = Field(default=None, description="Where it is.")
    link: Annotated[Text | None, Meta(server_default=True)] = Field(default=None, description="Its page.")
    billing_email: Annotated[Text | None, Meta(server_default=True)] = Field(
        default=None, description="Where invoices go."
    )
    auth_expiration_seconds: Annotated[int | None, Meta(server_default=True)] = Field(
        default=None, ge=0, description="Seconds after which a sign-in ends."
    )
    allow_public_workspaces: Annotated[bool | None, Meta(server_default=True)] = Field(
        default=None, description="Whether workspaces may be public. Left out, as every setting below: as it is."
    )
    ai_log_summaries: Annotated[bool | None, Meta(server_default=True)] = Field(
        default=None, description="Whether logs of failed runs are summed up."
    )
    managed_execution: Annotated[bool | None, Meta(server_default=True)] = Field(
        default=None, description="Whether managed pools may run flows."
    )
    enforce_ip_allowlist: Annotated[bool | None, Meta(server_default=True)] = Field(
        default=None, description="Whether the list of IP addresses holds."
    )
    enforce_webhook_authentication: Annotated[bool | None, Meta(server_default=True)] = Field(
        default=None, description="Whether each webhook needs a service account."
    )
    self_healing_enabled: Annotated[bool | None, Meta(server_default=True)] = Field(
        default=None, description="Whether failed runs may be repaired."
    )
    plan_tier: Annotated[str | None, Meta(output=True)] = Field(default=None, description="Tier of its plan.")
    created: Created = Field(default=None, description="When it was made (RFC 3339).")


class AccountRole(AccountKind):
    """A role of the account, only read."""

    kind: ClassVar[str] = "AccountRole"

    name: Annotated[str, Meta(output=True)] = Field(default="", description="Name of the role.")
    permissions: Annotated[list[str], Meta(output=True)] = Field(default_factory=list, description="What it allows.")
    is_system_role: Annotated[bool, Meta(output=True)] = Field(
        default=False, description="Whether Prefect Cloud made it."
    )


class User(AccountKind):
    """A user of the account, only read."""

    kind: ClassVar[str] = "User"
    import_id: ClassVar[str] = "email or handle"

    email: Annotated[str | None, Meta(output=True)] = Field(default=None, description="Email of the user.")
    handle: Annotated[str | None, Meta(output=True)] = Field(default=None, description="Handle of the user.")
    first_name: Annotated[str | None, Meta(output=True)] = Field(default=None, description="First name.")
    last_name: Annotated[str | None, Meta(output=True)] = Field(default=None, description="Last name.")
    actor_id: Annotated[str | None, Meta(output=True)] = Field(
        default=None, description="UUID by which access lists name the user."
    )
    active: Annotated[bool, Meta(output=True)] = Field(default=True, description="Whether the user may sign in.")
