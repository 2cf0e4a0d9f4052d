"""How many tasks may use a shared thing at one time, whatever flow they belong to."""

import pulumi

from prefect_pulumi.components import Environment
from prefect_pulumi.resources import GlobalConcurrencyLimit


def declare_limits(environment: Environment, opts: pulumi.ResourceOptions) -> list[pulumi.Resource]:
    """Global concurrency limits, under the names that flows give to `concurrency(...)`."""
    return [
        GlobalConcurrencyLimit(name, opts, limit=of.limit, slot_decay_per_second=of.slot_decay_per_second)
        for name, of in environment.concurrency_limits.items()
    ]
