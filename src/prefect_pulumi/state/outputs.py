"""Another stack's outputs, read for a stack reference."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prefect_pulumi.core.errors import PassphraseError
from prefect_pulumi.core.values import from_checkpoint
from prefect_pulumi.state.checkpoint import deployment_of
from prefect_pulumi.state.entries import STACK_TYPE

UNREADABLE = "{}"
"""The value of a secret that cannot be decrypted: an empty object, secret, as the official engine has it."""


def stack_outputs(data: bytes, decrypt: Callable[[str], str], where: str) -> tuple[dict[str, Any], bool]:
    """The root stack's outputs in a checkpoint, and whether all its secrets could be decrypted.

    A stack without outputs, or that was never deployed, has none. Raises `StateError` when the file is broken.
    """
    deployment, _ = deployment_of(data, where)
    readable = True

    def opened(text: str) -> str:
        nonlocal readable
        try:
            return decrypt(text)
        except PassphraseError:
            readable = False
            return UNREADABLE

    for raw in deployment.get("resources") or []:
        if raw.get("type") == STACK_TYPE and not raw.get("delete"):
            outputs = {key: from_checkpoint(value, opened) for key, value in (raw.get("outputs") or {}).items()}
            return outputs, readable
    return {}, True
