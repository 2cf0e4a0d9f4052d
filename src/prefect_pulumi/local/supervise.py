"""Keeps one command running: `python -m prefect_pulumi.local.supervise FILE COMMAND [ARG ...]`.

Starts it again when it dies, after a pause that grows while it keeps dying; hands SIGTERM and SIGINT on and ends
with it. The command notes its pid in FILE, with the number of its start, so that one whose supervisor was killed
can still be found and stopped.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
HEALTHY_SECONDS = 60.0
"""A command that ran this long has earned the shortest pause again."""


def main(file: str, command: list[str]) -> int:
    stopping = threading.Event()
    child: list[subprocess.Popen[bytes]] = []

    def stop(signum: int, frame: object) -> None:
        stopping.set()
        for process in child:
            process.send_signal(signal.SIGTERM)

    # With handlers of its own the supervisor starts children whose SIGINT is not ignored, even when it was
    # started in a shell's background: a worker that is asked to end relies on it.
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    pause, starts = FIRST_PAUSE, 0
    while not stopping.is_set():
        began, starts = time.monotonic(), starts + 1
        launcher = [sys.executable, "-m", "prefect_pulumi.local.launch", str(os.getpid()), file]
        child[:] = [subprocess.Popen([*launcher, json.dumps({"starts": starts}), *command])]
        if stopping.is_set():
            child[0].send_signal(signal.SIGTERM)
        code = child[0].wait()
        if stopping.is_set():
            return 0
        if time.monotonic() - began > HEALTHY_SECONDS:
            pause = FIRST_PAUSE
        sys.stderr.write(f"supervisor: the worker ended with exit code {code}; starting it again in {pause:.0f} s\n")
        sys.stderr.flush()
        stopping.wait(pause)
        pause = min(pause * 2, LONGEST_PAUSE)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
