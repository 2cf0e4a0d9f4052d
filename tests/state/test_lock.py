"""The lock: whose process is dead on this host holds none; everybody else's is honoured."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from prefect_pulumi.core.errors import StateLockedError
from prefect_pulumi.state.lock import StackLock, clear_dead, clear_locks


def put(root: Path, **content: Any) -> Path:
    folder = root / ".pulumi/locks/organization/p/dev"
    folder.mkdir(parents=True)
    path = folder / "x.json"
    path.write_text(json.dumps({"hostname": socket.gethostname(), "username": "ann", **content}))
    return path


def ended() -> int:
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    process.wait()
    return process.pid


def ago(seconds: float) -> str:
    return (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat()


def test_a_dead_process_of_this_host_holds_no_lock(tmp_path: Path) -> None:
    path = put(tmp_path, pid=ended(), timestamp=ago(60))
    with StackLock(tmp_path, "p", "dev") as lock:
        assert "died on this machine" in lock.note
    assert list(path.parent.iterdir()) == []


def test_a_killed_child_that_nobody_waited_for_holds_none(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        put(tmp_path, pid=child.pid, timestamp=ago(0))
        with pytest.raises(StateLockedError):
            StackLock(tmp_path, "p", "dev").__enter__()
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        with StackLock(tmp_path, "p", "dev") as lock:
            assert str(child.pid) in lock.note


def test_a_process_that_got_the_number_later_is_another(tmp_path: Path) -> None:
    """This very process runs, but began long after the lock was taken."""
    put(tmp_path, pid=os.getpid(), timestamp=ago(365 * 86400))
    with StackLock(tmp_path, "p", "dev") as lock:
        assert lock.note


@pytest.mark.parametrize(
    "content",
    [
        {"pid": os.getpid(), "timestamp": ago(0)},
        {"pid": 2**22 + 7, "hostname": "elsewhere", "timestamp": ago(9000)},
        {"pid": os.getpid()},
        {"pid": "?"},
    ],
)
def test_every_other_lock_is_honoured_and_named(tmp_path: Path, content: dict[str, Any]) -> None:
    path = put(tmp_path, **content)
    with pytest.raises(StateLockedError, match="locked by ann@") as caught:
        StackLock(tmp_path, "p", "dev").__enter__()
    assert int(caught.value.exit_code) == 4
    assert content.get("timestamp", "an unknown time") in str(caught.value)
    clear_dead(tmp_path, "p", "dev")
    assert list(path.parent.iterdir()) == [path]
    assert clear_locks(tmp_path, "p", "dev", force=True) == 1


def test_two_at_once(tmp_path: Path) -> None:
    with StackLock(tmp_path, "p", "dev"), pytest.raises(StateLockedError, match=f"pid {os.getpid()}"):
        StackLock(tmp_path, "p", "dev").__enter__()
    with StackLock(tmp_path, "p", "dev") as lock:
        assert not lock.note


def test_a_live_lock_of_this_host_is_cleared_by_force_alone(tmp_path: Path) -> None:
    with StackLock(tmp_path, "p", "dev"):
        with pytest.raises(StateLockedError, match=f"still running on this machine .pid {os.getpid()}"):
            clear_locks(tmp_path, "p", "dev")
        assert clear_locks(tmp_path, "p", "dev", force=True) == 1


def test_dead_locks_are_cleared_for_the_cli(tmp_path: Path) -> None:
    path = put(tmp_path, pid=ended(), timestamp=ago(60))
    clear_dead(tmp_path, "p", "dev")
    assert not path.exists()
    clear_dead(tmp_path, "p", "another")
