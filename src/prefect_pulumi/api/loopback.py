"""Servers of this machine: whether anything listens there is known at once, without waiting for an answer."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

PROBE_SECONDS = 2.0
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def is_loopback(api_url: str) -> bool:
    return urlsplit(api_url).hostname in LOOPBACK


def refusal(api_url: str) -> OSError | None:
    """Why nothing listens at an address of this machine; None where something does, and for other machines."""
    parts = urlsplit(api_url)
    if parts.hostname not in LOOPBACK:
        return None
    try:
        with socket.create_connection((parts.hostname, parts.port or 80), timeout=PROBE_SECONDS):
            return None
    except OSError as error:
        return error
