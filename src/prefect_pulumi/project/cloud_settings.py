"""What only Prefect Cloud has, as a stack file declares it by name."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, JsonValue

from prefect_pulumi.models import ServiceAccount, WorkspaceAccess
from prefect_pulumi.models.cloud_access import Actors
from prefect_pulumi.models.cloud_account import Handle
from prefect_pulumi.models.cloud_agreements import Agreement
from prefect_pulumi.project.secret_settings import STRICT

Name = Annotated[str, Field(min_length=1)]


class Settings(BaseModel):
    model_config = STRICT


def _accessor(value: str) -> str:
    kind, _, name = value.partition("/")
    if not name or WorkspaceAccess.check({"accessorType": kind, "accessor": name, "role": "Viewer"}):
        raise ValueError(f"{value!r} names nobody; give user/EMAIL, service_account/NAME or team/NAME")
    return value


def _member(value: str) -> str:
    if _accessor(value).startswith("team/"):
        raise ValueError(f"{value!r}: a team has no teams in it; give user/EMAIL or service_account/NAME")
    return value


def _moment(value: str) -> str:
    faults = ServiceAccount.check({"name": "bot", "apiKeyExpiration": value})
    if faults:
        raise ValueError(faults[0].reason)
    return value


Accessor = Annotated[str, AfterValidator(_accessor)]
Member = Annotated[str, AfterValidator(_member)]


class WebhookSettings(Settings):
    """A webhook of Prefect Cloud."""

    template: str = Field(max_length=30000, description="Jinja template of the event that a request becomes.")
    description: str = Field(default="", max_length=5000, description="Free text.")
    enabled: bool = Field(default=True, description="Whether it takes requests.")
    service_account: Name | None = Field(
        default=None, description="Service account whose key a request must bring.", examples=["ci"]
    )
    keepers: dict[str, str] = Field(default={}, description="Free values; a change gives it a new URL.")


class ServiceAccountSettings(Settings):
    """A service account of the account on Prefect Cloud. Its key is an output, kept as a secret."""

    account_role: Name | None = Field(default=None, description="Its role in the account.", examples=["Member"])
    api_key_expiration: Annotated[str, AfterValidator(_moment)] | None = Field(
        default=None, description="Moment (RFC 3339) when the key ends; none: never.", examples=["2027-01-01T00:00:00Z"]
    )
    keepers: dict[str, str] = Field(default={}, description="Free values; a change rotates the key.")
    old_key_seconds: Annotated[int, Field(ge=0, le=172800)] = Field(
        default=0, description="Seconds that the old key is taken after a rotation."
    )


class TeamSettings(Settings):
    """A team of the account on Prefect Cloud."""

    description: str = Field(default="", max_length=5000, description="Free text.")
    members: list[Member] = Field(
        default=[],
        description="`user/EMAIL` and `service_account/NAME`; others may be in it.",
        examples=[["user/ada@example.com"]],
    )


class WorkspaceRoleSettings(Settings):
    """A role that the account on Prefect Cloud gives in its workspaces."""

    description: str = Field(default="", max_length=140, description="Free text.")
    scopes: list[str] = Field(default=[], description="What it allows.", examples=[["see_flows", "run_flows"]])
    inherited_role: Name | None = Field(default=None, description="Role whose scopes it has too.", examples=["Viewer"])


class WorkspaceSettings(Settings):
    """Another workspace of the account on Prefect Cloud."""

    name: Name | None = Field(default=None, description="Name that is shown; none: the handle.")
    description: str = Field(default="", max_length=5000, description="Free text.")
    default_role: Name | None = Field(
        default=None, description="Role that members of the account have in it.", examples=["Viewer"]
    )
    deletion_protection: bool = Field(default=True, description="Whether a deletion is refused.")


class AccessSettings(Settings):
    """An access list, written as a whole: `user/EMAIL`, `service_account/NAME`, `team/NAME`, or "*" for everyone."""

    manage: Actors = Field(default=[], description="Who may change it.", examples=[["team/data-platform"]])
    run: Actors = Field(default=[], description="Who may run it.", examples=[["service_account/ci"]])
    view: Actors = Field(default=[], description="Who may see it.", examples=[["*"]])


class BlockAccessSettings(Settings):
    """The access list of a block, written as a whole."""

    manage: Actors = Field(default=[], description="Who may change it.", examples=[["team/data-platform"]])
    view: Actors = Field(default=[], description="Who may see it.", examples=[["*"]])


class ManagedAutomationSettings(Settings):
    """An automation that Prefect Cloud keeps itself."""

    enabled: bool = Field(default=True, description="Whether it acts.")
    settings: dict[str, JsonValue] | None = Field(
        default=None, description="Its settings; none: those of its type.", examples=[{"grace_seconds": 60}]
    )


class AccountMemberSettings(Settings):
    """A user of the account on Prefect Cloud, taken over by import."""

    role: Name | None = Field(default=None, description="Role in the account; none: as it is.", examples=["Member"])
    active: bool = Field(default=True, description="Whether the user may sign in.")


class CloudSettings(BaseModel):
    """The sections of `environment` that only a stack on Prefect Cloud has."""

    model_config = STRICT

    webhooks: dict[str, WebhookSettings] = Field(default={}, description="Webhooks of Prefect Cloud by name.")
    service_accounts: dict[str, ServiceAccountSettings] = Field(
        default={}, description="Service accounts of Prefect Cloud by name."
    )
    teams: dict[str, TeamSettings] = Field(default={}, description="Teams of Prefect Cloud by name.")
    workspace_roles: dict[str, WorkspaceRoleSettings] = Field(
        default={}, description="Workspace roles of Prefect Cloud by name."
    )
    workspaces: dict[Handle, WorkspaceSettings] = Field(
        default={}, description="Other workspaces of Prefect Cloud by handle."
    )
    workspace_access: dict[Accessor, Name] = Field(
        default={},
        description="Who has which role in the workspace: `user/EMAIL`, `service_account/NAME` or `team/NAME` -> role.",
        examples=[{"team/data-platform": "Developer"}],
    )
    deployment_access: dict[str, AccessSettings] = Field(
        default={}, description="Access lists on Prefect Cloud by `flow/deployment`."
    )
    work_pool_access: dict[str, AccessSettings] = Field(
        default={}, description="Access lists on Prefect Cloud by work pool."
    )
    block_access: dict[str, BlockAccessSettings] = Field(
        default={}, description="Access lists on Prefect Cloud by block (`type/name`)."
    )
    slas: dict[str, list[Agreement]] = Field(
        default={},
        description="Service level agreements on Prefect Cloud by `flow/deployment`.",
        examples=[{"import-orders/daily": [{"name": "in-time", "duration": 600}]}],
    )
    managed_automations: dict[Literal["zombie-cleanup", "stuck-cancelling"], ManagedAutomationSettings] = Field(
        default={},
        description="Automations that Prefect Cloud keeps itself, by type.",
        examples=[{"zombie-cleanup": {"enabled": True}}],
    )
    account_members: dict[str, AccountMemberSettings] = Field(
        default={}, description="Users of the account on Prefect Cloud, by email."
    )
