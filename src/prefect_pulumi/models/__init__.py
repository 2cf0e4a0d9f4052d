"""The desired state of each Prefect object: the one source of schema, checks, payloads, classes and reference."""

from __future__ import annotations

from prefect_pulumi.models.base import PACKAGE, Fault, FieldSpec, Kind, Meta
from prefect_pulumi.models.blocks import BlockDocument, BlockSchema, BlockType, JsonBlock, SecretBlock
from prefect_pulumi.models.deployments import Deployments
from prefect_pulumi.models.limits import GlobalConcurrencyLimit
from prefect_pulumi.models.local import LocalServer, ProcessWorker
from prefect_pulumi.models.provider_config import ProviderConfig
from prefect_pulumi.models.variable import Variable
from prefect_pulumi.models.work_pool import WorkPool
from prefect_pulumi.models.work_queue import WorkQueue

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
        LocalServer,
        ProcessWorker,
        Deployments,
    )
}
"""Token -> model of every resource."""

__all__ = [
    "KINDS",
    "PACKAGE",
    "BlockDocument",
    "BlockSchema",
    "BlockType",
    "Deployments",
    "Fault",
    "FieldSpec",
    "GlobalConcurrencyLimit",
    "JsonBlock",
    "Kind",
    "LocalServer",
    "Meta",
    "ProcessWorker",
    "ProviderConfig",
    "SecretBlock",
    "Variable",
    "WorkPool",
    "WorkQueue",
]
