"""Runs Prefect's own `prefect deploy`, without prompts, its output handed on line by line with secrets masked."""

from __future__ import annotations

import subprocess
import sys
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from prefect_pulumi.errors import DeployError

LAST_LINES = 15

FRAME = " │╭╮╰╯─┌┐└┘━"
"""What Prefect draws around its lines."""


def run_deploy(
    root: Path,
    prefect_file: str,
    names: Sequence[str] | None,
    *,
    env: Mapping[str, str],
    on_line: Callable[[str], None],
    secrets: Collection[str] = (),
) -> None:
    """Deploys `names` (`flow/deployment`), or with None everything (`--all`). `env` is the whole environment of the
    child. Raises `DeployError` with its last lines when it fails."""
    command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--prefect-file", prefect_file]
    if names is None:
        command.append("--all")
    else:
        for name in names:
            command += ["--name", name]
    last: deque[str] = deque(maxlen=LAST_LINES)
    process = subprocess.Popen(
        command,
        cwd=root,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    with process:
        try:
            for raw in process.stdout or ():
                line = masked(raw.rstrip(), secrets)
                if line.strip(FRAME):
                    last.append(line)
                    on_line(line.strip(FRAME))
            code = process.wait()
        except BaseException:
            process.terminate()
            raise
    if code != 0:
        raise DeployError(
            f"`prefect deploy` ended with exit code {code}; its last lines:\n" + "\n".join(last),
            where=prefect_file,
            remedy="mend it and run again: what was deployed before the failure is deployed once more",
        )


def masked(line: str, secrets: Collection[str]) -> str:
    for secret in secrets:
        if secret:
            line = line.replace(secret, "[secret]")
    return line
