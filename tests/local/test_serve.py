"""The local server's collector: a statement that nobody reset, freed while its connection waits for the write lock."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

STANDSTILL = """
import sqlite3, sys, threading, time, weakref
from prefect_pulumi.local import serve

if sys.argv[2] == "apart":
    serve.PERIOD = 0.05
    serve.collect_apart()

def opened():
    return sqlite3.connect(sys.argv[1], isolation_level=None, timeout=5, check_same_thread=False)

class Link:
    def __init__(self, holds):
        self.holds, self.itself = holds, self

lock, other, said, begun = opened(), opened(), [], threading.Event()
lock.execute("PRAGMA journal_mode = WAL")
lock.execute("CREATE TABLE t (x)")
lock.execute("BEGIN IMMEDIATE")

def write():
    begun.set()
    try:
        other.execute("INSERT INTO t VALUES (1)")
        said.append("written")
    except sqlite3.OperationalError as error:
        said.append(str(error))

left = Link(other.execute("SELECT 1 UNION ALL SELECT 2"))
freed = weakref.ref(left)
writer = threading.Thread(target=write)
writer.start()
begun.wait()
time.sleep(0.5)
del left
kept = [[] for _ in range(100_000)]
time.sleep(0.3)
lock.execute("COMMIT")
writer.join()
until = time.monotonic() + 10
while freed() is not None and time.monotonic() < until:
    time.sleep(0.01)
print(said[0], freed())
"""
"""The loop's part is the main thread's: it allocates, and only it can give the write lock back."""


@pytest.mark.parametrize(("collector", "said"), [("python's own", "database is locked"), ("apart", "written")])
def test_the_collector_waits_for_a_connection_alone(tmp_path: Path, collector: str, said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", STANDSTILL, str(tmp_path / "db"), collector],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.stdout.strip(), done.stderr) == (f"{said} None", "")
