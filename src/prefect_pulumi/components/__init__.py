"""Pulumi components over the resources: what `infra/` builds a stack's program from.

May import `resources`, `project`, `models` and `core`.
"""

from __future__ import annotations

from prefect_pulumi.components.automations import declare_automations
from prefect_pulumi.components.drift_check import DriftCheck
from prefect_pulumi.components.environment import load_environment, secret_value
from prefect_pulumi.components.flows import Flows
from prefect_pulumi.components.objects import Objects, declare_objects
from prefect_pulumi.components.pool import Pool
from prefect_pulumi.components.release import declare_release
from prefect_pulumi.components.server import Server
from prefect_pulumi.project.drift_settings import DriftSettings
from prefect_pulumi.project.pool_settings import PoolSettings, QueueSettings
from prefect_pulumi.project.settings import Environment

__all__ = [
    "DriftCheck",
    "DriftSettings",
    "Environment",
    "Flows",
    "Objects",
    "Pool",
    "PoolSettings",
    "QueueSettings",
    "Server",
    "declare_automations",
    "declare_objects",
    "declare_release",
    "load_environment",
    "secret_value",
]
