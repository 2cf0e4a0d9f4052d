"""Running provider instances of one update, started when first needed and always closed."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from prefect_pulumi.core.errors import PrefectPulumiError, StateError
from prefect_pulumi.core.provider_protocol import (
    Changes,
    CheckRequest,
    CheckResult,
    CreateRequest,
    CreateResult,
    DeleteRequest,
    DiffRequest,
    DiffResult,
    InvokeRequest,
    InvokeResult,
    Props,
    Provider,
    ReadRequest,
    ReadResult,
    RecoverRequest,
    UpdateRequest,
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

    def check_config(self, request: CheckRequest) -> CheckResult:
        return CheckResult(dict(request.new_inputs))

    def diff_config(self, request: DiffRequest) -> DiffResult:
        return DiffResult(Changes.UNKNOWN)

    def configure(self, inputs: Props) -> None:
        """Nothing to configure."""

    def check(self, request: CheckRequest) -> CheckResult:
        return CheckResult(dict(request.new_inputs))

    def diff(self, request: DiffRequest) -> DiffResult:
        return DiffResult(Changes.SOME)

    def create(self, request: CreateRequest) -> CreateResult:
        return CreateResult("", {})

    def read(self, request: ReadRequest) -> ReadResult:
        return ReadResult(request.id, dict(request.inputs), dict(request.outputs))

    def read_many(self, requests: Sequence[ReadRequest]) -> list[ReadResult | PrefectPulumiError]:
        return [self.read(request) for request in requests]

    def update(self, request: UpdateRequest) -> dict[str, Any]:
        return {}

    def delete(self, request: DeleteRequest) -> None:
        """Never asked in a preview."""

    def invoke(self, request: InvokeRequest) -> InvokeResult:
        return InvokeResult({})

    def recover(self, request: RecoverRequest) -> ReadResult | None:
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
            stored = next((candidate for candidate in entries if candidate.urn == urn and candidate.id == id), None)
            if stored is None:
                raise StateError(
                    f"the provider {urn} is not in the state", where=entry.urn, remedy="pulumi state repair"
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
