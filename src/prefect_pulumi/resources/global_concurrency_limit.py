# Generated from prefect_pulumi.models by tools/generate.py. Do not edit.

"""Resource `prefect:index:GlobalConcurrencyLimit`."""

from __future__ import annotations

from types import MappingProxyType

import pulumi

from prefect_pulumi.resources._base import PrefectResource, read


class GlobalConcurrencyLimit(PrefectResource):
    """A named limit that flows and tasks take slots of.

    Example: `GlobalConcurrencyLimit("database", limit=10)`
    """

    pulumi_type = "prefect:index:GlobalConcurrencyLimit"
    _wire_names = MappingProxyType(
        {
            "name": "name",
            "limit": "limit",
            "active": "active",
            "slot_decay_per_second": "slotDecayPerSecond",
            "created": "created",
        }
    )

    def __init__(
        self,
        resource_name: str,
        opts: pulumi.ResourceOptions | None = None,
        *,
        limit: pulumi.Input[int],
        name: pulumi.Input[str] | None = None,
        active: pulumi.Input[bool] | None = None,
        slot_decay_per_second: pulumi.Input[float] | None = None,
    ) -> None:
        """
        :param resource_name: Name of the resource in the program.
        :param opts: Pulumi's options.
        :param name: Name of the limit, unique on the server. Left out: the resource's logical name.
        :param limit: Number of slots.
        :param active: Whether the limit holds. Default: true.
        :param slot_decay_per_second: Slots that become free each second; 0: only when they are released. Default:
        0.0.
        """
        self._begin(
            resource_name,
            {"name": name, "limit": limit, "active": active, "slotDecayPerSecond": slot_decay_per_second},
            opts,
        )

    @staticmethod
    def get(
        resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None = None
    ) -> GlobalConcurrencyLimit:
        """The existing object of that `id`: the server's UUID or name. Pulumi does not manage it."""
        return read(GlobalConcurrencyLimit, resource_name, id, opts)

    @property
    @pulumi.getter(name="name")
    def name(self) -> pulumi.Output[str]:
        """Name of the limit, unique on the server. Left out: the resource's logical name."""
        return self._output("name")

    @property
    @pulumi.getter(name="limit")
    def limit(self) -> pulumi.Output[int]:
        """Number of slots."""
        return self._output("limit")

    @property
    @pulumi.getter(name="active")
    def active(self) -> pulumi.Output[bool]:
        """Whether the limit holds. Default: true."""
        return self._output("active")

    @property
    @pulumi.getter(name="slotDecayPerSecond")
    def slot_decay_per_second(self) -> pulumi.Output[float]:
        """Slots that become free each second; 0: only when they are released. Default: 0.0."""
        return self._output("slotDecayPerSecond")

    @property
    @pulumi.getter(name="created")
    def created(self) -> pulumi.Output[str]:
        """When it was made (RFC 3339)."""
        return self._output("created")
