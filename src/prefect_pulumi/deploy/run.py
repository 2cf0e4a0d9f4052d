"""Runs Prefect's own `prefect deploy`, without prompts, its output handed on line by line with secrets masked."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from prefect_pulumi.errors import DeployError

LAST_LINES = 15

FRAME = " │╭╮╰╯─┌┐└┘━"
"""What Prefect draws around its lines."""


def run_deploy(
    root: Path,
    prefect_file: str,
    document: Mapping[str, Any],
    names: Sequence[str] | None,
    *,
    env: Mapping[str, str],
    on_line: Callable[[str], None],
    secrets: Collection[str] = (),
) -> None:
    """Deploys `names` (`flow/deployment`), or with None everything (`--all`), of `document`: the plain data of
    `prefect_file` with the stack's values in it, handed over by a pipe. `env` is the whole environment of the child.
    Raises `DeployError` with its last lines when it fails."""
    reader, writer = os.pipe()
    command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--prefect-file", f"/dev/fd/{reader}"]
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
        pass_fds=(reader,),
    )
    os.close(reader)
    feeding = threading.Thread(target=_feed, args=(writer, yaml.safe_dump(dict(document)).encode()), daemon=True)
    feeding.start()
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


def _feed(pipe: int, data: bytes) -> None:
    with contextlib.suppress(BrokenPipeError), open(pipe, "wb") as stream:
        stream.write(data)


def masked(line: str, secrets: Collection[str]) -> str:
    for secret in secrets:
        if secret:
            line = line.replace(secret, "[secret]")
    return line
