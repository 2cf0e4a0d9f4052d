"""The command `infra` in any folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def infra(folder: Path, *arguments: str, check: bool = True, **env: str) -> subprocess.CompletedProcess[str]:
    """Runs the command where no project has to be."""
    done = subprocess.run(
        [sys.executable, "-m", "prefect_pulumi.cli.main", *arguments],
        cwd=folder,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=280,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done
