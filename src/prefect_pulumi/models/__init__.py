"""The desired state of each Prefect object: the one source of schema, checks, payloads, classes and reference.

Plain data, no I/O. May import `core`.
"""

from __future__ import annotations

from prefect_pulumi.models.automations import Automation
from prefect_pulumi.models.base import PACKAGE, Fault, FieldSpec, Kind, Meta
from prefect_pulumi.models.blocks import BlockDocument, BlockSchema, BlockType, JsonBlock, SecretBlock
from prefect_pulumi.models.cloud import ServiceAccount, Team, Webhook, WorkspaceRole
from prefect_pulumi.models.cloud_access import (
    BlockAccess,
    DeploymentAccess,
    TeamMember,
    WorkPoolAccess,
    WorkspaceAccess,
)
from prefect_pulumi.models.cloud_account import Account, AccountMember, AccountRole, User, UserApiKey, Workspace
from prefect_pulumi.models.cloud_agreements import ManagedAutomation, Sla
from prefect_pulumi.models.deployments import Deployments
from prefect_pulumi.models.flows import Deployment, DeploymentSchedule, Flow
from prefect_pulumi.models.functions import Function, functions
from prefect_pulumi.models.limits import GlobalConcurrencyLimit, TaskRunConcurrencyLimit
from prefect_pulumi.models.local import LocalServer, ProcessWorker
from prefect_pulumi.models.provider_config import ProviderConfig
from prefect_pulumi.models.release import Release
from prefect_pulumi.models.result_storage import ResultStorage
from prefect_pulumi.models.variable import Variable
from prefect_pulumi.models.work_pool import WorkPool
from prefect_pulumi.models.work_queue import WorkQueue
from prefect_pulumi.models.workers import WorkerDrain, WorkerOnline

KINDS: dict[str, type[Kind]] = {
    model.token(): model
    for model in (
        WorkPool,
        WorkQueue,
        Variable,
        BlockType,
        BlockSchema,
        BlockDocument,
        SecretBlock,
        JsonBlock,
        GlobalConcurrencyLimit,
        TaskRunConcurrencyLimit,
        Flow,
        Deployment,
        DeploymentSchedule,
        Automation,
        ResultStorage,
        Webhook,
        ServiceAccount,
        Team,
        WorkspaceRole,
        Workspace,
        WorkspaceAccess,
        TeamMember,
        DeploymentAccess,
        WorkPoolAccess,
        BlockAccess,
        Sla,
        ManagedAutomation,
        AccountMember,
        UserApiKey,
        Account,
        LocalServer,
        ProcessWorker,
        WorkerDrain,
        WorkerOnline,
        Deployments,
        Release,
    )
}
"""Token -> model of every resource."""

READ_ONLY: dict[str, type[Kind]] = {model.token(): model for model in (AccountRole, User)}
"""Token -> model of what functions give and no resource is."""

FUNCTIONS: dict[str, Function] = functions([*KINDS.values(), *READ_ONLY.values()])
"""Token -> function."""

__all__ = [
    "FUNCTIONS",
    "KINDS",
    "PACKAGE",
    "READ_ONLY",
    "Account",
    "AccountMember",
    "AccountRole",
    "Automation",
    "BlockAccess",
    "BlockDocument",
    "BlockSchema",
    "BlockType",
    "Deployment",
    "DeploymentAccess",
    "DeploymentSchedule",
    "Deployments",
    "Fault",
    "FieldSpec",
    "Flow",
    "Function",
    "GlobalConcurrencyLimit",
    "JsonBlock",
    "Kind",
    "LocalServer",
    "ManagedAutomation",
    "Meta",
    "ProcessWorker",
    "ProviderConfig",
    "Release",
    "ResultStorage",
    "SecretBlock",
    "ServiceAccount",
    "Sla",
    "TaskRunConcurrencyLimit",
    "Team",
    "TeamMember",
    "User",
    "UserApiKey",
    "Variable",
    "Webhook",
    "WorkPool",
    "WorkPoolAccess",
    "WorkQueue",
    "WorkerDrain",
    "WorkerOnline",
    "Workspace",
    "WorkspaceAccess",
    "WorkspaceRole",
]
