# Generated from prefect_pulumi.models by tools/generate.py. Do not edit.

"""Typed Pulumi classes of the package `prefect`."""

from __future__ import annotations

from prefect_pulumi.resources.automation import Automation
from prefect_pulumi.resources.block_document import BlockDocument
from prefect_pulumi.resources.block_schema import BlockSchema
from prefect_pulumi.resources.block_type import BlockType
from prefect_pulumi.resources.deployment import Deployment
from prefect_pulumi.resources.deployment_schedule import DeploymentSchedule
from prefect_pulumi.resources.deployments import Deployments
from prefect_pulumi.resources.flow import Flow
from prefect_pulumi.resources.functions import (
    get_automation,
    get_block_document,
    get_block_schema,
    get_block_type,
    get_deployment,
    get_deployment_schedule,
    get_flow,
    get_global_concurrency_limit,
    get_json_block,
    get_secret_block,
    get_service_account,
    get_task_run_concurrency_limit,
    get_team,
    get_variable,
    get_webhook,
    get_work_pool,
    get_work_queue,
    get_worker_metadata,
    get_workspace_role,
    list_automations,
    list_block_documents,
    list_block_schemas,
    list_block_types,
    list_deployment_schedules,
    list_deployments,
    list_flows,
    list_global_concurrency_limits,
    list_json_blocks,
    list_secret_blocks,
    list_service_accounts,
    list_task_run_concurrency_limits,
    list_teams,
    list_variables,
    list_webhooks,
    list_work_pools,
    list_work_queues,
    list_workspace_roles,
)
from prefect_pulumi.resources.global_concurrency_limit import GlobalConcurrencyLimit
from prefect_pulumi.resources.json_block import JsonBlock
from prefect_pulumi.resources.local_server import LocalServer
from prefect_pulumi.resources.process_worker import ProcessWorker
from prefect_pulumi.resources.provider import Provider
from prefect_pulumi.resources.release import Release
from prefect_pulumi.resources.result_storage import ResultStorage
from prefect_pulumi.resources.secret_block import SecretBlock
from prefect_pulumi.resources.service_account import ServiceAccount
from prefect_pulumi.resources.task_run_concurrency_limit import TaskRunConcurrencyLimit
from prefect_pulumi.resources.team import Team
from prefect_pulumi.resources.variable import Variable
from prefect_pulumi.resources.webhook import Webhook
from prefect_pulumi.resources.work_pool import WorkPool
from prefect_pulumi.resources.work_queue import WorkQueue
from prefect_pulumi.resources.worker_drain import WorkerDrain
from prefect_pulumi.resources.worker_online import WorkerOnline
from prefect_pulumi.resources.workspace_role import WorkspaceRole

__all__ = [
    "Automation",
    "BlockDocument",
    "BlockSchema",
    "BlockType",
    "Deployment",
    "DeploymentSchedule",
    "Deployments",
    "Flow",
    "GlobalConcurrencyLimit",
    "JsonBlock",
    "LocalServer",
    "ProcessWorker",
    "Provider",
    "Release",
    "ResultStorage",
    "SecretBlock",
    "ServiceAccount",
    "TaskRunConcurrencyLimit",
    "Team",
    "Variable",
    "Webhook",
    "WorkPool",
    "WorkQueue",
    "WorkerDrain",
    "WorkerOnline",
    "WorkspaceRole",
    "get_automation",
    "get_block_document",
    "get_block_schema",
    "get_block_type",
    "get_deployment",
    "get_deployment_schedule",
    "get_flow",
    "get_global_concurrency_limit",
    "get_json_block",
    "get_secret_block",
    "get_service_account",
    "get_task_run_concurrency_limit",
    "get_team",
    "get_variable",
    "get_webhook",
    "get_work_pool",
    "get_work_queue",
    "get_worker_metadata",
    "get_workspace_role",
    "list_automations",
    "list_block_documents",
    "list_block_schemas",
    "list_block_types",
    "list_deployment_schedules",
    "list_deployments",
    "list_flows",
    "list_global_concurrency_limits",
    "list_json_blocks",
    "list_secret_blocks",
    "list_service_accounts",
    "list_task_run_concurrency_limits",
    "list_teams",
    "list_variables",
    "list_webhooks",
    "list_work_pools",
    "list_work_queues",
    "list_workspace_roles",
]
