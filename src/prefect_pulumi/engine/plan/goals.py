"""A goal: what the program asked for one resource, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from prefect_pulumi.engine.plan.steps import PROVIDER_PREFIX
from prefect_pulumi.state.entries import ResourceEntry, parse_provider_ref, urn_type


@dataclass(frozen=True, slots=True)
class Goal:
    """`RegisterResourceRequest` as plain data, its aliases as URNs.

    `provider` is a reference `urn::id`, or "" for the default provider of the type's package at `version`.
    `protect` and `retain_on_delete` are None where the program does not say: the parent's count then.
    `plugin_url`, `plugin_checksums` (platform -> SHA-256, hex): where another package's plugin is fetched from.
    """

    urn: str
    type: str
    name: str
    custom: bool
    inputs: dict[str, Any]
    parent: str = ""
    dependencies: tuple[str, ...] = ()
    property_dependencies: dict[str, list[str]] = field(default_factory=dict)
    provider: str = ""
    version: str = ""
    protect: bool | None = None
    retain_on_delete: bool | None = None
    delete_before_replace: bool | None = None
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    additional_secret_outputs: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    custom_timeouts: dict[str, float] = field(default_factory=dict)
    import_id: str = ""
    deleted_with: str = ""
    hide_diff: tuple[str, ...] = ()
    plugin_url: str = ""
    plugin_checksums: Mapping[str, str] = field(default_factory=dict)

    @property
    def package(self) -> str:
        """`random` for `random:index/pet:Pet` and for `pulumi:providers:random` alike."""
        return self.type.removeprefix(PROVIDER_PREFIX) if self.is_provider else self.type.split(":", 1)[0]

    @property
    def is_provider(self) -> bool:
        return self.type.startswith(PROVIDER_PREFIX)

    @property
    def needs(self) -> frozenset[str]:
        """Every URN that must have succeeded before this resource."""
        urns = set(self.dependencies)
        for listed in self.property_dependencies.values():
            urns.update(listed)
        return frozenset(urns)

    @property
    def used(self) -> frozenset[str]:
        """`needs`, the parent and the explicit provider."""
        urns = {*self.needs, self.parent}
        if self.provider:
            urns.add(parse_provider_ref(self.provider)[0])
        return frozenset(urns)

    def inheriting(self, parent: Goal) -> Goal:
        """This goal with what it takes over from its parent's where the program does not say."""
        return replace(
            self,
            protect=parent.protect if self.protect is None else self.protect,
            retain_on_delete=parent.retain_on_delete if self.retain_on_delete is None else self.retain_on_delete,
            deleted_with=self.deleted_with or parent.deleted_with,
            provider=self.provider or self._provider_of(parent),
        )

    def _provider_of(self, parent: Goal) -> str:
        """A parent's provider serves its children of the same package."""
        if not parent.provider or not self.custom or self.is_provider:
            return ""
        package = urn_type(parse_provider_ref(parent.provider)[0]).rsplit(":", 1)[-1]
        return parent.provider if package == self.package else ""

    def entry(self, *, inputs: dict[str, Any], outputs: dict[str, Any], id: str, provider: str) -> ResourceEntry:
        """The state entry that this goal leaves, without its timestamps."""
        return ResourceEntry(
            urn=self.urn,
            type=self.type,
            custom=self.custom,
            id=id,
            inputs=inputs,
            outputs=outputs,
            parent=self.parent,
            dependencies=sorted(self.needs),
            property_dependencies={key: sorted(urns) for key, urns in self.property_dependencies.items()},
            provider=provider,
            protect=bool(self.protect),
            retain_on_delete=bool(self.retain_on_delete),
            additional_secret_outputs=list(self.additional_secret_outputs),
            ignore_changes=list(self.ignore_changes),
            replace_on_changes=list(self.replace_on_changes),
            custom_timeouts=dict(self.custom_timeouts),
            import_id=self.import_id,
            deleted_with=self.deleted_with,
            extra={"hideDiff": list(self.hide_diff)} if self.hide_diff else {},
        )
