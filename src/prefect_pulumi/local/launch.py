"""Notes its own pid, then becomes the command: `python -m prefect_pulumi.local.launch FILE FACTS COMMAND [ARG ...]`.

The pid file is written by the child, so that one exists even when the parent is killed right after the start.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from prefect_pulumi.local.processes import ProcessFile


def main(path: str, facts: str, *command: str) -> None:
    ProcessFile(Path(path)).write(os.getpid(), json.loads(facts))
    os.execv(command[0], command)  # noqa: S606 - the command of the caller


if __name__ == "__main__":
    main(*sys.argv[1:])
