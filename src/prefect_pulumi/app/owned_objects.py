"""Which deployments and automations a stack's last update left, from its state."""

from __future__ import annotations

from collections.abc import Sequence

from prefect_pulumi.core.values import unwrap
from prefect_pulumi.state.entries import ResourceEntry


def deployment_ids(entries: Sequence[ResourceEntry]) -> dict[str, str]:
    """'flow/deployment' -> UUID."""
    known: dict[str, str] = {}
    for entry in entries:
        if entry.type == "prefect:index:Deployments":
            known.update({str(k): str(v) for k, v in unwrap(entry.outputs.get("deployments") or {}).items()})
        elif entry.type == "prefect:index:Deployment":
            known[f"{entry.outputs.get('flowName')}/{entry.outputs.get('name')}"] = entry.id
    return known


def automation_names(entries: Sequence[ResourceEntry]) -> dict[str, str]:
    """UUID -> name; those of deployments' triggers are among them."""
    known: dict[str, str] = {}
    for entry in entries:
        if entry.type == "prefect:index:Deployments":
            for automations in unwrap(entry.outputs.get("automations") or {}).values():
                known.update({str(id): str(name) for name, id in automations.items()})
        elif entry.type == "prefect:index:Automation":
            known[entry.id] = str(unwrap(entry.outputs.get("name")))
    return known
