"""Waits for workers: until a pool's runs have ended, and until its workers have reached the server."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from typing import Any

from prefect_pulumi.api.protocol import ApiClient
from prefect_pulumi.api.workers import busy_runs, mark_crashed, set_paused, skew, versions, workers
from prefect_pulumi.core.deadline import clamp
from prefect_pulumi.core.errors import LocalProcessError, ServerUnavailableError

POLL_SECONDS = 0.5


def drain(
    client: ApiClient, pool: str, seconds: float, log: Callable[[str], None], names: Collection[str] | None = None
) -> None:
    """Pauses the pool and waits until none of its flow runs (or of those that workers of `names` took) is under way.

    A worker that is asked to end waits for nothing: it ends its flow runs, or leaves them running on the server.
    """
    set_paused(client, pool, True)
    seconds = clamp(seconds)
    end, logged = time.monotonic() + seconds, False
    while True:
        busy = [run["name"] for run in busy_runs(client, pool, names)]
        if not busy:
            return
        if not logged:
            log(f"work pool {pool} is paused; waiting up to {seconds:.0f} s for flow runs: {', '.join(busy)}")
            logged = True
        if time.monotonic() >= end:
            log(f"work pool {pool}: still running after {seconds:.0f} s: {', '.join(busy)}")
            return
        time.sleep(POLL_SECONDS)


def mark_lost_runs(client: ApiClient, pool: str, names: Collection[str]) -> None:
    """Marks what was left of a drain whose time ran out: these runs ended with their worker and cannot say so."""
    for run in busy_runs(client, pool, names):
        mark_crashed(client, run["id"], f"worker {', '.join(names)} was stopped before this run ended")


def heartbeats(client: ApiClient, pool: str, names: list[str]) -> dict[str, Any]:
    """Worker name -> time of its last heartbeat, None for one that the server does not know."""
    rows = workers(client, pool)
    return {name: rows.get(name, {}).get("last_heartbeat_time") for name in names}


def wait_online(
    client: ApiClient, pool: str, names: list[str], seconds: float, before: dict[str, Any], check: Callable[[], str]
) -> None:
    """Returns when each worker has sent a heartbeat that is not the one of `before`.

    So the clocks of server and machine need not agree, and a predecessor of the same name proves nothing. `check`
    gives a reason to give up early, or "". Raises `LocalProcessError`.
    """
    seconds = clamp(seconds)
    end = time.monotonic() + seconds
    while True:
        try:
            now = heartbeats(client, pool, names)
        except ServerUnavailableError as error:
            raise LocalProcessError(f"work pool {pool}: {error.message}") from error
        missing = [name for name in names if now[name] is None or now[name] == before.get(name)]
        if not missing:
            return
        reason = check()
        if reason:
            raise LocalProcessError(f"worker {', '.join(missing)} of work pool {pool} cannot run: {reason}")
        if time.monotonic() >= end:
            raise LocalProcessError(
                f"the server at work pool {pool} has heard nothing of worker {', '.join(missing)} for {seconds:.0f} s",
                remedy="see what the worker logged; its API address and credentials must hold where it runs",
            )
        time.sleep(POLL_SECONDS)


def wait_versions(client: ApiClient, pool: str, names: Collection[str], seconds: float) -> None:
    """Returns when the server knows the version of Prefect of each worker, at the latest after `seconds`."""
    end = time.monotonic() + clamp(seconds)
    while not set(names) <= versions(client, pool).keys() and time.monotonic() < end:
        time.sleep(POLL_SECONDS)


def warn_version_skew(facts: dict[str, dict[str, Any]], warn: Callable[[str], None]) -> None:
    """A warning for each worker of `workers.facts` that runs another version of Prefect than the server."""
    for sentence in skew(facts):
        warn(sentence)
