"""Secrets that a program makes itself, known before any of its code can show them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any


class SecretOutputs(set["asyncio.Future[Any]"]):
    """The SDK's set of unresolved outputs. `learn` gets the value of each secret one when it is resolved.

    The SDK adds an output as it makes it, so the value is learned before a function of its `apply` is called with it.
    """

    def __init__(self, learn: Callable[[Any], None]) -> None:
        super().__init__()
        self._learn = learn

    def add(self, element: asyncio.Future[Any]) -> None:
        super().add(element)
        element.add_done_callback(self._resolved)

    def _resolved(self, output: asyncio.Future[Any]) -> None:
        if output.cancelled() or output.exception() is not None:
            return
        data = output.result()
        if data.is_secret:
            self._learn(data.value)
