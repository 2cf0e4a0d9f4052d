"""Which class carries out which kind that only Prefect Cloud has. Imported with the first such kind of a program."""

from __future__ import annotations

from prefect_pulumi.models import (
    Account,
    AccountMember,
    BlockAccess,
    DeploymentAccess,
    Kind,
    ManagedAutomation,
    ServiceAccount,
    Sla,
    Team,
    TeamMember,
    User,
    UserApiKey,
    Webhook,
    WorkPoolAccess,
    Workspace,
    WorkspaceAccess,
    WorkspaceRole,
)
from prefect_pulumi.provider.connection import Connection
from prefect_pulumi.provider.handlers.cloud import (
    CloudHandler,
    RoleHandler,
    ServiceAccountHandler,
    TeamHandler,
    WebhookHandler,
)
from prefect_pulumi.provider.handlers.cloud_access import (
    AccessListHandler,
    TeamMemberHandler,
    WorkspaceAccessHandler,
)
from prefect_pulumi.provider.handlers.cloud_account import (
    AccountHandler,
    AccountMemberHandler,
    UserApiKeyHandler,
    UserHandler,
    WorkspaceHandler,
)
from prefect_pulumi.provider.handlers.cloud_agreements import ManagedAutomationHandler, SlaHandler
from prefect_pulumi.provider.handlers.cloud_directory import Directory
from prefect_pulumi.provider.handlers.routes import Routes

_HANDLERS: dict[type[Kind], type[CloudHandler]] = {
    Webhook: WebhookHandler,
    ServiceAccount: ServiceAccountHandler,
    Team: TeamHandler,
    WorkspaceRole: RoleHandler,
    Workspace: WorkspaceHandler,
    WorkspaceAccess: WorkspaceAccessHandler,
    TeamMember: TeamMemberHandler,
    DeploymentAccess: AccessListHandler,
    WorkPoolAccess: AccessListHandler,
    BlockAccess: AccessListHandler,
    Sla: SlaHandler,
    ManagedAutomation: ManagedAutomationHandler,
    AccountMember: AccountMemberHandler,
    Account: AccountHandler,
    User: UserHandler,
    UserApiKey: UserApiKeyHandler,
}


def cloud_handler(routes: Routes, connection: Connection, directory: Directory) -> CloudHandler:
    """`directory`: names of the account's users, service accounts, teams and roles."""
    return _HANDLERS.get(routes.model, CloudHandler)(routes, connection, directory)
