"""The last resource of a program: the record of what the stack carries once all the rest is up."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import pulumi

from prefect_pulumi.components.environment import ProgramSettingsError, place
from prefect_pulumi.components.flows import Flows
from prefect_pulumi.components.pool import Pool
from prefect_pulumi.components.registered import declared
from prefect_pulumi.project.settings import Environment
from prefect_pulumi.resources import Release


def declare_release(
    name: str,
    environment: Environment,
    opts: pulumi.ResourceOptions | None = None,
    *,
    flows: Sequence[Flows],
    pools: Sequence[Pool] = (),
    keep: int | None = None,
) -> Release:
    """Declare it last: it depends on every resource that the program has declared since `load_environment`.

    Raises `SettingsError` for a section of the stack file of which the program declares nothing.
    """
    resources = declared()
    _need_all_sections(environment, {type(resource).__name__ for resource in resources})
    pin = environment.release
    after = pulumi.ResourceOptions(depends_on=resources)
    return Release(
        name,
        pulumi.ResourceOptions.merge(opts, after),
        deployments=pulumi.Output.all(*(step.fingerprints for step in flows)).apply(_merged),
        images={pool.name: pool.image for pool in pools if pool.image is not None},
        pinned=pin.commit if pin else None,
        promoted={"release": pin.id, "stage": pin.stage, "plan": pin.plan, "forced": pin.forced} if pin else None,
        keep=keep,
    )


_SECTIONS = {
    "block_types": "BlockType",
    "blocks": "BlockDocument",
    "tag_limits": "TaskRunConcurrencyLimit",
    "flows": "Flow",
    "automations": "Automation",
    "result_storage": "ResultStorage",
    "webhooks": "Webhook",
    "service_accounts": "ServiceAccount",
    "teams": "Team",
    "workspace_roles": "WorkspaceRole",
    "workspaces": "Workspace",
    "workspace_access": "WorkspaceAccess",
    "deployment_access": "DeploymentAccess",
    "work_pool_access": "WorkPoolAccess",
    "block_access": "BlockAccess",
    "slas": "Sla",
    "managed_automations": "ManagedAutomation",
    "account_members": "AccountMember",
    "drift": "DriftCheck",
}


def _need_all_sections(environment: Environment, kinds: Collection[str]) -> None:
    """A program from before these sections declares nothing of them."""
    for section, kind in _SECTIONS.items():
        if getattr(environment, section) and kind not in kinds:
            raise ProgramSettingsError(
                f"the program declares no {section}",
                where=place(section),
                remedy="call declare_objects and declare_automations in infra/__main__.py: see docs/configuration.md",
            )


def _merged(parts: Sequence[Any]) -> dict[str, str]:
    return {name: value for part in parts for name, value in (part or {}).items()}
