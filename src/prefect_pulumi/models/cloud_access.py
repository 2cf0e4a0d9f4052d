"""Who may do what on Prefect Cloud: members of teams, roles in workspaces, access lists of single objects."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from prefect_pulumi.models.base import Meta
from prefect_pulumi.models.cloud import CHECKED, REFUSED, AccountKind, Created, Uuid, WorkspaceKind

ACTOR_TYPES = ("user", "service_account", "team")
EVERYONE = "*"
Named = Annotated[str, Field(min_length=1)]


def _actor(value: str) -> str:
    """`type/name`, or `*`."""
    kind, _, name = value.partition("/")
    if value != EVERYONE and (kind not in ACTOR_TYPES or not name):
        forms = "user/EMAIL, service_account/NAME, team/NAME"
        raise ValueError(f"{value!r} names nobody; give {forms}, a UUID in place of the name, or '*' for everyone")
    return value


Actors = list[Annotated[str, AfterValidator(_actor)]]
LOSES = "A preview warns of each user, service account and team that loses access."
KEPT = "Its deletion leaves the list as it is: Prefect Cloud has no route that takes one away."


class WorkspaceAccess(WorkspaceKind):
    """The role that a user, a service account or a team has in a workspace."""

    kind: ClassVar[str] = "WorkspaceAccess"
    import_id: ClassVar[str] = "type/accessor"
    faults: ClassVar[tuple[str, ...]] = (
        REFUSED,
        CHECKED,
        "A name that the account does not have, or has twice, ends the update before anything is written.",
        "One who has a role there already is refused, with the command that imports it.",
    )
    example: ClassVar[str] = (
        'WorkspaceAccess("ada", accessor_type="user", accessor="ada@example.com", role="Developer")'
    )

    accessor_type: Annotated[Literal["user", "service_account", "team"], Meta(replaces=True)] = Field(
        description="What the accessor is."
    )
    accessor: Annotated[Named, Meta(replaces=True)] = Field(
        description="Email, handle or name of the user, name of the service account or team, or its UUID."
    )
    role: Named = Field(description="Name or UUID of the workspace role, such as `Developer`.")
    accessor_id: Annotated[str | None, Meta(output=True)] = Field(default=None, description="UUID of the accessor.")
    role_id: Annotated[str | None, Meta(output=True)] = Field(default=None, description="UUID of the role.")
    created: Created = Field(default=None, description="When it was made (RFC 3339).")


class TeamMember(AccountKind):
    """A user or a service account in a team."""

    kind: ClassVar[str] = "TeamMember"
    import_id: ClassVar[str] = "team/member"
    faults: ClassVar[tuple[str, ...]] = (
        REFUSED,
        CHECKED,
        "A team or member that the account does not have, or has twice, ends the update before anything is written.",
        "One who is in the team already is refused, with the command that imports it.",
    )
    example: ClassVar[str] = 'TeamMember("ada", team="data-platform", member="ada@example.com")'

    team: Annotated[Named, Meta(replaces=True)] = Field(description="Name or UUID of the team.")
    member_type: Annotated[Literal["user", "service_account"], Meta(replaces=True)] = Field(
        default="user", description="What the member is."
    )
    member: Annotated[Named, Meta(replaces=True)] = Field(
        description="Email, handle or name of the user, name of the service account, or its UUID."
    )
    actor_id: Annotated[str | None, Meta(output=True)] = Field(
        default=None, description="UUID by which access lists name the member."
    )


class DeploymentAccess(WorkspaceKind):
    """Who may manage, run and see a deployment. The list is written as a whole."""

    kind: ClassVar[str] = "DeploymentAccess"
    import_id: ClassVar[str] = "flow/deployment"
    faults: ClassVar[tuple[str, ...]] = (REFUSED, CHECKED, LOSES, KEPT)
    example: ClassVar[str] = (
        'DeploymentAccess("daily", deployment_id=daily.id, manage=["team/data-platform"], view=["*"])'
    )

    deployment_id: Annotated[Uuid, Meta(replaces=True)] = Field(description="UUID of the deployment.")
    manage: Actors = Field(default_factory=list, description="Who may change it.")
    run: Actors = Field(default_factory=list, description="Who may run it.")
    view: Actors = Field(default_factory=list, description="Who may see it.")


class WorkPoolAccess(WorkspaceKind):
    """Who may manage, use and see a work pool and its deployments. The list is written as a whole."""

    kind: ClassVar[str] = "WorkPoolAccess"
    import_id: ClassVar[str] = "work pool"
    faults: ClassVar[tuple[str, ...]] = (REFUSED, CHECKED, LOSES, KEPT)
    example: ClassVar[str] = 'WorkPoolAccess("etl", work_pool_name=etl.name, run=["service_account/ci"], view=["*"])'

    work_pool_name: Annotated[Named, Meta(replaces=True)] = Field(description="Name of the work pool.")
    manage: Actors = Field(default_factory=list, description="Who may change it.")
    run: Actors = Field(default_factory=list, description="Who may run flows in it.")
    view: Actors = Field(default_factory=list, description="Who may see it.")


class BlockAccess(WorkspaceKind):
    """Who may manage and see a block. The list is written as a whole."""

    kind: ClassVar[str] = "BlockAccess"
    import_id: ClassVar[str] = "slug/name"
    faults: ClassVar[tuple[str, ...]] = (REFUSED, CHECKED, LOSES, KEPT)
    example: ClassVar[str] = 'BlockAccess("token", block_document_id=token.id, manage=["user/ada@example.com"])'

    block_document_id: Annotated[Uuid, Meta(replaces=True)] = Field(description="UUID of the block.")
    manage: Actors = Field(default_factory=list, description="Who may change it.")
    view: Actors = Field(default_factory=list, description="Who may see it.")
