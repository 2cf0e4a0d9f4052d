"""Ends plugin processes when this process can no longer: after a kill -9 nothing of ours may run on."""

from __future__ import annotations

import contextlib
import subprocess
import threading

GRACE = 5
"""Seconds between the request to end and the kill, as the official engine gives."""

_SCRIPT = f"""
live=""
while read -r sign pid; do
  case "$sign" in
    +) live="$live $pid" ;;
    -) rest=""; for p in $live; do [ "$p" = "$pid" ] || rest="$rest $p"; done; live="$rest" ;;
  esac
done
[ -n "$live" ] || exit 0
for p in $live; do kill -INT -"$p" 2>/dev/null; done
i=0
while [ "$i" -lt {GRACE * 10} ]; do
  left=""
  for p in $live; do kill -0 -"$p" 2>/dev/null && left="$left $p"; done
  [ -n "$left" ] || exit 0
  sleep 0.1
  i=$((i + 1))
done
for p in $live; do kill -KILL -"$p" 2>/dev/null; done
"""


class Guard:
    """A shell that knows which process groups are ours. Its standard input ends when this process does, even killed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shell: subprocess.Popen[bytes] | None = None

    def watch(self, group: int) -> None:
        with self._lock:
            if self._shell is None:
                self._shell = subprocess.Popen(
                    ["/bin/sh", "-c", _SCRIPT],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
            self._tell(f"+ {group}\n")

    def release(self, group: int) -> None:
        """Its number may belong to another process from now on."""
        with self._lock:
            self._tell(f"- {group}\n")

    def _tell(self, line: str) -> None:
        if self._shell is None or self._shell.stdin is None:
            return
        with contextlib.suppress(OSError):
            self._shell.stdin.write(line.encode())
            self._shell.stdin.flush()

    def close(self) -> None:
        with self._lock:
            if self._shell is not None and self._shell.stdin is not None:
                with contextlib.suppress(OSError):
                    self._shell.stdin.close()
                self._shell.wait()
            self._shell = None
