"""Which field of which kind a key of the stack file sets, and what a change of a key does that is no object's field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from prefect_pulumi.models import (
    AccountMember,
    Automation,
    BlockAccess,
    BlockDocument,
    BlockSchema,
    BlockType,
    DeploymentAccess,
    FieldSpec,
    Flow,
    GlobalConcurrencyLimit,
    JsonBlock,
    Kind,
    LocalServer,
    ManagedAutomation,
    ProviderConfig,
    ResultStorage,
    SecretBlock,
    ServiceAccount,
    Sla,
    TaskRunConcurrencyLimit,
    Team,
    Variable,
    Webhook,
    WorkPool,
    WorkPoolAccess,
    WorkQueue,
    Workspace,
    WorkspaceAccess,
    WorkspaceRole,
)

OBJECTS: Mapping[str, type[Kind]] = {
    "server": LocalServer,
    "pools.*": WorkPool,
    "pools.*.queues.*": WorkQueue,
    "variables.*": Variable,
    "json_blocks.*": JsonBlock,
    "secrets.*": SecretBlock,
    "block_types.*": BlockType,
    "blocks.*": BlockDocument,
    "result_storage": ResultStorage,
    "concurrency_limits.*": GlobalConcurrencyLimit,
    "tag_limits.*": TaskRunConcurrencyLimit,
    "flows.*": Flow,
    "automations.*": Automation,
    "webhooks.*": Webhook,
    "service_accounts.*": ServiceAccount,
    "teams.*": Team,
    "workspace_roles.*": WorkspaceRole,
    "workspaces.*": Workspace,
    "workspace_access.*": WorkspaceAccess,
    "deployment_access.*": DeploymentAccess,
    "work_pool_access.*": WorkPoolAccess,
    "block_access.*": BlockAccess,
    "slas.*": Sla,
    "managed_automations.*": ManagedAutomation,
    "account_members.*": AccountMember,
}
"""Place below `environment` -> kind of the object that the key declares."""
FIELDS: Mapping[str, tuple[type[Kind], str]] = {
    "server.ca_file": (ProviderConfig, "certFile"),
    "server.insecure": (ProviderConfig, "skipVerify"),
    "pools.*.job": (WorkPool, "baseJobTemplate"),
    "pools.*.env_from_blocks": (WorkPool, "baseJobTemplate"),
    "pools.*.template_patch": (WorkPool, "baseJobTemplate"),
    "pools.*.result_storage": (WorkPool, "storageConfiguration"),
    "json_blocks.*": (JsonBlock, "value"),
    "block_types.*.fields": (BlockSchema, "fields"),
    "block_types.*.capabilities": (BlockSchema, "capabilities"),
    "block_types.*.version": (BlockSchema, "version"),
    "result_storage": (ResultStorage, "blockDocumentId"),
    "workspace_access.*": (WorkspaceAccess, "role"),
    "slas.*": (Sla, "slas"),
    "webhooks.*.service_account": (Webhook, "serviceAccountId"),
    "service_accounts.*.account_role": (ServiceAccount, "accountRoleId"),
    "workspace_roles.*.inherited_role": (WorkspaceRole, "inheritedRoleId"),
    "workspaces.*.default_role": (Workspace, "defaultWorkspaceRoleId"),
    **{f"secrets.*.{key}": (SecretBlock, "value") for key in ("env", "file", "exec", "default", "format")},
}
"""Place -> the field, where it has another name than the key."""
CHANGES = {
    "server.container": "replaces the container; its database stays",
    "server.api_url": "moves the stack to another server: its objects are created there",
    "pools.*.workers": "restarts the workers; their flow runs get drain_seconds to end",
    "deploy": "counts from the next deploy",
    "drift": "changes the deployment that reports drift, and its schedule",
    "verification": "counts from the next infra verify",
    "release": "infra up rolls the stack out to the release",
}


def counterpart(place: Sequence[str]) -> tuple[type[Kind] | None, FieldSpec | None]:
    """`["environment", "pools", "*", "type"]` -> the kind WorkPool and its field `type`; None where there is none."""
    path = ".".join(place[1:])
    if path in FIELDS:
        model, wire = FIELDS[path]
        return model, model.field(wire)
    if path in OBJECTS:
        return OBJECTS[path], None
    above, _, key = path.rpartition(".")
    owner = OBJECTS.get(above)
    found = next((spec for spec in owner.fields() if spec.attribute == key), None) if owner is not None else None
    return (owner, found) if found is not None else (None, None)


def change_of_key(place: Sequence[str]) -> str:
    """ "" where nothing general can be said."""
    path = ".".join(place[1:])
    if place[-1] == "*" and path in OBJECTS:
        return "another name is another object: the old one is deleted"
    return next((text for above, text in CHANGES.items() if path == above or path.startswith(f"{above}.")), "")
