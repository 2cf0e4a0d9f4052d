"""Who holds a lock: what its file says, and whether its process is certain to be dead or to run."""

from __future__ import annotations

import getpass
import json
import os
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from prefect_pulumi.state import machine
from prefect_pulumi.state.store import Store

CLOCK_SLACK = 5.0
"""Seconds by which the start of a process, counted from the boot, may be off the clock."""

_HIGHEST_PID = 2**31


def description() -> dict[str, Any]:
    """What this process writes into its lock: the official CLI's four fields, and what makes it unmistakable."""
    return {
        "pid": os.getpid(),
        "username": _user_name(),
        "hostname": socket.gethostname(),
        "timestamp": datetime.now(UTC).isoformat(),
        "bootId": machine.boot(),
        "pidNamespace": machine.namespace(),
        "startTime": machine.start_of(),
    }


@dataclass(frozen=True, slots=True)
class Holder:
    """The content of a lock, which anybody may have written; `fault` says what is wrong with it.

    `where`: its place; `version`: as the store says it; `is_local`: whether only this machine can write there;
    `written`: Unix seconds.
    """

    where: str
    is_local: Callable[[], bool]
    written: float
    version: str = ""
    content: dict[str, Any] = field(default_factory=dict)
    fault: str = ""

    @property
    def pid(self) -> int | None:
        """None for what is no number of a process."""
        pid = self.content.get("pid")
        return pid if type(pid) is int and 0 < pid < _HIGHEST_PID else None

    @property
    def seconds(self) -> float | None:
        """When the lock was taken, in Unix seconds, by the holder's clock."""
        try:
            return datetime.fromisoformat(self.content["timestamp"]).timestamp()
        except (KeyError, TypeError, ValueError, OverflowError):
            return None

    @property
    def age(self) -> str:
        """Of its time, else of its file."""
        taken = self.seconds
        return _duration(time.time() - (self.written if taken is None else taken))

    def __str__(self) -> str:
        if self.fault:
            return f"a lock file that is {self.fault}, written {self.age} ago"
        content = self.content
        who = f"{content.get('username', 'an unknown user')}@{content.get('hostname', 'an unknown host')}"
        since = content.get("timestamp", "an unknown time")
        return f"{who} (pid {content.get('pid', '?')}) since {since}, {self.age} ago"

    @property
    def is_dead(self) -> bool:
        """Whether it is certain that the process has ended.

        A lock of ours says it by itself. The official CLI's names a host and a number only: it is certain where every
        process that can write there is seen from here.
        """
        if not self._names_this_host:
            return False
        try:
            if self._is_of_ours:
                return self._is_of_this_namespace and self._start_now() != self.content["startTime"]
            return machine.sees_all() and self.is_local() and not self._may_be_seen()
        except OSError:
            return False

    @property
    def is_running(self) -> bool:
        """Whether its process is seen to run on this machine; it counts as seen when processes are hidden."""
        if not self._names_this_host:
            return False
        try:
            if not self._is_of_ours:
                return self._may_be_seen()
            if self._is_of_this_namespace:
                return bool(self._start_now() == self.content["startTime"])
            same = machine.Process(self.pid or 0, self.content["startTime"])
            return self.content["bootId"] == machine.boot() and same in machine.processes()
        except OSError:
            return True

    @property
    def _names_this_host(self) -> bool:
        return self.pid is not None and bool(self.content.get("hostname") == socket.gethostname())

    @property
    def _is_of_ours(self) -> bool:
        return all(isinstance(self.content.get(name), str) for name in ("bootId", "pidNamespace", "startTime"))

    @property
    def _is_of_this_namespace(self) -> bool:
        """Its number means the same process here as where it was written."""
        here = machine.boot(), machine.namespace()
        known = all(here) and self.content["startTime"] != ""
        return known and here == (self.content["bootId"], self.content["pidNamespace"])

    def _start_now(self) -> str:
        return machine.start_of(self.pid)

    def _may_be_seen(self) -> bool:
        """A process of that number, in whatever namespace, that began before the lock was taken."""
        taken = self.seconds
        return any(
            process.pid == self.pid and (taken is None or machine.seconds_of(process.start) <= taken + CLOCK_SLACK)
            for process in machine.processes()
        )


def holder_of(store: Store, key: str) -> Holder | None:
    """None when the lock was released meanwhile."""
    where, is_local = store.where(key), store.is_local
    try:
        stored = store.read(key)
    except OSError as error:
        return Holder(where, is_local, time.time(), fault=f"not readable ({error.strerror or error})")
    if stored is None:
        return None
    try:
        content = json.loads(stored.data)
    except (ValueError, RecursionError):
        fault = "not JSON" if stored.data.strip() else "empty"
        return Holder(where, is_local, stored.modified, stored.version, fault=fault)
    if not isinstance(content, dict):
        return Holder(where, is_local, stored.modified, stored.version, fault="not an object")
    return Holder(where, is_local, stored.modified, stored.version, content)


def _user_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in containers
        return str(os.getuid())


def _duration(seconds: float) -> str:
    for unit, name in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * unit:
            return f"{seconds // unit:.0f} {name}"
    return f"{max(0.0, seconds):.0f} seconds"
