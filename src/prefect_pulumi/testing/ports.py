"""Addresses on loopback."""

from __future__ import annotations

import random
import socket
from contextlib import suppress

from prefect_pulumi.core.errors import OperationError

PORTS = range(20_000, 32_000)
"""Below those that systems give to outgoing connections: one of these might take the port before its server does."""


def free_port() -> int:
    """A TCP port on which nothing listens. Raises `OperationError` where there is none."""
    for port in random.SystemRandom().sample(PORTS, len(PORTS)):
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port
    raise OperationError(f"every port from {PORTS[0]} to {PORTS[-1]} is in use")
