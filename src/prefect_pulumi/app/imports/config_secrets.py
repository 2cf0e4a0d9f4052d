"""Secrets of an import, in the stack's config."""

from __future__ import annotations

from collections.abc import Mapping

from prefect_pulumi.project.stack import Stack


def store_secrets(stack: Stack, secrets: Mapping[str, str]) -> None:
    """Puts each value into the stack's config, encrypted."""
    if not secrets:
        return
    manager = stack.manager(write=True)
    for key, value in secrets.items():
        stack.config.set(key, value, secret=True, manager=manager)
    stack.config.save()
