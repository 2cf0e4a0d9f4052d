"""The lifecycle table: by which routes each kind is created, found, changed and deleted.

Routes are templates over the object's own wire properties and `{id}`. `find` routes are tried for a name,
`by_id` for the server's UUID; `item` is where PATCH and DELETE go.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from prefect_pulumi.models import (
    Account,
    AccountMember,
    AccountRole,
    Automation,
    BlockAccess,
    BlockDocument,
    BlockSchema,
    BlockType,
    Deployment,
    DeploymentAccess,
    DeploymentSchedule,
    Flow,
    GlobalConcurrencyLimit,
    JsonBlock,
    Kind,
    ManagedAutomation,
    SecretBlock,
    ServiceAccount,
    Sla,
    TaskRunConcurrencyLimit,
    Team,
    TeamMember,
    User,
    UserApiKey,
    Variable,
    Webhook,
    WorkPool,
    WorkPoolAccess,
    WorkQueue,
    Workspace,
    WorkspaceAccess,
    WorkspaceRole,
)


@dataclass(frozen=True, slots=True)
class Routes:
    """One row. `api_names`: wire name -> the API's name where it is not the snake_case of it.

    `listed` is the route of the list and `list_key` its filter object; with `list_by_ids` that filter takes ids, so
    that a page answers 200 reads, else the whole list is paged through. `upserts` says that a POST takes over what
    exists, so that it must be asked for before.
    `noun` is how messages call the object; `path_only` are properties that stand in the route, not in the payload;
    `cloud_in_place` are properties that Prefect Cloud changes where a server of one's own makes a new object;
    `of_account`: the routes are below the account, not the workspace;
    `verify_id` asks before a DELETE by name whether the name still belongs to the same object.
    """

    model: type[Kind]
    noun: str
    collection: str
    item: str
    find: str = ""
    by_id: str = ""
    listed: str = ""
    list_key: str = ""
    list_by_ids: bool = True
    upserts: bool = False
    query: Mapping[str, str] = field(default_factory=dict)
    api_names: Mapping[str, str] = field(default_factory=dict)
    path_only: frozenset[str] = frozenset()
    name_parts: tuple[str, ...] = ("name",)
    verify_id: bool = False
    cloud_in_place: frozenset[str] = frozenset()
    of_account: bool = False


def _cloud(
    model: type[Kind],
    noun: str,
    path: str,
    api_names: Mapping[str, str] | None = None,
    *,
    of_account: bool = False,
    name_parts: tuple[str, ...] = ("name",),
    find: str = "",
) -> Routes:
    """Cloud may take a name twice, so that it is asked for before."""
    return Routes(
        model,
        noun,
        collection=f"{path}/",
        item=f"{path}/{{id}}",
        by_id=f"{path}/{{id}}",
        listed=f"{path}/filter",
        list_by_ids=False,
        upserts=True,
        api_names=api_names or {},
        name_parts=name_parts,
        find=find,
        of_account=of_account,
    )


def _access(model: type[Kind], noun: str, item: str, target: str, find: str = "") -> Routes:
    """An access list. `target`: the property that names its object; `find`: how that object is found by its name."""
    return Routes(model, noun, collection=item, item=item, name_parts=(target,), find=find)


_LABELS = frozenset({"labels"})
_PAUSED = {"paused": "is_paused"}
_DOCUMENT_NAME = "/block_types/slug/{blockTypeSlug}/block_documents/name/{name}"
_SECRETS = {"include_secrets": "true"}

ROUTES: dict[str, Routes] = {
    row.model.token(): row
    for row in (
        Routes(
            WorkPool,
            "work pool",
            collection="/work_pools/",
            item="/work_pools/{name}",
            find="/work_pools/{name}",
            listed="/work_pools/filter",
            list_key="work_pools",
            api_names=_PAUSED,
            verify_id=True,
        ),
        Routes(
            WorkQueue,
            "work queue",
            collection="/work_pools/{workPoolName}/queues",
            item="/work_pools/{workPoolName}/queues/{name}",
            find="/work_pools/{workPoolName}/queues/{name}",
            by_id="/work_queues/{id}",
            listed="/work_queues/filter",
            list_key="work_queues",
            api_names=_PAUSED,
            path_only=frozenset({"workPoolName"}),
            name_parts=("workPoolName", "name"),
            verify_id=True,
        ),
        Routes(
            Variable,
            "variable",
            collection="/variables/",
            item="/variables/{id}",
            find="/variables/name/{name}",
            by_id="/variables/{id}",
            listed="/variables/filter",
            list_key="variables",
        ),
        Routes(
            GlobalConcurrencyLimit,
            "global concurrency limit",
            collection="/v2/concurrency_limits/",
            item="/v2/concurrency_limits/{id}",
            find="/v2/concurrency_limits/{name}",
            by_id="/v2/concurrency_limits/{id}",
            listed="/v2/concurrency_limits/filter",
            list_by_ids=False,
        ),
        Routes(
            TaskRunConcurrencyLimit,
            "task run concurrency limit",
            collection="/concurrency_limits/",
            item="/concurrency_limits/{id}",
            find="/concurrency_limits/tag/{tag}",
            by_id="/concurrency_limits/{id}",
            listed="/concurrency_limits/filter",
            list_by_ids=False,
            api_names={"limit": "concurrency_limit"},
            name_parts=("tag",),
            upserts=True,
        ),
        Routes(
            Flow,
            "flow",
            collection="/flows/",
            item="/flows/{id}",
            find="/flows/name/{name}",
            by_id="/flows/{id}",
            listed="/flows/filter",
            list_key="flows",
            upserts=True,
            cloud_in_place=_LABELS,
        ),
        Routes(
            Deployment,
            "deployment",
            collection="/deployments/",
            item="/deployments/{id}",
            find="/deployments/name/{flowName}/{name}",
            by_id="/deployments/{id}",
            listed="/deployments/filter",
            list_key="deployments",
            name_parts=("flowName", "name"),
            upserts=True,
            cloud_in_place=_LABELS,
        ),
        Routes(
            DeploymentSchedule,
            "deployment schedule",
            collection="/deployments/{deploymentId}/schedules",
            item="/deployments/{deploymentId}/schedules/{id}",
            listed="/deployments/filter",
            list_key="deployments",
            name_parts=("flow", "deployment", "slug"),
        ),
        Routes(
            Automation,
            "automation",
            collection="/automations/",
            item="/automations/{id}",
            by_id="/automations/{id}",
            listed="/automations/filter",
            list_key="automations",
            list_by_ids=False,
        ),
        Routes(
            BlockType,
            "block type",
            collection="/block_types/",
            item="/block_types/{id}",
            find="/block_types/slug/{slug}",
            by_id="/block_types/{id}",
            listed="/block_types/filter",
            list_by_ids=False,
            name_parts=("slug",),
        ),
        Routes(
            BlockSchema,
            "block schema",
            collection="/block_schemas/",
            item="/block_schemas/{id}",
            by_id="/block_schemas/{id}",
            listed="/block_schemas/filter",
            list_key="block_schemas",
            path_only=frozenset({"blockTypeSlug"}),
            name_parts=(),
        ),
        Routes(
            BlockDocument,
            "block",
            collection="/block_documents/",
            item="/block_documents/{id}",
            find=_DOCUMENT_NAME,
            by_id="/block_documents/{id}",
            listed="/block_documents/filter",
            list_key="block_documents",
            query=_SECRETS,
            path_only=frozenset({"blockTypeSlug"}),
            name_parts=("blockTypeSlug", "name"),
        ),
        Routes(
            SecretBlock,
            "Secret block",
            collection="/block_documents/",
            item="/block_documents/{id}",
            find=_DOCUMENT_NAME.replace("{blockTypeSlug}", "secret"),
            by_id="/block_documents/{id}",
            listed="/block_documents/filter",
            list_key="block_documents",
            query=_SECRETS,
        ),
        Routes(
            JsonBlock,
            "JSON block",
            collection="/block_documents/",
            item="/block_documents/{id}",
            find=_DOCUMENT_NAME.replace("{blockTypeSlug}", "json"),
            by_id="/block_documents/{id}",
            listed="/block_documents/filter",
            list_key="block_documents",
            query=_SECRETS,
        ),
        _cloud(Webhook, "webhook", "/webhooks"),
        _cloud(ServiceAccount, "service account", "/bots", of_account=True),
        _cloud(Team, "team", "/teams", {"directoryGroupId": "workos_directory_group_id"}, of_account=True),
        _cloud(WorkspaceRole, "workspace role", "/workspace_roles", of_account=True),
        _cloud(Workspace, "workspace", "/workspaces", of_account=True, name_parts=("handle",)),
        _cloud(WorkspaceAccess, "workspace access", "/access", name_parts=("accessorType", "accessor")),
        _cloud(TeamMember, "team member", "/teams", of_account=True, name_parts=("team", "member")),
        _access(
            DeploymentAccess,
            "access list of the deployment",
            "/deployments/{id}/access",
            "deploymentId",
            "/deployments/name/{first}/{last}",
        ),
        _access(WorkPoolAccess, "access list of the work pool", "/work_pools/{id}/access", "workPoolName"),
        _access(
            BlockAccess,
            "access list of the block",
            "/block_documents/{id}/access",
            "blockDocumentId",
            "/block_types/slug/{first}/block_documents/name/{last}",
        ),
        _cloud(
            Sla,
            "service level agreement",
            "/slas",
            name_parts=("deploymentId",),
            find="/deployments/name/{first}/{last}",
        ),
        _cloud(ManagedAutomation, "managed automation", "/automations/managed", name_parts=("type",)),
        _cloud(AccountMember, "account member", "/account_memberships", of_account=True, name_parts=("email",)),
        _cloud(UserApiKey, "user's API key", "/api_keys", of_account=True, name_parts=("user", "name")),
        _cloud(Account, "account", "", of_account=True, name_parts=("handle",)),
        _cloud(AccountRole, "account role", "/account_roles", of_account=True),
        _cloud(User, "user", "/account_memberships", of_account=True),
    )
}
"""Token -> row, for every kind that lives on the server, and for what is only read."""
