"""By which name people know an object, from its properties."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prefect_pulumi.core.values import unwrap

_PARTS = {
    "WorkQueue": ("workPoolName", "name"),
    "BlockDocument": ("blockTypeSlug", "name"),
    "Deployment": ("flowName", "name"),
    "TaskRunConcurrencyLimit": ("tag",),
    "BlockType": ("slug",),
    "DeploymentSchedule": ("deploymentId", "slug"),
    "Deployments": ("prefectFile",),
}


def human_name(kind: str, values: Mapping[str, Any], logical: str, deployments: Mapping[str, str]) -> str:
    """`pool/queue`, `flow/deployment/slug`, ...; the resource's logical name where a part is not known.

    `deployments`: UUID -> `flow/deployment`.
    """
    parts = []
    for name in _PARTS.get(kind, ("name",)):
        part = unwrap(values.get(name))
        if not isinstance(part, str) or not part:
            return logical
        parts.append(deployments.get(part, "") if name == "deploymentId" else part)
    return "/".join(parts) if all(parts) else logical
