"""Loads plugins for an engine: finds or fetches the executable, starts it, hands out `provider_protocol.Provider`s."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from prefect_pulumi.core.errors import ConfigError, PrefectPulumiError
from prefect_pulumi.core.provider_protocol import Provider, ProviderHost
from prefect_pulumi.core.values import mask, unwrap
from prefect_pulumi.plugins.download import fetch
from prefect_pulumi.plugins.guard import Guard
from prefect_pulumi.plugins.locations import LocalPlugin, Wanted, find


class PluginLoader:
    """Starts one process for each provider instance. What they share ends with the last of them."""

    def __init__(
        self,
        *,
        project: str,
        program: Path,
        host: ProviderHost,
        package_config: Callable[[str], Mapping[str, Any]],
        local: Sequence[LocalPlugin] = (),
        runtime_options: Mapping[str, str] | None = None,
    ) -> None:
        self._project = project
        self._program = program
        self._host = host
        self._package_config = package_config
        self._local = tuple(local)
        self._runtime_options = dict(runtime_options or {})
        self._lock = threading.Lock()
        self._guard = Guard()
        self._service: Any = None
        self._running = 0

    def load(self, wanted: Wanted) -> Provider:
        """A new instance. Raises `PluginError` with the command that installs what is missing."""
        from prefect_pulumi.plugins.client import PluginProvider

        with self._lock:
            self._running += 1
        try:
            port = _attached_port(wanted.package)
            if port is None:
                return self._started(wanted)
            address = self._engine_address()
            return PluginProvider(
                wanted.package,
                f"127.0.0.1:{port}",
                process=None,
                engine_address=address,
                attach=True,
                closed=self._one_ended,
            )
        except PrefectPulumiError:
            self._one_ended()
            raise

    def _one_ended(self) -> None:
        with self._lock:
            self._running -= 1
            service = self._service if self._running == 0 else None
            if service is not None:
                self._service = None
            last = self._running == 0
        if last:
            self._guard.close()
        if service is not None:
            service.close()

    def _started(self, wanted: Wanted) -> Provider:
        from prefect_pulumi.plugins.client import PluginProvider
        from prefect_pulumi.plugins.process import PluginProcess

        executable = find(wanted, self._local)
        if executable is None:
            self._host.log("info", f"fetching the plugin of package {wanted.label}")
            executable = fetch(wanted)
        process = PluginProcess(
            executable,
            self._engine_address(),
            directory=self._program,
            environment=self._environment(wanted.package),
            guard=self._guard,
        )
        return PluginProvider(
            wanted.package,
            f"127.0.0.1:{process.port}",
            process=process,
            engine_address=self._engine_address(),
            root_directory=str(executable.parent),
            program_directory=str(self._program),
            closed=self._one_ended,
        )

    def _environment(self, package: str) -> dict[str, str]:
        """As the official engine sets it. Secrets of the package's config travel here, never on a command line."""
        config = {key: mask(value) for key, value in unwrap(self._package_config(package)).items()}
        options = {f"PULUMI_RUNTIME_{key.upper()}": str(value) for key, value in self._runtime_options.items()}
        return {**options, "PULUMI_PROJECT": self._project, "PULUMI_CONFIG": json.dumps(config)}

    def _engine_address(self) -> str:
        from prefect_pulumi.plugins.engine_service import EngineService

        with self._lock:
            if self._service is None:
                self._service = EngineService(self._host)
            return str(self._service.address)


def _attached_port(package: str) -> int | None:
    """The port of a provider that runs already: `PULUMI_DEBUG_PROVIDERS=name:port,...`."""
    for pair in filter(None, os.environ.get("PULUMI_DEBUG_PROVIDERS", "").split(",")):
        name, _, port = pair.partition(":")
        if name.strip() == package:
            if not port.strip().isdigit():
                raise ConfigError(f"{pair!r} is not name:port", where="PULUMI_DEBUG_PROVIDERS")
            return int(port)
    return None
