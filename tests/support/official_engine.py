"""One operation of the official CLI on a project, as a process to be watched, measured and killed.

python -m tests.support.official_engine PROJECT CLI up|preview|preview-refresh|destroy      (in the repository)
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.support.engines import Official
from tests.support.projects import Project


def command(engine: Official, operation: str = "up") -> list[str]:
    """The command line; it has to be started in the repository's folder."""
    return [sys.executable, "-W", "ignore", "-m", __spec__.name, str(engine.project.root), str(engine.cli), operation]


def main(root: str, cli: str, operation: str) -> None:
    engine = Official(Project(Path(root)), Path(cli))
    operations = {
        "up": engine.up,
        "preview": engine.changes,
        "preview-refresh": lambda: engine.changes(refresh=True),
        "destroy": engine.destroy,
    }
    operations[operation]()


if __name__ == "__main__":
    main(*sys.argv[1:])
