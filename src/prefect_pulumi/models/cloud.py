"""Kinds that only Prefect Cloud has (its OpenAPI document: webhooks, service accounts, teams, workspace roles), and
where an object of Cloud is: in an account, most in one of its workspaces."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import AfterValidator, Field, WithJsonSchema

from prefect_pulumi.models.base import Kind, Meta
from prefect_pulumi.models.names import FreeName

CHECKED = "Checked against Prefect Cloud's contract of 2026-05-02, not against Prefect Cloud."
REFUSED = "Prefect Cloud only: refused at preview on a self-hosted server."

Created = Annotated[str | None, Meta(output=True)]
Keepers = dict[str, str]


def _moment(value: str) -> str:
    try:
        zone = datetime.fromisoformat(value).tzinfo
    except ValueError as error:
        raise ValueError(f"{value!r} is no date and time such as '2027-01-01T00:00:00+00:00'") from error
    if zone is None:
        raise ValueError(f"{value!r} has no time zone; write '{value}+00:00' or another one")
    return value


Moment = Annotated[str, AfterValidator(_moment)]


def _uuid(value: str) -> str:
    try:
        return str(UUID(value))
    except ValueError as error:
        raise ValueError(f"{value!r} is no UUID") from error


Uuid = Annotated[str, AfterValidator(_uuid), WithJsonSchema({"type": "string", "format": "uuid"})]


class AccountKind(Kind):
    """An object of an account."""

    account_id: Annotated[Uuid | None, Meta(server_default=True, replaces=True)] = Field(
        default=None, description="UUID of its account. Left out: that of the stack's address."
    )


class WorkspaceKind(AccountKind):
    """An object of a workspace."""

    workspace_id: Annotated[Uuid | None, Meta(server_default=True, replaces=True)] = Field(
        default=None, description="UUID of its workspace. Left out: that of the stack's address."
    )


class Webhook(WorkspaceKind):
    """An address of Prefect Cloud that turns requests into events. Its URL is the credential."""

    kind: ClassVar[str] = "Webhook"
    faults: ClassVar[tuple[str, ...]] = (
        REFUSED,
        CHECKED,
        "A webhook of that name is refused, with the command that imports it.",
        "An import by a name that several webhooks have asks for the UUID.",
    )
    example: ClassVar[str] = """Webhook("orders", template='{"event": "order.placed", "resource": {}}')"""

    name: Annotated[FreeName, Meta(logical_name=True)] = Field(description="Name of the webhook.")
    description: str = Field(default="", max_length=5000, description="Free text.")
    enabled: bool = Field(default=True, description="Whether it takes requests.")
    template: str = Field(max_length=30000, description="Jinja template of the event that a request becomes.")
    service_account_id: str | None = Field(
        default=None, description="UUID of the service account whose key a request must bring."
    )
    keepers: Keepers = Field(
        default_factory=dict,
        description="Free values; a change gives it a new URL, and the old one ends. Not on Cloud.",
    )
    url: Annotated[str | None, Meta(output=True, secret=True)] = Field(default=None, description="Where requests go.")
    created: Created = Field(default=None, description="When it was made (RFC 3339).")


class Team(AccountKind):
    """A team of the account."""

    kind: ClassVar[str] = "Team"
    faults: ClassVar[tuple[str, ...]] = (
        REFUSED,
        CHECKED,
        "A team of that name is refused, with the command that imports it.",
    )
    example: ClassVar[str] = 'Team("data-platform", description="Runs the pools")'

    name: Annotated[FreeName, Meta(logical_name=True)] = Field(description="Name of the team.")
    description: str = Field(default="", max_length=5000, description="Free text.")
    directory_group_id: Annotated[str | None, Meta(output=True)] = Field(
        default=None, description="Group of the account's directory whose members it has; kept as it is."
    )
    created: Created = Field(default=None, description="When it was made (RFC 3339).")


class WorkspaceRole(AccountKind):
    """A role that the account gives in its workspaces: a set of scopes."""

    kind: ClassVar[str] = "WorkspaceRole"
    faults: ClassVar[tuple[str, ...]] = (
        REFUSED,
        CHECKED,
        "A scope that Prefect Cloud does not know is refused at preview.",
        "A role of that name is refused, with the command that imports it.",
    )
    example: ClassVar[str] = 'WorkspaceRole("deployer", scopes=["see_flows", "run_flows"])'

    name: Annotated[FreeName, Meta(logical_name=True)] = Field(description="Name of the role.")
    description: str = Field(default="", max_length=140, description="Free text.")
    scopes: list[str] = Field(default_factory=list, description="Scopes, as `GET /api/workspace_scopes` names them.")
    inherited_role_id: str | None = Field(default=None, description="UUID of the role whose scopes it has too.")
    created: Created = Field(default=None, description="When it was made (RFC 3339).")


class ServiceAccount(AccountKind):
    """A service account of the account, with one key. Cloud gives the key once; the state keeps it as a secret."""

    kind: ClassVar[str] = "ServiceAccount"
    faults: ClassVar[tuple[str, ...]] = (
        REFUSED,
        CHECKED,
        "A service account of that name is refused, with the command that imports it.",
        "A key rotated outside is drift; the next update rotates it again, so that the state has it.",
        "An import cannot read the key: `apiKey` is there after the next rotation.",
    )
    example: ClassVar[str] = 'ServiceAccount("ci", keepers={"rotated": "2026-11"})'

    name: Annotated[FreeName, Meta(logical_name=True)] = Field(description="Name of the service account.")
    account_role_id: Annotated[str | None, Meta(server_default=True)] = Field(
        default=None, description="UUID of its role in the account. Left out: Cloud's default."
    )
    api_key_expiration: Moment | None = Field(
        default=None, description="Moment (RFC 3339) when the key ends; none: never. A change rotates the key."
    )
    keepers: Keepers = Field(default_factory=dict, description="Free values; a change rotates the key. Not on Cloud.")
    old_key_seconds: Annotated[int, Field(ge=0, le=172800)] = Field(
        default=0, description="Seconds (up to 172800) that the old key is taken after a rotation. Not on Cloud."
    )
    api_key: Annotated[str | None, Meta(output=True, secret=True)] = Field(default=None, description="The key.")
    api_key_id: Annotated[str | None, Meta(output=True)] = Field(default=None, description="UUID of the key.")
    actor_id: Annotated[str | None, Meta(output=True)] = Field(
        default=None, description="UUID by which access lists name it."
    )
    key_lost: Annotated[bool, Meta(output=True)] = Field(
        default=False, description="Whether the key on Cloud is not the one that the state has."
    )
    created: Created = Field(default=None, description="When it was made (RFC 3339).")
