"""The automations of a stack file, which name the objects that they are about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi.output import UNKNOWN, Unknown

from prefect_pulumi.components.cloud import declare_on_deployments
from prefect_pulumi.components.flows import Flows
from prefect_pulumi.components.lookups import circle
from prefect_pulumi.components.objects import Objects
from prefect_pulumi.models.automation_names import ACTIONS, ObjectName, with_ids
from prefect_pulumi.project.settings import Environment
from prefect_pulumi.resources import Automation


def declare_automations(
    environment: Environment,
    objects: Objects,
    *,
    flows: Sequence[Flows] = (),
    deployments: Mapping[str, pulumi.Output[str]] | None = None,
) -> dict[str, Automation]:
    """One resource for each key of `environment.automations`; beside them the access lists and service level agreements
    of deployments, on Prefect Cloud. `flows` and `deployments` (`flow/deployment` -> UUID):
    what the program itself deploys; other names are those of the server.

    Raises `SettingsError` for a name that nothing has, and automations that refer to each other in a circle.
    """
    automations = _Automations(environment, objects, flows, deployments or {})
    declare_on_deployments(
        environment,
        objects.cloud,
        objects.options,
        lambda name, key: automations.deployment_id(ObjectName("deployment", name), key),
    )
    return {key: automations.declared(key) for key in environment.automations}


class _Automations:
    def __init__(
        self,
        environment: Environment,
        objects: Objects,
        flows: Sequence[Flows],
        deployments: Mapping[str, pulumi.Output[str]],
    ) -> None:
        self.settings = environment.automations
        self.objects = objects
        self.lookups = objects.lookups
        self.flows = flows
        self.declared_keys: dict[str, Automation] = {}
        self.started: list[str] = []
        self.keys = {settings.name or key: key for key, settings in environment.automations.items()}
        for name, id in deployments.items():
            self.lookups.know_id(ObjectName("deployment", name), id)
        for name, pool in objects.pools.items():
            self.lookups.know(ObjectName("work_pool", name), pool.work_pool)
            for queue, resource in pool.queues.items():
                self.lookups.know(ObjectName("work_queue", f"{name}/{queue}"), resource)
        for name, flow in objects.flows.items():
            self.lookups.know(ObjectName("flow", name), flow)

    def declared(self, key: str) -> Automation:
        """The automation of that key, after those that it refers to."""
        if key not in self.declared_keys:
            with circle(self.started, key, "automations"):
                self.declared_keys[key] = self._declare(key)
            self.lookups.know(ObjectName("automation", self.settings[key].name or key), self.declared_keys[key])
        return self.declared_keys[key]

    def _declare(self, key: str) -> Automation:
        settings = self.settings[key]
        parts = with_ids(settings.parts, lambda name, prefix: self._id(name, prefix, key))
        return Automation(
            key,
            self.objects.options,
            name=settings.name or key,
            description=settings.description,
            enabled=settings.enabled,
            tags=settings.tags or None,
            trigger=parts["trigger"],
            **{name: parts[name] for name in ACTIONS if parts[name] or name == "actions"},
        )

    def _id(self, name: ObjectName, prefix: str, key: str) -> Any:
        id = self._plain_id(name, f"automations.{key}")
        return pulumi.Output.concat(prefix, id) if prefix else id

    def deployment_id(self, name: ObjectName, key: str) -> pulumi.Output[str]:
        """UUID of a deployment. `key`: which setting below `environment` names it."""
        return self._plain_id(name, key)

    def _plain_id(self, name: ObjectName, key: str) -> pulumi.Output[str]:
        if name.kind == "automation" and name.name in self.keys:
            return self.declared(self.keys[name.name]).id
        if name.kind == "deployment" and self.lookups.known(name) is None:
            return self._deployed(name, key, self.flows)
        return self.lookups.id(name, key)

    def _deployed(self, name: ObjectName, key: str, steps: Sequence[Flows]) -> pulumi.Output[str]:
        """The id that one of the deploy steps has given, else that of the server."""
        if not steps:
            return self.lookups.on_server(name, key)

        def chosen(ids: Any) -> Any:
            if isinstance(ids, Unknown):
                return UNKNOWN
            return ids[name.name] if name.name in (ids or {}) else self._deployed(name, key, steps[1:])

        return steps[0].deployments.apply(chosen, True)
