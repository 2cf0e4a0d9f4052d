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
from prefect_pulumi.resources.global_concurrency_limit import GlobalConcurrencyLimit
from prefect_pulumi.resources.json_block import JsonBlock
from prefect_pulumi.resources.local_server import LocalServer
from prefect_pulumi.resources.process_worker import ProcessWorker
from prefect_pulumi.resources.provider import Provider
from prefect_pulumi.resources.secret_block import SecretBlock
from prefect_pulumi.resources.task_run_concurrency_limit import TaskRunConcurrencyLimit
from prefect_pulumi.resources.variable import Variable
from prefect_pulumi.resources.work_pool import WorkPool
from prefect_pulumi.resources.work_queue import WorkQueue

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
    "SecretBlock",
    "TaskRunConcurrencyLimit",
    "Variable",
    "WorkPool",
    "WorkQueue",
]
