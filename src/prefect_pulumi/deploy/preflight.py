"""Checks of `prefect.yaml` against the project and what the program declares; all faults at once."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from prefect_pulumi.deploy.load import Loaded
from prefect_pulumi.deploy.model import DeploymentEntry
from prefect_pulumi.deploy.source import Entrypoint, SourceFault, flow_name

_VARIABLE = re.compile(r"\{\{\s*\$([A-Za-z_][A-Za-z0-9_]*)\s*\}\}")


def preflight(
    loaded: Loaded,
    root: Path,
    *,
    work_pools: Collection[str] | None,
    work_queues: Collection[str] | None,
    env: Mapping[str, str],
) -> list[str]:
    """Faults as `line N: key: what, remedy`. `work_pools` and `work_queues` (`pool/queue`) are those that exist or
    are declared; None skips that check."""
    faults: list[str] = []
    names: dict[str, int] = {}
    for index, entry in enumerate(loaded.model.deployments):
        here: list[str | int] = ["deployments", index]
        try:
            name = full_name(entry, root)
        except SourceFault as error:
            faults.append(f"{loaded.place([*here, 'entrypoint'])}: {error}")
            continue
        if name in names:
            faults.append(
                f"{loaded.place([*here, 'name'])}: {name} is declared twice (first: deployments[{names[name]}])"
            )
        names.setdefault(name, index)
        faults.extend(_target_faults(loaded, index, entry, work_pools, work_queues))
    faults.extend(_unset_variables(loaded, loaded.raw, [], env))
    return faults


def full_name(entry: DeploymentEntry, root: Path) -> str:
    """`flow/deployment`, as Prefect will name it."""
    flow = flow_name(Entrypoint.parse(entry.entrypoint, root))
    return f"{entry.flow_name or flow}/{entry.name}"


def _target_faults(
    loaded: Loaded,
    index: int,
    entry: DeploymentEntry,
    work_pools: Collection[str] | None,
    work_queues: Collection[str] | None,
) -> list[str]:
    here: list[str | int] = ["deployments", index, "work_pool"]
    pool = entry.work_pool.name if entry.work_pool else None
    if not pool:
        return [f"{loaded.place(here)}: name a work pool that runs this deployment"]
    if "{{" in pool or work_pools is None:
        return []
    if pool not in work_pools:
        known = ", ".join(sorted(work_pools)) or "none"
        return [
            f"{loaded.place([*here, 'name'])}: nothing declares the work pool {pool!r} (declared: {known});"
            " declare it under environment.pools of the stack's config"
        ]
    queue = entry.work_pool.work_queue_name if entry.work_pool else None
    checked = queue and queue != "default" and "{{" not in queue and work_queues is not None
    if checked and f"{pool}/{queue}" not in (work_queues or ()):
        return [
            f"{loaded.place([*here, 'work_queue_name'])}: nothing declares the queue {queue!r} of pool {pool!r};"
            f" declare it under environment.pools.{pool}.queues of the stack's config"
        ]
    return []


def _unset_variables(loaded: Loaded, value: Any, keys: list[str | int], env: Mapping[str, str]) -> list[str]:
    if isinstance(value, str):
        return [
            f"{loaded.place(keys)}: the environment variable {name} is not set, and Prefect would deploy an empty text"
            for name in _VARIABLE.findall(value)
            if name not in env
        ]
    if isinstance(value, dict):
        return [f for key, item in value.items() for f in _unset_variables(loaded, item, [*keys, str(key)], env)]
    if isinstance(value, list):
        return [f for i, item in enumerate(value) for f in _unset_variables(loaded, item, [*keys, i], env)]
    return []


def used_variables(value: Any) -> set[str]:
    """Names of the environment variables that `{{ $NAME }}` templates in a value read."""
    if isinstance(value, str):
        return set(_VARIABLE.findall(value))
    if isinstance(value, dict):
        return {name for item in value.values() for name in used_variables(item)}
    if isinstance(value, list):
        return {name for item in value for name in used_variables(item)}
    return set()
