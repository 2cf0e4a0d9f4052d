"""What a provider logs to, where a test runs it without an engine."""

from __future__ import annotations


class SilentHost:
    """`ProviderHost` that drops every line."""

    def log(self, severity: str, message: str, urn: str = "") -> None:
        """Nothing to show."""


class StrictHost:
    """`ProviderHost` under which a provider may log nothing."""

    def log(self, severity: str, message: str, urn: str = "") -> None:
        raise AssertionError(message)


class KeepingHost:
    """`ProviderHost` that keeps what is said."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def log(self, severity: str, message: str, urn: str = "") -> None:
        self.lines.append((severity, message))
