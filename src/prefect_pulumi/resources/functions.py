# Generated from prefect_pulumi.models by tools/generate.py. Do not edit.

"""Functions of the package `prefect`: existing objects, read at every run, previews included."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi

from prefect_pulumi.resources._base import InvokeOpts, call_many, call_one
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
from prefect_pulumi.resources.flow import Flow
from prefect_pulumi.resources.global_concurrency_limit import GlobalConcurrencyLimit
from prefect_pulumi.resources.json_block import JsonBlock
from prefect_pulumi.resources.managed_automation import ManagedAutomation
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
from prefect_pulumi.resources.workspace import Workspace
from prefect_pulumi.resources.workspace_access import WorkspaceAccess
from prefect_pulumi.resources.workspace_role import WorkspaceRole

_ACCOUNT_ROLE = {
    "account_id": "accountId",
    "name": "name",
    "permissions": "permissions",
    "is_system_role": "isSystemRole",
}
_USER = {
    "account_id": "accountId",
    "email": "email",
    "handle": "handle",
    "first_name": "firstName",
    "last_name": "lastName",
    "actor_id": "actorId",
    "active": "active",
}


def get_worker_metadata(
    *, type: pulumi.Input[str] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[dict[str, Any]]:
    """The types of workers that the server knows, with the base job template of each (GET
    /collections/views/aggregate-worker-metadata). Type -> its package, names, install command and template."""
    metadata = pulumi.runtime.invoke_output("prefect:index:getWorkerMetadata", {"type": type}, opts)
    return metadata.apply(lambda value: value.get("workers") or {})


def get_work_pool(
    *, name: pulumi.Input[str] | None = None, id: pulumi.Input[str] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[dict[str, Any]]:
    """An existing WorkPool, by its UUID or its name. `id`: UUID. `name`: its name."""
    return call_one("prefect:index:getWorkPool", {"name": name, "id": id}, WorkPool._wire_names, opts)


def list_work_pools(
    *, filter: pulumi.Input[Mapping[str, Any]] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[list[dict[str, Any]]]:
    """All objects of kind WorkPool. `filter`: the API's own filter object; left out: all."""
    names = WorkPool._wire_names
    return call_many("prefect:index:listWorkPools", {"filter": filter}, names, opts)


def get_work_queue(
    *, name: pulumi.Input[str] | None = None, id: pulumi.Input[str] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[dict[str, Any]]:
    """An existing WorkQueue, by its UUID or its name. `id`: UUID. `name`: its pool/queue."""
    return call_one("prefect:index:getWorkQueue", {"name": name, "id": id}, WorkQueue._wire_names, opts)


def list_work_queues(
    *, filter: pulumi.Input[Mapping[str, Any]] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[list[dict[str, Any]]]:
    """All objects of kind WorkQueue. `filter`: the API's own filter object; left out: all."""
    names = WorkQueue._wire_names
    return call_many("prefect:index:listWorkQueues", {"filter": filter}, names, opts)


def get_variable(
    *, name: pulumi.Input[str] | None = None, id: pulumi.Input[str] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[dict[str, Any]]:
    """An existing Variable, by its UUID or its name. `id`: UUID. `name`: its name."""
    return call_one("prefect:index:getVariable", {"name": name, "id": id}, Variable._wire_names, opts)


def list_variables(
    *, filter: pulumi.Input[Mapping[str, Any]] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[list[dict[str, Any]]]:
    """All objects of kind Variable. `filter`: the API's own filter object; left out: all."""
    names = Variable._wire_names
    return call_many("prefect:index:listVariables", {"filter": filter}, names, opts)


def get_block_type(
    *, name: pulumi.Input[str] | None = None, id: pulumi.Input[str] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[dict[str, Any]]:
    """An existing BlockType, by its UUID or its name. `id`: UUID. `name`: its slug."""
    return call_one("prefect:index:getBlockType", {"name": name, "id": id}, BlockType._wire_names, opts)


def list_block_types(
    *, filter: pulumi.Input[Mapping[str, Any]] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[list[dict[str, Any]]]:
    """All objects of kind BlockType. `filter`: the API's own filter object; left out: all."""
    names = BlockType._wire_names
    return call_many("prefect:index:listBlockTypes", {"filter": filter}, names, opts)


def get_block_schema(*, id: pulumi.Input[str] | None = None, opts: InvokeOpts = None) -> pulumi.Output[dict[str, Any]]:
    """An existing BlockSchema, by its UUID or its name. `id`: UUID."""
    return call_one("prefect:index:getBlockSchema", {"id": id}, BlockSchema._wire_names, opts)


def list_block_schemas(
    *, filter: pulumi.Input[Mapping[str, Any]] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[list[dict[str, Any]]]:
    """All objects of kind BlockSchema. `filter`: the API's own filter object; left out: all."""
    names = BlockSchema._wire_names
    return call_many("prefect:index:listBlockSchemas", {"filter": filter}, names, opts)


def get_block_document(
    *, name: pulumi.Input[str] | None = None, id: pulumi.Input[str] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[dict[str, Any]]:
    """An existing BlockDocument, by its UUID or its name. `id`: UUID. `name`: its slug/name."""
    return call_one("prefect:index:getBlockDocument", {"name": name, "id": id}, BlockDocument._wire_names, opts)


def list_block_documents(
    *, filter: pulumi.Input[Mapping[str, Any]] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[list[dict[str, Any]]]:
    """All objects of kind BlockDocument. `filter`: the API's own filter object; left out: all."""
    names = BlockDocument._wire_names
    return call_many("prefect:index:listBlockDocuments", {"filter": filter}, names, opts)


def get_secret_block(
    *, name: pulumi.Input[str] | None = None, id: pulumi.Input[str] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[dict[str, Any]]:
    """An existing SecretBlock, by its UUID or its name. `id`: UUID. `name`: its name."""
    return call_one("prefect:index:getSecretBlock", {"name": name, "id": id}, SecretBlock._wire_names, opts)


def list_secret_blocks(
    *, filter: pulumi.Input[Mapping[str, Any]] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[list[dict[str, Any]]]:
    """All objects of kind SecretBlock. `filter`: the API's own filter object; left out: all."""
    names = SecretBlock._wire_names
    return call_many("prefect:index:listSecretBlocks", {"filter": filter}, names, opts)


def get_json_block(
    *, name: pulumi.Input[str] | None = None, id: pulumi.Input[str] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[dict[str, Any]]:
    """An existing JsonBlock, by its UUID or its name. `id`: UUID. `name`: its name."""
    return call_one("prefect:index:getJsonBlock", {"name": name, "id": id}, JsonBlock._wire_names, opts)


def list_json_blocks(
    *, filter: pulumi.Input[Mapping[str, Any]] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[list[dict[str, Any]]]:
    """All objects of kind JsonBlock. `filter`: the API's own filter object; left out: all."""
    names = JsonBlock._wire_names
    return call_many("prefect:index:listJsonBlocks", {"filter": filter}, names, opts)


def get_global_concurrency_limit(
    *, name: pulumi.Input[str] | None = None, id: pulumi.Input[str] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[dict[str, Any]]:
    """An existing GlobalConcurrencyLimit, by its UUID or its name. `id`: UUID. `name`: its name."""
    return call_one(
        "prefect:index:getGlobalConcurrencyLimit", {"name": name, "id": id}, GlobalConcurrencyLimit._wire_names, opts
    )


def list_global_concurrency_limits(
    *, filter: pulumi.Input[Mapping[str, Any]] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[list[dict[str, Any]]]:
    """All objects of kind GlobalConcurrencyLimit. `filter`: the API's own filter object; left out: all."""
    names = GlobalConcurrencyLimit._wire_names
    return call_many("prefect:index:listGlobalConcurrencyLimits", {"filter": filter}, names, opts)


def get_task_run_concurrency_limit(
    *, name: pulumi.Input[str] | None = None, id: pulumi.Input[str] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[dict[str, Any]]:
    """An existing TaskRunConcurrencyLimit, by its UUID or its name. `id`: UUID. `name`: its tag."""
    return call_one(
        "prefect:index:getTaskRunConcurrencyLimit", {"name": name, "id": id}, TaskRunConcurrencyLimit._wire_names, opts
    )


def list_task_run_concurrency_limits(
    *, filter: pulumi.Input[Mapping[str, Any]] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[list[dict[str, Any]]]:
    """All objects of kind TaskRunConcurrencyLimit. `filter`: the API's own filter object; left out: all."""
    names = TaskRunConcurrencyLimit._wire_names
    return call_many("prefect:index:listTaskRunConcurrencyLimits", {"filter": filter}, names, opts)


def get_flow(
    *, name: pulumi.Input[str] | None = None, id: pulumi.Input[str] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[dict[str, Any]]:
    """An existing Flow, by its UUID or its name. `id`: UUID. `name`: its name."""
    return call_one("prefect:index:getFlow", {"name": name, "id": id}, Flow._wire_names, opts)


def list_flows(
    *, filter: pulumi.Input[Mapping[str, Any]] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[list[dict[str, Any]]]:
    """All objects of kind Flow. `filter`: the API's own filter object; left out: all."""
    names = Flow._wire_names
    return call_many("prefect:index:listFlows", {"filter": filter}, names, opts)


def get_deployment(
    *, name: pulumi.Input[str] | None = None, id: pulumi.Input[str] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[dict[str, Any]]:
    """An existing Deployment, by its UUID or its name. `id`: UUID. `name`: its flow/deployment."""
    return call_one("prefect:index:getDeployment", {"name": name, "id": id}, Deployment._wire_names, opts)


def list_deployments(
    *, filter: pulumi.Input[Mapping[str, Any]] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[list[dict[str, Any]]]:
    """All objects of kind Deployment. `filter`: the API's own filter object; left out: all."""
    names = Deployment._wire_names
    return call_many("prefect:index:listDeployments", {"filter": filter}, names, opts)


def get_deployment_schedule(
    *, name: pulumi.Input[str] | None = None, id: pulumi.Input[str] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[dict[str, Any]]:
    """An existing DeploymentSchedule, by its UUID or its name. `id`: UUID. `name`: its flow/deployment/slug."""
    return call_one(
        "prefect:index:getDeploymentSchedule", {"name": name, "id": id}, DeploymentSchedule._wire_names, opts
    )


def list_deployment_schedules(
    *, filter: pulumi.Input[Mapping[str, Any]] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[list[dict[str, Any]]]:
    """All objects of kind DeploymentSchedule. `filter`: the API's own filter object; left out: all."""
    names = DeploymentSchedule._wire_names
    return call_many("prefect:index:listDeploymentSchedules", {"filter": filter}, names, opts)


def get_automation(
    *, name: pulumi.Input[str] | None = None, id: pulumi.Input[str] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[dict[str, Any]]:
    """An existing Automation, by its UUID or its name. `id`: UUID. `name`: its name."""
    return call_one("prefect:index:getAutomation", {"name": name, "id": id}, Automation._wire_names, opts)


def list_automations(
    *, filter: pulumi.Input[Mapping[str, Any]] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[list[dict[str, Any]]]:
    """All objects of kind Automation. `filter`: the API's own filter object; left out: all."""
    names = Automation._wire_names
    return call_many("prefect:index:listAutomations", {"filter": filter}, names, opts)


def get_webhook(
    *, name: pulumi.Input[str] | None = None, id: pulumi.Input[str] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[dict[str, Any]]:
    """An existing Webhook, by its UUID or its name. `id`: UUID. `name`: its name."""
    return call_one("prefect:index:getWebhook", {"name": name, "id": id}, Webhook._wire_names, opts)


def list_webhooks(
    *, filter: pulumi.Input[Mapping[str, Any]] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[list[dict[str, Any]]]:
    """All objects of kind Webhook. `filter`: the API's own filter object; left out: all."""
    names = Webhook._wire_names
    return call_many("prefect:index:listWebhooks", {"filter": filter}, names, opts)


def get_service_account(
    *, name: pulumi.Input[str] | None = None, id: pulumi.Input[str] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[dict[str, Any]]:
    """An existing ServiceAccount, by its UUID or its name. `id`: UUID. `name`: its name."""
    return call_one("prefect:index:getServiceAccount", {"name": name, "id": id}, ServiceAccount._wire_names, opts)


def list_service_accounts(
    *, filter: pulumi.Input[Mapping[str, Any]] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[list[dict[str, Any]]]:
    """All objects of kind ServiceAccount. `filter`: the API's own filter object; left out: all."""
    names = ServiceAccount._wire_names
    return call_many("prefect:index:listServiceAccounts", {"filter": filter}, names, opts)


def get_team(
    *, name: pulumi.Input[str] | None = None, id: pulumi.Input[str] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[dict[str, Any]]:
    """An existing Team, by its UUID or its name. `id`: UUID. `name`: its name."""
    return call_one("prefect:index:getTeam", {"name": name, "id": id}, Team._wire_names, opts)


def list_teams(
    *, filter: pulumi.Input[Mapping[str, Any]] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[list[dict[str, Any]]]:
    """All objects of kind Team. `filter`: the API's own filter object; left out: all."""
    names = Team._wire_names
    return call_many("prefect:index:listTeams", {"filter": filter}, names, opts)


def get_workspace_role(
    *, name: pulumi.Input[str] | None = None, id: pulumi.Input[str] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[dict[str, Any]]:
    """An existing WorkspaceRole, by its UUID or its name. `id`: UUID. `name`: its name."""
    return call_one("prefect:index:getWorkspaceRole", {"name": name, "id": id}, WorkspaceRole._wire_names, opts)


def list_workspace_roles(
    *, filter: pulumi.Input[Mapping[str, Any]] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[list[dict[str, Any]]]:
    """All objects of kind WorkspaceRole. `filter`: the API's own filter object; left out: all."""
    names = WorkspaceRole._wire_names
    return call_many("prefect:index:listWorkspaceRoles", {"filter": filter}, names, opts)


def get_workspace(
    *, name: pulumi.Input[str] | None = None, id: pulumi.Input[str] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[dict[str, Any]]:
    """An existing Workspace, by its UUID or its name. `id`: UUID. `name`: its handle."""
    return call_one("prefect:index:getWorkspace", {"name": name, "id": id}, Workspace._wire_names, opts)


def list_workspaces(
    *, filter: pulumi.Input[Mapping[str, Any]] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[list[dict[str, Any]]]:
    """All objects of kind Workspace. `filter`: the API's own filter object; left out: all."""
    names = Workspace._wire_names
    return call_many("prefect:index:listWorkspaces", {"filter": filter}, names, opts)


def get_workspace_access(
    *, name: pulumi.Input[str] | None = None, id: pulumi.Input[str] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[dict[str, Any]]:
    """An existing WorkspaceAccess, by its UUID or its name. `id`: UUID. `name`: its type/accessor."""
    return call_one("prefect:index:getWorkspaceAccess", {"name": name, "id": id}, WorkspaceAccess._wire_names, opts)


def list_workspace_accesses(
    *, filter: pulumi.Input[Mapping[str, Any]] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[list[dict[str, Any]]]:
    """All objects of kind WorkspaceAccess. `filter`: the API's own filter object; left out: all."""
    names = WorkspaceAccess._wire_names
    return call_many("prefect:index:listWorkspaceAccesses", {"filter": filter}, names, opts)


def get_team_member(
    *, name: pulumi.Input[str] | None = None, id: pulumi.Input[str] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[dict[str, Any]]:
    """An existing TeamMember, by its UUID or its name. `id`: UUID. `name`: its team/member."""
    return call_one("prefect:index:getTeamMember", {"name": name, "id": id}, TeamMember._wire_names, opts)


def list_team_members(
    *, filter: pulumi.Input[Mapping[str, Any]] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[list[dict[str, Any]]]:
    """All objects of kind TeamMember. `filter`: the API's own filter object; left out: all."""
    names = TeamMember._wire_names
    return call_many("prefect:index:listTeamMembers", {"filter": filter}, names, opts)


def get_deployment_access(
    *, name: pulumi.Input[str] | None = None, id: pulumi.Input[str] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[dict[str, Any]]:
    """An existing DeploymentAccess, by its UUID or its name. `id`: UUID. `name`: its flow/deployment."""
    return call_one("prefect:index:getDeploymentAccess", {"name": name, "id": id}, DeploymentAccess._wire_names, opts)


def list_deployment_accesses(
    *, filter: pulumi.Input[Mapping[str, Any]] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[list[dict[str, Any]]]:
    """All objects of kind DeploymentAccess. `filter`: the API's own filter object; left out: all."""
    names = DeploymentAccess._wire_names
    return call_many("prefect:index:listDeploymentAccesses", {"filter": filter}, names, opts)


def get_work_pool_access(
    *, name: pulumi.Input[str] | None = None, id: pulumi.Input[str] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[dict[str, Any]]:
    """An existing WorkPoolAccess, by its UUID or its name. `id`: UUID. `name`: its work pool."""
    return call_one("prefect:index:getWorkPoolAccess", {"name": name, "id": id}, WorkPoolAccess._wire_names, opts)


def list_work_pool_accesses(
    *, filter: pulumi.Input[Mapping[str, Any]] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[list[dict[str, Any]]]:
    """All objects of kind WorkPoolAccess. `filter`: the API's own filter object; left out: all."""
    names = WorkPoolAccess._wire_names
    return call_many("prefect:index:listWorkPoolAccesses", {"filter": filter}, names, opts)


def get_block_access(
    *, name: pulumi.Input[str] | None = None, id: pulumi.Input[str] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[dict[str, Any]]:
    """An existing BlockAccess, by its UUID or its name. `id`: UUID. `name`: its slug/name."""
    return call_one("prefect:index:getBlockAccess", {"name": name, "id": id}, BlockAccess._wire_names, opts)


def list_block_accesses(
    *, filter: pulumi.Input[Mapping[str, Any]] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[list[dict[str, Any]]]:
    """All objects of kind BlockAccess. `filter`: the API's own filter object; left out: all."""
    names = BlockAccess._wire_names
    return call_many("prefect:index:listBlockAccesses", {"filter": filter}, names, opts)


def get_sla(
    *, name: pulumi.Input[str] | None = None, id: pulumi.Input[str] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[dict[str, Any]]:
    """An existing Sla, by its UUID or its name. `id`: UUID. `name`: its flow/deployment."""
    return call_one("prefect:index:getSla", {"name": name, "id": id}, Sla._wire_names, opts)


def list_slas(
    *, filter: pulumi.Input[Mapping[str, Any]] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[list[dict[str, Any]]]:
    """All objects of kind Sla. `filter`: the API's own filter object; left out: all."""
    names = Sla._wire_names
    return call_many("prefect:index:listSlas", {"filter": filter}, names, opts)


def get_managed_automation(
    *, name: pulumi.Input[str] | None = None, id: pulumi.Input[str] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[dict[str, Any]]:
    """An existing ManagedAutomation, by its UUID or its name. `id`: UUID. `name`: its type."""
    return call_one("prefect:index:getManagedAutomation", {"name": name, "id": id}, ManagedAutomation._wire_names, opts)


def list_managed_automations(
    *, filter: pulumi.Input[Mapping[str, Any]] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[list[dict[str, Any]]]:
    """All objects of kind ManagedAutomation. `filter`: the API's own filter object; left out: all."""
    names = ManagedAutomation._wire_names
    return call_many("prefect:index:listManagedAutomations", {"filter": filter}, names, opts)


def get_account_member(
    *, name: pulumi.Input[str] | None = None, id: pulumi.Input[str] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[dict[str, Any]]:
    """An existing AccountMember, by its UUID or its name. `id`: UUID. `name`: its email."""
    return call_one("prefect:index:getAccountMember", {"name": name, "id": id}, AccountMember._wire_names, opts)


def list_account_members(
    *, filter: pulumi.Input[Mapping[str, Any]] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[list[dict[str, Any]]]:
    """All objects of kind AccountMember. `filter`: the API's own filter object; left out: all."""
    names = AccountMember._wire_names
    return call_many("prefect:index:listAccountMembers", {"filter": filter}, names, opts)


def get_user_api_key(
    *, name: pulumi.Input[str] | None = None, id: pulumi.Input[str] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[dict[str, Any]]:
    """An existing UserApiKey, by its UUID or its name. `id`: UUID. `name`: its user/name."""
    return call_one("prefect:index:getUserApiKey", {"name": name, "id": id}, UserApiKey._wire_names, opts)


def list_user_api_keys(
    *, filter: pulumi.Input[Mapping[str, Any]] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[list[dict[str, Any]]]:
    """All objects of kind UserApiKey. `filter`: the API's own filter object; left out: all."""
    names = UserApiKey._wire_names
    return call_many("prefect:index:listUserApiKeys", {"filter": filter}, names, opts)


def get_account(
    *, name: pulumi.Input[str] | None = None, id: pulumi.Input[str] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[dict[str, Any]]:
    """An existing Account, by its UUID or its name. `id`: UUID. `name`: its handle."""
    return call_one("prefect:index:getAccount", {"name": name, "id": id}, Account._wire_names, opts)


def list_accounts(
    *, filter: pulumi.Input[Mapping[str, Any]] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[list[dict[str, Any]]]:
    """All objects of kind Account. `filter`: the API's own filter object; left out: all."""
    names = Account._wire_names
    return call_many("prefect:index:listAccounts", {"filter": filter}, names, opts)


def get_account_role(
    *, name: pulumi.Input[str] | None = None, id: pulumi.Input[str] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[dict[str, Any]]:
    """An existing AccountRole, by its UUID or its name. `id`: UUID. `name`: its name."""
    return call_one("prefect:index:getAccountRole", {"name": name, "id": id}, _ACCOUNT_ROLE, opts)


def list_account_roles(
    *, filter: pulumi.Input[Mapping[str, Any]] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[list[dict[str, Any]]]:
    """All objects of kind AccountRole. `filter`: the API's own filter object; left out: all."""
    names = _ACCOUNT_ROLE
    return call_many("prefect:index:listAccountRoles", {"filter": filter}, names, opts)


def get_user(
    *, name: pulumi.Input[str] | None = None, id: pulumi.Input[str] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[dict[str, Any]]:
    """An existing User, by its UUID or its name. `id`: UUID. `name`: its email or handle."""
    return call_one("prefect:index:getUser", {"name": name, "id": id}, _USER, opts)


def list_users(
    *, filter: pulumi.Input[Mapping[str, Any]] | None = None, opts: InvokeOpts = None
) -> pulumi.Output[list[dict[str, Any]]]:
    """All objects of kind User. `filter`: the API's own filter object; left out: all."""
    names = _USER
    return call_many("prefect:index:listUsers", {"filter": filter}, names, opts)
