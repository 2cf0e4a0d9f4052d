"""Servers that a stack starts itself, as far as the engine has to know of them: what lives on which one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from prefect_pulumi.state.entries import ResourceEntry


class LocalServers(Protocol):
    """Resources that start a server, and those that live on it although nothing in the program says so."""

    def start(self, entries: Iterable[ResourceEntry]) -> None:
        """Starts the servers among `entries` that do not run. It may be repeated. Raises `LocalProcessError`."""
        ...

    def hosts(self, entries: Iterable[ResourceEntry]) -> Mapping[str, str]:
        """URN of a resource -> URN of the one that starts its server, where no reference leads from one to the other.

        Of two entries with one URN the first counts.
        """
        ...


class NoServers:
    """A stack that starts none."""

    def start(self, entries: Iterable[ResourceEntry]) -> None:
        """Nothing to start."""

    def hosts(self, entries: Iterable[ResourceEntry]) -> Mapping[str, str]:
        return {}
