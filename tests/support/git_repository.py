"""Git for tests: every command under one made-up identity."""

from __future__ import annotations

import subprocess
from pathlib import Path

IDENTITY = ("-c", "user.email=ann@example.com", "-c", "user.name=Ann")


def git(root: Path, *arguments: str) -> str:
    """Runs git in `root`; returns its stripped stdout, and fails with its stderr."""
    command = ["git", "-C", str(root), *IDENTITY, *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"git {' '.join(arguments)}: {done.stderr}"
    return done.stdout.strip()


def commit_all(root: Path, message: str) -> str:
    """Commits everything in `root`; returns the commit's id."""
    git(root, "add", "--all")
    git(root, "commit", "-qm", message)
    return git(root, "rev-parse", "HEAD")
