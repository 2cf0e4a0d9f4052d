"""Measures whole commands on the dev stack of this checkout, after `make up`, and writes docs/performance.md.

Absolute times depend on the machine: the ratio to starting Python, taken in the same run, is what counts.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
RUNS = 7
INFRA = [sys.executable, "-m", "prefect_pulumi.cli.main"]
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "python -c 'import pulumi'": [sys.executable, "-c", "import pulumi"],
    "infra preview, no change": [*INFRA, "preview"],
    "infra preview --refresh, no change": [*INFRA, "preview", "--refresh"],
    "second infra up": [*INFRA, "up", "--yes"],
    "python -c 'import prefect'": [sys.executable, "-c", "import prefect"],
}


def measure(command: list[str]) -> list[float]:
    """Wall seconds of each counted run, after one that is not counted."""
    seconds = []
    for _ in range(RUNS + 1):
        began = time.perf_counter()
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        seconds.append(time.perf_counter() - began)
    return seconds[1:]


def main() -> None:
    shown = subprocess.run([*INFRA, "preview", "--json"], cwd=ROOT, check=True, capture_output=True, text=True)
    if json.loads(shown.stdout)["changed"]:
        sys.exit("the dev stack is not up: run `make up` first")
    measured = {name: measure(command) for name, command in COMMANDS.items()}
    base = statistics.median(measured["python -c pass"])
    rows = [
        f"| `{name}` | {min(s):.2f} | {statistics.median(s):.2f} | {max(s):.2f} | {statistics.median(s) / base:.0f} |"
        for name, s in measured.items()
    ]
    text = "\n".join(
        [
            "# Performance",
            "",
            f"Whole processes on the dev stack (14 resources), {RUNS} runs each after a warm-up. Made by `make bench`",
            "after `make up`.",
            "",
            "| command | min s | median s | max s | times `python -c pass` |",
            "|---|---|---|---|---|",
            *rows,
            "",
        ]
    )
    (ROOT / "docs" / "performance.md").write_text(text)
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
