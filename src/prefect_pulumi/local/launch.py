"""Notes its own pid, then becomes the command: `python -m prefect_pulumi.local.launch PARENT FILE FACTS COMMAND ...`.

The pid file is written by the child, so that one exists even when the parent is killed right after the start. A
child whose parent died before that starts nothing: no run could know of it, and the next run starts its own.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from prefect_pulumi.local.processes import ProcessFile

ORPHANED = 75
"""Exit code of a child whose parent is gone (EX_TEMPFAIL)."""


def main(parent: str, path: str, facts: str, *command: str) -> None:
    file = ProcessFile(Path(path))
    if os.getppid() != int(parent):
        sys.exit(ORPHANED)
    file.write(os.getpid(), json.loads(facts))
    if os.getppid() != int(parent):
        if file.read().get("pid") == os.getpid():
            file.remove()
        sys.exit(ORPHANED)
    os.execv(command[0], command)  # noqa: S606 - the command of the caller


if __name__ == "__main__":
    main(*sys.argv[1:])
