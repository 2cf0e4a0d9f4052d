"""The lock: it is removed where its process is certain to have ended, and respected everywhere else."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from prefect_pulumi.core.errors import StateLockedError
from prefect_pulumi.state import machine
from prefect_pulumi.state.file_store import FileStore
from prefect_pulumi.state.lock import StackLock, clear_dead, clear_locks
from prefect_pulumi.state.lock_holder import description
from tests.support.child import Child

HOLD = """
import sys
from pathlib import Path
from prefect_pulumi.state.file_store import FileStore
from prefect_pulumi.state.lock import StackLock
with StackLock(FileStore(Path(sys.argv[1])), "p", "dev"):
    print("held", flush=True)
    sys.stdin.read()
"""

TAKE = """
import sys
from pathlib import Path
from prefect_pulumi.core.errors import StateLockedError
from prefect_pulumi.state.file_store import FileStore
from prefect_pulumi.state.lock import StackLock
try:
    with StackLock(FileStore(Path(sys.argv[1])), "p", "dev") as lock:
        print("taken:", *lock.notes)
except StateLockedError as error:
    print(error)
"""


@pytest.fixture
def machine_of_its_own(tmp_path: Path) -> None:
    """Where every process is seen that can write the folder: only there a lock of the official CLI is judged."""
    if not machine.sees_all() or not machine.is_local(tmp_path):
        pytest.skip("needs the pid namespace of the machine and a local disk")


@pytest.fixture
def unshared() -> list[str]:
    """The beginning of a command that runs in a pid namespace of its own."""
    words = ["unshare", "-pf", "--mount-proc"]
    if shutil.which("unshare") is None or subprocess.run([*words, "true"], capture_output=True).returncode:
        pytest.skip("unshare cannot make a pid namespace here")
    return words


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


@pytest.mark.usefixtures("machine_of_its_own")
def test_a_dead_process_of_this_host_holds_no_lock(tmp_path: Path) -> None:
    path = put(tmp_path, pid=ended(), timestamp=ago(60))
    with StackLock(FileStore(tmp_path), "p", "dev") as lock:
        assert "died on this machine" in lock.notes[0]
    assert list(path.parent.iterdir()) == []


@pytest.mark.usefixtures("machine_of_its_own")
def test_a_killed_child_that_nobody_waited_for_holds_none(tmp_path: Path) -> None:
    with Child([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        put(tmp_path, pid=child.pid, timestamp=ago(0))
        with pytest.raises(StateLockedError):
            StackLock(FileStore(tmp_path), "p", "dev").__enter__()
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        with StackLock(FileStore(tmp_path), "p", "dev") as lock:
            assert str(child.pid) in lock.notes[0]


@pytest.mark.usefixtures("machine_of_its_own")
def test_a_process_that_got_the_number_later_is_another(tmp_path: Path) -> None:
    """This very process runs, but began long after the lock was taken."""
    put(tmp_path, pid=os.getpid(), timestamp=ago(365 * 86400))
    with StackLock(FileStore(tmp_path), "p", "dev") as lock:
        assert lock.notes


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
        StackLock(FileStore(tmp_path), "p", "dev").__enter__()
    assert int(caught.value.exit_code) == 4
    assert content.get("timestamp", "an unknown time") in str(caught.value)
    clear_dead(FileStore(tmp_path), "p", "dev")
    assert list(path.parent.iterdir()) == [path]
    assert clear_locks(FileStore(tmp_path), "p", "dev", force=True) == 1


def test_two_at_once(tmp_path: Path) -> None:
    with StackLock(FileStore(tmp_path), "p", "dev"), pytest.raises(StateLockedError, match=f"pid {os.getpid()}"):
        StackLock(FileStore(tmp_path), "p", "dev").__enter__()
    with StackLock(FileStore(tmp_path), "p", "dev") as lock:
        assert not lock.notes


def test_a_live_lock_of_this_host_is_cleared_by_force_alone(tmp_path: Path) -> None:
    with StackLock(FileStore(tmp_path), "p", "dev"):
        with pytest.raises(StateLockedError, match=f"still running on this machine .pid {os.getpid()}"):
            clear_locks(FileStore(tmp_path), "p", "dev")
        assert clear_locks(FileStore(tmp_path), "p", "dev", force=True) == 1


@pytest.mark.usefixtures("machine_of_its_own")
def test_dead_locks_are_cleared_for_the_cli(tmp_path: Path) -> None:
    path = put(tmp_path, pid=ended(), timestamp=ago(60))
    clear_dead(FileStore(tmp_path), "p", "dev")
    assert not path.exists()
    clear_dead(FileStore(tmp_path), "p", "another")


def test_the_lock_of_a_killed_run_is_removed(tmp_path: Path) -> None:
    with Child([sys.executable, "-c", HOLD, str(tmp_path)], stdin=-1, stdout=-1, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StateLockedError, match=rf"pid {holder.pid}\) since 20.*, \d+ \w+ ago"):
            StackLock(FileStore(tmp_path), "p", "dev").__enter__()
        holder.kill()
        os.waitid(os.P_PID, holder.pid, os.WEXITED | os.WNOWAIT)
        with StackLock(FileStore(tmp_path), "p", "dev") as lock:
            assert lock.notes[0] == f"removed the lock of process {holder.pid}, which died on this machine"


def test_a_run_in_another_pid_namespace_keeps_its_lock(tmp_path: Path, unshared: list[str]) -> None:
    """Both ways, though each sees no such process, and both machines have one name."""
    hold, take = [sys.executable, "-c", HOLD, str(tmp_path)], [sys.executable, "-c", TAKE, str(tmp_path)]
    for holder, other in ([hold, [*unshared, *take]], [[*unshared, *hold], take]):
        with Child(holder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
            assert running.stdout is not None
            assert running.stdout.readline() == "held\n"
            answer = subprocess.run(other, capture_output=True, text=True, check=True).stdout
            assert f"@{socket.gethostname()} (pid" in answer
            assert "infra cancel -s dev" in answer
            if other is take:
                with pytest.raises(StateLockedError, match="still running on this machine"):
                    clear_locks(FileStore(tmp_path), "p", "dev")
            running.communicate("")
            assert running.returncode == 0
        with StackLock(FileStore(tmp_path), "p", "dev") as lock:
            assert lock.notes == []


@pytest.mark.usefixtures("machine_of_its_own")
def test_a_lock_of_the_cli_in_another_pid_namespace_is_respected(tmp_path: Path, unshared: list[str]) -> None:
    words = [*unshared, sys.executable, "-c", "import os; print(os.getpid(), flush=True); input()"]
    with Child(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        pid = int(running.stdout.readline())
        path = put(tmp_path, pid=pid, timestamp=ago(0))
        with pytest.raises(StateLockedError, match="locked by ann@"):
            StackLock(FileStore(tmp_path), "p", "dev").__enter__()
        running.communicate("\n")
    path.unlink()


@pytest.mark.parametrize(
    ("change", "dead"),
    [
        ({"startTime": "1"}, True),
        ({"pid": 2**22 + 7}, True),
        ({}, False),
        ({"startTime": "1", "bootId": "another"}, False),
        ({"startTime": "1", "bootId": ""}, False),
        ({"startTime": "1", "pidNamespace": "pid:[1]"}, False),
        ({"startTime": ""}, False),
        ({"startTime": "1", "hostname": "elsewhere"}, False),
        ({"startTime": "1", "pid": -5}, False),
        ({"startTime": "1", "pid": True}, False),
        ({"startTime": "1", "pid": 2**80}, False),
    ],
)
def test_only_certain_death_counts(tmp_path: Path, change: dict[str, Any], dead: bool) -> None:
    put(tmp_path, **{**description(), **change})
    lock = StackLock(FileStore(tmp_path), "p", "dev")
    if dead:
        with lock:
            assert "died on this machine" in lock.notes[0]
        return
    with pytest.raises(StateLockedError, match=r"locked by .*pid .*, \d+ seconds ago"):
        lock.__enter__()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (b"", "empty"),
        (b'{"pid": 1', "not JSON"),
        (b"\xff\xfe{", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[1]", "not an object"),
        (b'{"pid": -5, "timestamp": 7}', "pid -5"),
        (b'{"pid": "12", "timestamp": "yesterday"}', "pid 12"),
        (b'{"pid": [1], "hostname": {}, "timestamp": "0001-01-01T00:00:00"}', "pid [1]"),
    ],
)
def test_a_broken_lock_is_named_with_its_age(tmp_path: Path, text: bytes, fault: str) -> None:
    path = put(tmp_path)
    path.write_bytes(text)
    os.utime(path, (path.stat().st_mtime - 3 * 3600,) * 2)
    with pytest.raises(StateLockedError) as caught:
        StackLock(FileStore(tmp_path), "p", "dev").__enter__()
    assert int(caught.value.exit_code) == 4
    assert fault in caught.value.message
    assert "3 hours ago" in caught.value.message or "0001-01-01" in caught.value.message
    assert caught.value.remedy.endswith("infra cancel -s dev")
    assert clear_locks(FileStore(tmp_path), "p", "dev") == 1
