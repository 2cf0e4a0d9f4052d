"""Limits on concurrent tasks that use a shared service, across all flows."""

import pulumi

from prefect_pulumi.components import Environment
from prefect_pulumi.resources import GlobalConcurrencyLimit


def declare_limits(environment: Environment, opts: pulumi.ResourceOptions) -> list[pulumi.Resource]:
    """Global concurrency limits, under the names that flows pass to `concurrency(...)`."""
    return [
        GlobalConcurrencyLimit(
            name,
            opts,
            limit=settings.limit,
            slot_decay_per_second=settings.slot_decay_per_second,
            active=settings.active,
        )
        for name, settings in environment.concurrency_limits.items()
    ]
