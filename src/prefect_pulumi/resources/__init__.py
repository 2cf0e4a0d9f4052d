# Generated from prefect_pulumi.models by tools/generate.py. Do not edit.

"""Typed Pulumi classes of the package `prefect`."""

from __future__ import annotations

from prefect_pulumi.resources.account import Account
from prefect_pulumi.resources.account_member import AccountMember
from prefect_pulumi.resources.automation import Automation
from prefect_pulumi.resources.block_access import BlockAccess
from prefect_pulumi.resources.block_document import BlockDocument
from prefect_pulumi.resources.block_schema import BlockSchema
from prefect_pulumi.resources.block_type import BlockType
from prefect_pulumi.resources.deployment import Deployment
from prefect_pulumi.resources.deployment_access import DeploymentAccess
from prefect_pulumi.resources.deployment_schedule import DeploymentSchedule
from prefect_pulumi.resources.deployments import Deployments
from prefect_pulumi.resources.flow import Flow
from prefect_pulumi.resources.functions import (
    get_account,
    get_account_member,
    get_account_role,
    get_automation,
    get_block_access,
    get_block_document,
    get_block_schema,
    get_block_type,
    get_deployment,
    get_deployment_access,
    get_deployment_schedule,
    get_flow,
    get_global_concurrency_limit,
    get_json_block,
    get_managed_automation,
    get_secret_block,
    get_service_account,
    get_sla,
    get_task_run_concurrency_limit,
    get_team,
    get_team_member,
    get_user,
    get_user_api_key,
    get_variable,
    get_webhook,
    get_work_pool,
    get_work_pool_access,
    get_work_queue,
    get_worker_metadata,
    get_workspace,
    get_workspace_access,
    get_workspace_role,
    list_account_members,
    list_account_roles,
    list_accounts,
    list_automations,
    list_block_accesses,
    list_block_documents,
    list_block_schemas,
    list_block_types,
    list_deployment_accesses,
    list_deployment_schedules,
    list_deployments,
    list_flows,
    list_global_concurrency_limits,
    list_json_blocks,
    list_managed_automations,
    list_secret_blocks,
    list_service_accounts,
    list_slas,
    list_task_run_concurrency_limits,
    list_team_members,
    list_teams,
    list_user_api_keys,
    list_users,
    list_variables,
    list_webhooks,
    list_work_pool_accesses,
    list_work_pools,
    list_work_queues,
    list_workspace_accesses,
    list_workspace_roles,
    list_workspaces,
)
from prefect_pulumi.resources.global_concurrency_limit import GlobalConcurrencyLimit
from prefect_pulumi.resources.json_block import JsonBlock
from prefect_pulumi.resources.local_server import LocalServer
from prefect_pulumi.resources.managed_automation import ManagedAutomation
from prefect_pulumi.resources.process_worker import ProcessWorker
from prefect_pulumi.resources.provider import Provider
from prefect_pulumi.resources.release import Release
from prefect_pulumi.resources.result_storage import ResultStorage
from prefect_pulumi.resources.secret_block import SecretBlock
from prefect_pulumi.resources.service_account import ServiceAccount
from prefect_pulumi.resources.sla import Sla
from prefect_pulumi.resources.task_run_concurrency_limit import TaskRunConcurrencyLimit
from prefect_pulumi.resources.team import Team
from prefect_pulumi.resources.team_member import TeamMember
from prefect_pulumi.resources.user_api_key import UserApiKey
from prefect_pulumi.resources.variable import Variable
from prefect_pulumi.resources.webhook import Webhook
from prefect_pulumi.resources.work_pool import WorkPool
from prefect_pulumi.resources.work_pool_access import WorkPoolAccess
from prefect_pulumi.resources.work_queue import WorkQueue
from prefect_pulumi.resources.worker_drain import WorkerDrain
from prefect_pulumi.resources.worker_online import WorkerOnline
from prefect_pulumi.resources.workspace import Workspace
from prefect_pulumi.resources.workspace_access import WorkspaceAccess
from prefect_pulumi.resources.workspace_role import WorkspaceRole

__all__ = [
    "Account",
    "AccountMember",
    "Automation",
    "BlockAccess",
    "BlockDocument",
    "BlockSchema",
    "BlockType",
    "Deployment",
    "DeploymentAccess",
    "DeploymentSchedule",
    "Deployments",
    "Flow",
    "GlobalConcurrencyLimit",
    "JsonBlock",
    "LocalServer",
    "ManagedAutomation",
    "ProcessWorker",
    "Provider",
    "Release",
    "ResultStorage",
    "SecretBlock",
    "ServiceAccount",
    "Sla",
    "TaskRunConcurrencyLimit",
    "Team",
    "TeamMember",
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
    "get_account",
    "get_account_member",
    "get_account_role",
    "get_automation",
    "get_block_access",
    "get_block_document",
    "get_block_schema",
    "get_block_type",
    "get_deployment",
    "get_deployment_access",
    "get_deployment_schedule",
    "get_flow",
    "get_global_concurrency_limit",
    "get_json_block",
    "get_managed_automation",
    "get_secret_block",
    "get_service_account",
    "get_sla",
    "get_task_run_concurrency_limit",
    "get_team",
    "get_team_member",
    "get_user",
    "get_user_api_key",
    "get_variable",
    "get_webhook",
    "get_work_pool",
    "get_work_pool_access",
    "get_work_queue",
    "get_worker_metadata",
    "get_workspace",
    "get_workspace_access",
    "get_workspace_role",
    "list_account_members",
    "list_account_roles",
    "list_accounts",
    "list_automations",
    "list_block_accesses",
    "list_block_documents",
    "list_block_schemas",
    "list_block_types",
    "list_deployment_accesses",
    "list_deployment_schedules",
    "list_deployments",
    "list_flows",
    "list_global_concurrency_limits",
    "list_json_blocks",
    "list_managed_automations",
    "list_secret_blocks",
    "list_service_accounts",
    "list_slas",
    "list_task_run_concurrency_limits",
    "list_team_members",
    "list_teams",
    "list_user_api_keys",
    "list_users",
    "list_variables",
    "list_webhooks",
    "list_work_pool_accesses",
    "list_work_pools",
    "list_work_queues",
    "list_workspace_accesses",
    "list_workspace_roles",
    "list_workspaces",
]
