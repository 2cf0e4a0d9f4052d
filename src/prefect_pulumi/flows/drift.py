"""The drift report as a flow: `environment.drift` of a stack file deploys it.

It runs `infra drift` in a process of its own, as in CI: the program of the stack shares nothing with the flow run.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from prefect import flow, get_run_logger
from prefect.artifacts import create_markdown_artifact
from prefect.states import Completed, Failed, State

CODES = {0: "InSync", 3: "Drifted", 4: "CannotCheck"}
"""Exit code of `infra drift` -> name of the run's state."""


@flow(name="infra-drift")  # type: ignore[untyped-decorator]  # prefect is not type-checked with this
def check_drift(stack: str, directory: str = ".", heal: bool = False) -> State[Any]:
    """Reports the drift of a stack. The report is the artifact `drift-<stack>` of the run.

    `directory`: the project's folder. `heal`: set the fields back that `review.yaml` lists.

    The state is Completed with the name `InSync` or `Drifted`, or Failed with the name `CannotCheck`. Raises
    `RuntimeError` where there is no report: bad input of the project.
    """
    with TemporaryDirectory() as folder:
        document, text = Path(folder, "drift.json"), Path(folder, "drift.md")
        command = [sys.executable, "-m", "prefect_pulumi.cli.main", "drift", "-s", stack]
        command += ["--out", str(document), "--out", str(text), *(["--heal"] if heal else [])]
        done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
        name = CODES.get(done.returncode)
        if name is None or not document.exists():
            raise RuntimeError(f"infra drift -s {stack} ended with exit code {done.returncode}: {done.stderr.strip()}")
        if done.stderr.strip():
            get_run_logger().warning(done.stderr.strip())
        report, markdown = json.loads(document.read_text("utf-8")), text.read_text("utf-8")
    verdict = summary(report)
    key = re.sub("[^a-z0-9]+", "-", f"drift-{stack}".lower()).strip("-")
    create_markdown_artifact(markdown, key=key, description=verdict)
    return Failed(name=name, message=verdict) if name == "CannotCheck" else Completed(name=name, message=verdict)


def summary(report: dict[str, Any]) -> str:
    """The verdict of a report in one line: what differs, what could not be checked, what was set back."""
    (environment,) = report["environments"]
    objects = [f"{item['kind']} {item['name']} ({item['cls']})" for item in environment["items"] if _counts(item)]
    parts = [
        *(problem["message"] for problem in environment["problems"]),
        *objects,
        *(note for note in environment["notes"] if note.startswith(("set back: ", "not set back "))),
    ]
    return "; ".join(parts) or "in sync"


def _counts(item: dict[str, Any]) -> bool:
    """Drift that is not accepted."""
    accepted = item.get("accepted")
    return item["cls"] != "this change" and (not accepted or accepted["expired"])
