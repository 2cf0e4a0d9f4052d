"""Servers of this machine: whether anything listens there is known at once, without waiting for an answer."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from prefect_pulumi.models.provider_config import is_address

PROBE_SECONDS = 2.0


def is_loopback(api_url: str) -> bool:
    """False also for what is no address."""
    if not is_address(api_url):
        return False
    host = urlsplit(api_url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def refusal(api_url: str) -> OSError | None:
    """Why nothing listens at an address of this machine; None where something does, and for other machines."""
    if not is_loopback(api_url):
        return None
    parts = urlsplit(api_url)
    try:
        with socket.create_connection((parts.hostname or "", parts.port or 80), timeout=PROBE_SECONDS):
            return None
    except OSError as error:
        return error
