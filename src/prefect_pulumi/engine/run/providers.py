"""Running provider instances of one update, started when first needed and always closed."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from prefect_pulumi.core.errors import PrefectPulumiError, StateError
from prefect_pulumi.core.provider_protocol import (
    Changes,
    CheckResult,
    CreateResult,
    DiffResult,
    Props,
    Provider,
    ReadRequest,
    ReadResult,
)
from prefect_pulumi.core.values import has_unknown
from prefect_pulumi.engine.plan.steps import PROVIDER_PREFIX
from prefect_pulumi.state.entries import ResourceEntry, parse_provider_ref, urn_type


class Loader(Protocol):
    """Makes an unconfigured provider; raises `PrefectPulumiError` when it cannot.

    `version` "" takes what there is. `url` and `checksums` (platform -> SHA-256, hex) say where a plugin that is not
    on this machine is fetched from, if not from its official address.
    """

    def __call__(self, package: str, version: str, url: str, checksums: Mapping[str, str]) -> Provider: ...


class UnconfiguredProvider:
    """Stands in for a provider whose configuration is unknown in a preview: no call reaches the real one."""

    def check_config(self, urn: str, olds: Props, news: Props) -> CheckResult:
        return CheckResult(dict(news))

    def diff_config(self, urn: str, olds: Props, old_inputs: Props, news: Props) -> DiffResult:
        return DiffResult(Changes.UNKNOWN)

    def configure(self, inputs: Props) -> None:
        """Nothing to configure."""

    def check(self, urn: str, olds: Props, news: Props, random_seed: bytes) -> CheckResult:
        return CheckResult(dict(news))

    def diff(
        self, urn: str, id: str, old_inputs: Props, old_outputs: Props, news: Props, ignore_changes: Sequence[str]
    ) -> DiffResult:
        return DiffResult(Changes.SOME)

    def create(self, urn: str, inputs: Props, timeout: float, preview: bool) -> CreateResult:
        return CreateResult("", {})

    def read(self, urn: str, id: str, inputs: Props, outputs: Props) -> ReadResult:
        return ReadResult(id, dict(inputs), dict(outputs))

    def read_many(self, requests: Sequence[ReadRequest]) -> list[ReadResult | PrefectPulumiError]:
        return [self.read(each.urn, each.id, each.inputs, each.outputs) for each in requests]

    def update(
        self,
        urn: str,
        id: str,
        old_inputs: Props,
        old_outputs: Props,
        news: Props,
        timeout: float,
        preview: bool,
        ignore_changes: Sequence[str],
    ) -> dict[str, Any]:
        return {}

    def delete(self, urn: str, id: str, inputs: Props, outputs: Props, timeout: float) -> None:
        """Never asked in a preview."""

    def invoke(self, token: str, args: Props) -> CheckResult:
        return CheckResult({})

    def recover(self, urn: str, inputs: Props, since: float) -> ReadResult | None:
        return None

    def cancel(self) -> None:
        """Nothing runs."""

    def close(self) -> None:
        """Nothing to close."""


class ProviderPool:
    """Provider instances by the reference (`urn::id`) of their state entry, and the newest one of each URN."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader
        self._lock = threading.RLock()
        self._instances: dict[str, Provider] = {}
        self._newest: dict[str, Provider] = {}

    def load(self, urn: str, inputs: Mapping[str, Any]) -> Provider:
        """A new, unconfigured instance for the provider entry `urn`."""
        package = urn_type(urn).removeprefix(PROVIDER_PREFIX)
        version, internal = inputs.get("version", ""), inputs.get("__internal") or {}
        return self._loader(
            package,
            version if isinstance(version, str) else "",
            str(internal.get("pluginDownloadURL", "")),
            internal.get("pluginChecksums", {}),
        )

    def install(self, urn: str, id: str, provider: Provider, inputs: Mapping[str, Any]) -> None:
        """Configures `provider` (a stand-in when its configuration is unknown) and keeps it for `urn::id`."""
        if has_unknown(dict(inputs)):
            provider.close()
            provider = UnconfiguredProvider()
        else:
            try:
                provider.configure(inputs)
            except BaseException:
                provider.close()
                raise
        with self._lock:
            before = self._instances.get(f"{urn}::{id}")
            self._instances[f"{urn}::{id}"] = provider
            self._newest[urn] = provider
        if before is not None:
            before.close()

    def get(self, urn: str) -> Provider | None:
        """The instance that was installed last for `urn`."""
        with self._lock:
            return self._newest.get(urn)

    def for_entry(self, entry: ResourceEntry, entries: Iterable[ResourceEntry]) -> Provider:
        """The provider that manages `entry`, started from its state entry if this run has not."""
        urn, id = parse_provider_ref(entry.provider)
        with self._lock:
            running = self._instances.get(entry.provider)
            if running is not None:
                return running
            stored = next((each for each in entries if each.urn == urn and each.id == id), None)
            if stored is None:
                raise StateError(
                    f"its provider {urn} is not in the state", where=entry.urn, remedy="pulumi state repair"
                )
            newest = self._newest.get(urn)
            self.install(urn, id, self.load(urn, stored.inputs), stored.inputs)
            if newest is not None:
                self._newest[urn] = newest
            return self._instances[entry.provider]

    def cancel(self) -> None:
        with self._lock:
            instances = list(self._instances.values())
        for provider in instances:
            provider.cancel()

    def close(self) -> None:
        with self._lock:
            instances = list(self._instances.values())
            self._instances.clear()
            self._newest.clear()
        for provider in instances:
            provider.close()
