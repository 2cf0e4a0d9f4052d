"""Measures the first commands of a fresh clone and the daily ones after them; writes docs/performance.md.

Works in a clone of HEAD, so the dev stack's port must be free. Absolute times depend on the machine: the ratio to
starting Python, taken in the same run, is what counts.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
RUNS = 7
COMMANDS = {
    "python -c pass": ["python", "-c", "pass"],
    "python -c 'import pulumi'": ["python", "-c", "import pulumi"],
    "infra preview, no change": ["infra", "preview"],
    "infra preview --refresh, no change": ["infra", "preview", "--refresh"],
    "second infra up": ["infra", "up", "--yes"],
    "python -c 'import prefect'": ["python", "-c", "import prefect"],
}


def timed(command: list[str], clone: Path) -> float:
    """Wall seconds of one command that must succeed. Bytecode is kept, as it is for a user."""
    env = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    began = time.perf_counter()
    subprocess.run(command, cwd=clone, env=env, check=True, capture_output=True)
    return time.perf_counter() - began


def repeated(command: list[str], clone: Path) -> list[float]:
    """Seconds of each counted run, after one that is not counted."""
    program = [str(clone / ".venv" / "bin" / command[0]), *command[1:]]
    return [timed(program, clone) for _ in range(RUNS + 1)][1:]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "fresh clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        once = {"first `make up`, installation included": timed(["make", "up"], clone)}
        try:
            once["second `make up`"] = timed(["make", "up"], clone)
            measured = {name: repeated(command, clone) for name, command in COMMANDS.items()}
        finally:
            once["`make down`"] = timed(["make", "down"], clone)
    base = statistics.median(measured["python -c pass"])
    lines = [
        "# Performance",
        "",
        "Measured by `make bench`, in a fresh clone with a warm pip cache. [Speed of the engines](engine-speed.md) has",
        "thousands of resources, and other tools.",
        "",
        "| once | s |",
        "|---|---|",
        *(f"| {name} | {seconds:.1f} |" for name, seconds in once.items()),
        "",
        f"Whole processes on the dev stack (14 resources), {RUNS} runs each after a warm-up:",
        "",
        "| command | min s | median s | max s | times `python -c pass` |",
        "|---|---|---|---|---|",
        *(
            f"| `{name}` | {min(s):.2f} | {middle:.2f} | {max(s):.2f} | {middle / base:.0f} |"
            for name, s in measured.items()
            for middle in [statistics.median(s)]
        ),
        "",
    ]
    (ROOT / "docs" / "performance.md").write_text("\n".join(lines))
    sys.stdout.write("\n".join(lines))


if __name__ == "__main__":
    main()
