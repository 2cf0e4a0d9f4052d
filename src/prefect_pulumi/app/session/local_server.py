"""The local server of a stack: started again where it stopped with the machine, and what lives on it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from prefect_pulumi.api.connection_settings import connection_settings
from prefect_pulumi.core.values import has_unknown, unwrap
from prefect_pulumi.engine.plan.scope import used_by
from prefect_pulumi.engine.plan.steps import PROVIDER_PREFIX
from prefect_pulumi.project.stack import Stack
from prefect_pulumi.state.entries import ResourceEntry, parse_provider_ref

if TYPE_CHECKING:
    from prefect_pulumi.local.server import StartLimits

LOCAL_SERVER = "prefect:index:LocalServer"
PROVIDER = PROVIDER_PREFIX + "prefect"


@dataclass(frozen=True, slots=True)
class StackServers:
    """`engine.run.servers.LocalServers` of a stack. `say` takes lines of progress."""

    stack: Stack
    say: Callable[[str], None]

    def start(self, entries: Iterable[ResourceEntry]) -> None:
        """What lives on a server is read and deleted only while it answers: one that stopped is started."""
        for entry in entries:
            gone = entry.delete or entry.pending_replacement
            if entry.type == LOCAL_SERVER and not gone and not has_unknown(entry.inputs):
                from prefect_pulumi.local import server

                values = unwrap(entry.inputs)
                server.start(
                    server.ServerSpec(
                        directory=self.stack.root / values["directory"],
                        host=values.get("host", "127.0.0.1"),
                        port=int(values.get("port", 4200)),
                    ),
                    self.say,
                    _limits(entry),
                )

    def hosts(self, entries: Iterable[ResourceEntry]) -> Mapping[str, str]:
        known: dict[str, ResourceEntry] = {}
        for entry in entries:
            known.setdefault(entry.urn, entry)
        servers = {
            _place(entry.outputs.get("apiUrl")): urn for urn, entry in known.items() if entry.type == LOCAL_SERVER
        }
        servers.pop("", None)
        if not servers:
            return {}
        listed = list(known.values())
        default = connection_settings({}, os.environ, self.stack.root).api_url
        by_provider: dict[str, str] = {}
        for urn, entry in known.items():
            server = servers.get(_address(entry, default), "") if entry.type == PROVIDER else ""
            if server and server not in used_by({urn}, listed):
                by_provider[urn] = server
        needed = {server: used_by({server}, listed) for server in set(by_provider.values())}
        hosted: dict[str, str] = {}
        for urn, entry in known.items():
            server = by_provider.get(parse_provider_ref(entry.provider)[0], "") if entry.provider else ""
            if server and entry.type != LOCAL_SERVER and urn not in needed[server]:
                hosted[urn] = server
        return hosted


def _address(provider: ResourceEntry, default: str) -> str:
    """Where the provider's API is: its own input, else that of Prefect's settings, as the provider itself takes it."""
    given = unwrap(provider.inputs.get("apiUrl"))
    return _place(default if given is None else given)


def _place(url: object) -> str:
    """Host and port of an address of this machine, spelled in one way; "" for what is none."""
    url = unwrap(url)
    if not isinstance(url, str):
        return ""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    host = "127.0.0.1" if host in {"localhost", "::1", "0.0.0.0"} else host  # noqa: S104 - compared only
    return f"{host}:{port or 80}" if host else ""


def _limits(entry: ResourceEntry) -> StartLimits:
    from prefect_pulumi.local.server import LIMITS

    return replace(LIMITS, total=entry.custom_timeouts.get("create") or LIMITS.total)
