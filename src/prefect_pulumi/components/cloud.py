"""What a stack file declares of Prefect Cloud alone: people, access, webhooks, agreements."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi

from prefect_pulumi.components.lookups import Lookups, circle
from prefect_pulumi.models.automation_names import ObjectName
from prefect_pulumi.project.cloud_settings import CloudSettings
from prefect_pulumi.resources import (
    AccountMember,
    BlockAccess,
    DeploymentAccess,
    ManagedAutomation,
    ServiceAccount,
    Sla,
    Team,
    TeamMember,
    Webhook,
    WorkPoolAccess,
    Workspace,
    WorkspaceAccess,
    WorkspaceRole,
)

DeploymentId = Callable[[str, str], pulumi.Output[str]]
"""`flow/deployment` and the key that names it -> UUID."""


@dataclass(frozen=True, slots=True)
class CloudObjects:
    """The resources, by their keys in the stack file; members of teams by `team/type/name`."""

    webhooks: Mapping[str, Webhook]
    service_accounts: Mapping[str, ServiceAccount]
    teams: Mapping[str, Team]
    team_members: Mapping[str, TeamMember]
    workspace_roles: Mapping[str, WorkspaceRole]
    workspaces: Mapping[str, Workspace]
    workspace_access: Mapping[str, WorkspaceAccess]
    work_pool_access: Mapping[str, WorkPoolAccess]
    block_access: Mapping[str, BlockAccess]
    managed_automations: Mapping[str, ManagedAutomation]
    account_members: Mapping[str, AccountMember]


def declare_cloud_objects(
    settings: CloudSettings,
    options: pulumi.ResourceOptions,
    lookups: Lookups,
    pools: Mapping[str, pulumi.Resource],
    blocks: Mapping[str, pulumi.Resource],
) -> CloudObjects:
    """All but those that are about a deployment: `declare_on_deployments`. `blocks`: by `type/name`."""
    bots = {
        name: ServiceAccount(
            name,
            options,
            account_role_id=lookups.id(ObjectName("account_role", item.account_role), f"service_accounts.{name}")
            if item.account_role
            else None,
            **item.model_dump(exclude={"account_role"}, exclude_none=True),
        )
        for name, item in settings.service_accounts.items()
    }
    for name, bot in bots.items():
        lookups.know(ObjectName("service_account", name), bot)
    roles = _roles(settings, options, lookups)
    teams = {name: Team(name, options, description=item.description) for name, item in settings.teams.items()}
    people = _people(bots, teams)
    members = {
        f"{team}/{member}": TeamMember(
            f"{team}/{member}",
            _after(options, teams[team], people.get(member)),
            team=team,
            member_type=member.partition("/")[0],
            member=member.partition("/")[2],
        )
        for team, item in settings.teams.items()
        for member in item.members
    }
    return CloudObjects(
        webhooks={
            name: Webhook(
                name,
                options,
                service_account_id=lookups.id(ObjectName("service_account", item.service_account), f"webhooks.{name}")
                if item.service_account
                else None,
                **item.model_dump(exclude={"service_account"}),
            )
            for name, item in settings.webhooks.items()
        },
        service_accounts=bots,
        teams=teams,
        team_members=members,
        workspace_roles=roles,
        workspaces={
            handle: Workspace(
                handle,
                pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(protect=item.deletion_protection)),
                name=item.name or handle,
                handle=handle,
                description=item.description,
                default_workspace_role_id=lookups.id(
                    ObjectName("workspace_role", item.default_role), f"workspaces.{handle}"
                )
                if item.default_role
                else None,
                deletion_protection=item.deletion_protection,
            )
            for handle, item in settings.workspaces.items()
        },
        workspace_access={
            accessor: WorkspaceAccess(
                accessor,
                _after(options, people.get(accessor), roles.get(role)),
                accessor_type=accessor.partition("/")[0],
                accessor=accessor.partition("/")[2],
                role=role,
            )
            for accessor, role in settings.workspace_access.items()
        },
        work_pool_access={
            pool: WorkPoolAccess(
                pool,
                _after(options, pools.get(pool), *_named(item, people)),
                work_pool_name=pool,
                **item.model_dump(),
            )
            for pool, item in settings.work_pool_access.items()
        },
        block_access={
            block: BlockAccess(
                block,
                _after(options, blocks.get(block), *_named(item, people)),
                block_document_id=lookups.id(ObjectName("block", block), f"block_access.{block}"),
                **item.model_dump(),
            )
            for block, item in settings.block_access.items()
        },
        managed_automations={
            type_: ManagedAutomation(type_, options, type=type_, **item.model_dump())
            for type_, item in settings.managed_automations.items()
        },
        account_members={
            email: AccountMember(email, options, email=email, **item.model_dump())
            for email, item in settings.account_members.items()
        },
    )


def declare_on_deployments(
    settings: CloudSettings, cloud: CloudObjects, options: pulumi.ResourceOptions, id: DeploymentId
) -> None:
    """The access lists and agreements of deployments, once these have ids."""
    people = _people(cloud.service_accounts, cloud.teams)
    for name, item in settings.deployment_access.items():
        DeploymentAccess(
            name,
            _after(options, *_named(item, people)),
            deployment_id=id(name, f"deployment_access.{name}"),
            **item.model_dump(),
        )
    for name, agreements in settings.slas.items():
        given = [agreement.model_dump(exclude_unset=True) for agreement in agreements]
        Sla(name, options, deployment_id=id(name, f"slas.{name}"), slas=given)


def _roles(settings: CloudSettings, options: pulumi.ResourceOptions, lookups: Lookups) -> dict[str, WorkspaceRole]:
    """Each after the one that it inherits from. Raises `SettingsError` for a circle."""
    roles: dict[str, WorkspaceRole] = {}
    started: list[str] = []

    def declare(name: str) -> None:
        if name in roles or name not in settings.workspace_roles:
            return
        item = settings.workspace_roles[name]
        with circle(started, name, "workspace_roles"):
            if item.inherited_role:
                declare(item.inherited_role)
        inherited = ObjectName("workspace_role", item.inherited_role or "")
        roles[name] = WorkspaceRole(
            name,
            options,
            description=item.description,
            scopes=item.scopes,
            inherited_role_id=lookups.id(inherited, f"workspace_roles.{name}") if item.inherited_role else None,
        )
        lookups.know(ObjectName("workspace_role", name), roles[name])

    for name in settings.workspace_roles:
        declare(name)
    return roles


def _people(bots: Mapping[str, ServiceAccount], teams: Mapping[str, Team]) -> dict[str, pulumi.Resource]:
    """As access lists name them."""
    people: dict[str, pulumi.Resource] = {f"service_account/{name}": bot for name, bot in bots.items()}
    return people | {f"team/{name}": team for name, team in teams.items()}


def _named(item: Any, people: Mapping[str, pulumi.Resource]) -> Sequence[pulumi.Resource | None]:
    """The service accounts and teams of this program that an access list names."""
    return [people.get(actor) for actors in item.model_dump().values() for actor in actors]


def _after(options: pulumi.ResourceOptions, *resources: pulumi.Resource | None) -> pulumi.ResourceOptions:
    needed = [resource for resource in resources if resource is not None]
    return pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(depends_on=needed))
