"""What tells one process from every other: the boot of the machine, the pid namespace, the number and the start."""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

_PROC = Path("/proc")
_FIRST_NAMESPACE = "pid:[4026531836]"
"""The pid namespace of the machine itself, by its fixed inode (`PROC_PID_INIT_INO` of Linux)."""
_LOCAL_DISKS = frozenset({"ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "tmpfs", "ramfs"})


@dataclass(frozen=True, slots=True)
class Process:
    """`pid` as it is in its own pid namespace; `start`: in the unit of `start_of`."""

    pid: int
    start: str


def boot() -> str:
    """Identifies the running kernel; "" when it cannot be told."""
    try:
        return (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return "" if _PROC.is_dir() else f"{uuid.getnode():x}-{psutil.boot_time():.0f}"


def namespace() -> str:
    """The pid namespace of this process (and its time namespace, which shifts starts); "" when it cannot be told.

    It cannot where /proc is that of another namespace: numbers of processes then say nothing.
    """
    if not _PROC.is_dir():
        return "none"
    try:
        if str((_PROC / "self").readlink()) != str(os.getpid()):
            return ""
        numbers = str((_PROC / "self/ns/pid").readlink())
    except OSError:
        return ""
    with contextlib.suppress(OSError):  # kernels before 5.6 have none
        return f"{numbers} {(_PROC / 'self/ns/time').readlink()}"
    return numbers


def start_of(pid: int | None = None) -> str:
    """When the process (None: this one) began: clock ticks since the boot where Linux says them, else Unix seconds.

    "" for a process that has ended, unwaited for or not. Raises `OSError` when it cannot be told.
    """
    if not _PROC.is_dir():
        try:
            return f"{psutil.Process(pid).create_time():.2f}"
        except psutil.NoSuchProcess:
            return ""
        except psutil.Error as error:
            raise OSError(str(error)) from error
    folder = _PROC / ("self" if pid is None else str(pid))
    try:
        state, *fields = (folder / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        if state in {"Z", "X"} and len(list((folder / "task").iterdir())) < 2:
            return ""
    except (FileNotFoundError, ProcessLookupError):
        if pid is not None and psutil.pid_exists(pid):
            raise PermissionError(f"process {pid} is hidden") from None
        return ""
    return fields[18]


def processes() -> Iterator[Process]:
    """Every process that can be seen, those of inner namespaces included. Raises `OSError` when some are hidden."""
    if not _PROC.is_dir():
        yield from (Process(pid, start) for pid in psutil.pids() if (start := start_of(pid)))
        return
    (_PROC / "1/status").read_bytes()  # hidden with all the others of other users
    for folder in _PROC.iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            numbers = [
                line.split()[-1] for line in (folder / "status").read_text().split("\n") if line.startswith("NSpid:")
            ]
            start = start_of(int(folder.name))
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended meanwhile
        if start:
            yield Process(int(numbers[0]), start)


def sees_all() -> bool:
    """Whether every process of the machine is in this process's pid namespace or in an inner one."""
    return namespace().split(" ")[0] == _FIRST_NAMESPACE


def seconds_of(start: str) -> float:
    """Unix seconds of a `start`."""
    return psutil.boot_time() + float(start) / os.sysconf("SC_CLK_TCK") if _PROC.is_dir() else float(start)


def is_local(path: Path) -> bool:
    """Whether `path` is on a disk of this machine, which no other machine mounts; False when it cannot be told."""
    path = path.resolve()
    kinds = {mount.mountpoint: mount.fstype for mount in psutil.disk_partitions(all=True)}
    mounted = next((str(folder) for folder in (path, *path.parents) if str(folder) in kinds), "")
    return kinds.get(mounted, "") in _LOCAL_DISKS
