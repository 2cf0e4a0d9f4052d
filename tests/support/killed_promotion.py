"""A promotion or rollback in a process of its own, killed right after it noted that a step begins."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import Any

KILLED = """
import os, signal, sys
from prefect_pulumi.app.release import rollout
from prefect_pulumi.cli.main import main
from prefect_pulumi.state.journal import Journal

phase, verb, stack = sys.argv[1:4]
saved, intended = rollout.save_rollout, Journal.intent

def save(of, record):
    saved(of, record)
    if str(record.phase) == phase:
        os.kill(os.getpid(), signal.SIGKILL)

def intent(self, *args, **options):
    found = intended(self, *args, **options)
    if phase == "in the update":
        os.kill(os.getpid(), signal.SIGKILL)
    return found

rollout.save_rollout, Journal.intent = save, intent
sys.exit(main([verb, "-s", stack, "--yes"]))
"""


def killed(project: Any, phase: str, verb: str = "up", stack: str = "prod") -> None:
    """`phase`: that of a rollout, or "in the update"."""
    command = [sys.executable, "-c", KILLED, phase, verb, stack]
    done = subprocess.run(command, cwd=project.root, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == -signal.SIGKILL, done.stdout + done.stderr
