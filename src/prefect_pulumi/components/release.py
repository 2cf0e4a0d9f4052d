"""The last resource of a program: the record of what the stack carries once all the rest is up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi

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
    """Declare it last: it depends on every resource that the program has declared since `load_environment`."""
    pin = environment.release
    after = pulumi.ResourceOptions(depends_on=declared())
    return Release(
        name,
        pulumi.ResourceOptions.merge(opts, after),
        deployments=pulumi.Output.all(*(step.fingerprints for step in flows)).apply(_merged),
        images={pool.name: pool.image for pool in pools if pool.image is not None},
        pinned=pin.commit if pin else None,
        promoted={"release": pin.id, "stage": pin.stage, "plan": pin.plan, "forced": pin.forced} if pin else None,
        keep=keep,
    )


def _merged(parts: Sequence[Any]) -> dict[str, str]:
    return {name: value for part in parts for name, value in (part or {}).items()}
