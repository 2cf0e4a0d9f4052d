# Generated from prefect_pulumi.models by tools/generate.py. Do not edit.

"""Resource `prefect:index:Automation`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import pulumi

from prefect_pulumi.resources._base import PrefectResource, read


class Automation(PrefectResource):
    """Actions that follow when events come, or do not come.

        Triggers and actions are objects under the API's own names, such as `match_related` and `deployment_id`.

        Example: `Automation(
        "alert",
        trigger={"type": "event", "posture": "Reactive", "expect": ["prefect.flow-run.Late"]},
        actions=[{"type": "cancel-flow-run"}],
    )`
    """

    pulumi_type = "prefect:index:Automation"
    _wire_names = MappingProxyType(
        {
            "name": "name",
            "description": "description",
            "enabled": "enabled",
            "tags": "tags",
            "trigger": "trigger",
            "actions": "actions",
            "actions_on_trigger": "actionsOnTrigger",
            "actions_on_resolve": "actionsOnResolve",
            "created": "created",
        }
    )

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        trigger: pulumi.Input[Mapping[str, Any]],
        actions: pulumi.Input[Sequence[Mapping[str, Any]]],
        name: pulumi.Input[str] | None = None,
        description: pulumi.Input[str] | None = None,
        enabled: pulumi.Input[bool] | None = None,
        tags: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None,
        actions_on_trigger: pulumi.Input[Sequence[Mapping[str, Any]]] | None = None,
        actions_on_resolve: pulumi.Input[Sequence[Mapping[str, Any]]] | None = None,
    ) -> None:
        """
        :param resource_name: Name of the resource in the program.
        :param opts: Pulumi's options.
        :param name: Name of the automation; need not be unique. Left out: the resource's logical name.
        :param description: Free text. Default: "".
        :param enabled: Whether it acts. Default: true.
        :param tags: Free labels.
        :param trigger: What it waits for: an event, compound or sequence trigger, on Prefect Cloud also a metric one.
        :param actions: What it does when it fires.
        :param actions_on_trigger: What it does when it turns triggered.
        :param actions_on_resolve: What it does when it turns resolved.
        """
        self._begin(
            resource_name,
            {
                "name": name,
                "description": description,
                "enabled": enabled,
                "tags": tags,
                "trigger": trigger,
                "actions": actions,
                "actionsOnTrigger": actions_on_trigger,
                "actionsOnResolve": actions_on_resolve,
            },
            opts,
        )

    @staticmethod
    def get(resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None) -> Automation:
        """The existing object of that `id`: the server's UUID or name. Pulumi does not manage it."""
        return read(Automation, resource_name, id, opts)

    @property
    @pulumi.getter(name="name")
    def name(self) -> pulumi.Output[str]:
        """Name of the automation; need not be unique. Left out: the resource's logical name."""
        return self._output("name")

    @property
    @pulumi.getter(name="description")
    def description(self) -> pulumi.Output[str]:
        """Free text. Default: ""."""
        return self._output("description")

    @property
    @pulumi.getter(name="enabled")
    def enabled(self) -> pulumi.Output[bool]:
        """Whether it acts. Default: true."""
        return self._output("enabled")

    @property
    @pulumi.getter(name="tags")
    def tags(self) -> pulumi.Output[list[str]]:
        """Free labels."""
        return self._output("tags")

    @property
    @pulumi.getter(name="trigger")
    def trigger(self) -> pulumi.Output[dict[str, Any]]:
        """What it waits for: an event, compound or sequence trigger, on Prefect Cloud also a metric one."""
        return self._output("trigger")

    @property
    @pulumi.getter(name="actions")
    def actions(self) -> pulumi.Output[list[dict[str, Any]]]:
        """What it does when it fires."""
        return self._output("actions")

    @property
    @pulumi.getter(name="actionsOnTrigger")
    def actions_on_trigger(self) -> pulumi.Output[list[dict[str, Any]]]:
        """What it does when it turns triggered."""
        return self._output("actionsOnTrigger")

    @property
    @pulumi.getter(name="actionsOnResolve")
    def actions_on_resolve(self) -> pulumi.Output[list[dict[str, Any]]]:
        """What it does when it turns resolved."""
        return self._output("actionsOnResolve")

    @property
    @pulumi.getter(name="created")
    def created(self) -> pulumi.Output[str]:
        """When it was made (RFC 3339)."""
        return self._output("created")
