"""`prefect server start` with the garbage collector beside the event loop: `python -m prefect_pulumi.local.serve ...`.

On SQLite a statement that was refused ("database is locked") lives on in the traceback of its error, in a cycle. Where
the collector frees it in the event loop's thread, `sqlite3_reset` waits for the mutex of the connection; the thread of
the connection holds that while it waits for the write lock; and the lock's holder waits for the event loop. Nothing
moves until the busy timeout, which Prefect sets to 60 seconds. A collector in a thread of its own may wait.
"""

from __future__ import annotations

import gc
import os
import runpy
import sys
import threading
import time

PERIOD = 1.0
YOUNG = 10_000
"""New containers since the last collection that make one worth its pause."""
LOADED_AFTER = 30
"""Periods after which what is there is taken for the program itself, and looked through no more."""


def collect_apart() -> threading.Thread:
    """Moves cyclic collection out of the thread that happens to allocate, into one that ends with the process."""
    gc.disable()
    thread = threading.Thread(target=_collect, name="garbage-collector", daemon=True)
    thread.start()
    return thread


def _collect() -> None:
    periods = 0
    while True:
        time.sleep(PERIOD)
        periods += 1
        if gc.get_count()[0] > YOUNG:
            gc.collect()
        if periods == LOADED_AFTER:
            gc.collect()
            gc.freeze()


if __name__ == "__main__":
    sys.argv[1:1] = ["server", "start"]
    os.umask(0o077)  # its database holds secret blocks, and the key to them
    collect_apart()
    runpy.run_module("prefect", run_name="__main__", alter_sys=True)
