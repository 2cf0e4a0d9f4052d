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
