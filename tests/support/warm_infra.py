"""The command `infra` in children of a warm process: each is a process of its own that begins after its imports."""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from prefect_pulumi.interpreter.interpreters import Command, ForkServer, python_variables
from tests.support.shared_interpreter import fork_server

MODULES = (
    "prefect_pulumi.api.blocking",
    "prefect_pulumi.app.operations",
    "prefect_pulumi.app.project",
    "prefect_pulumi.app.project_stack",
    "prefect_pulumi.cli.main",
    "prefect_pulumi.engine.sdk.program",
    "prefect_pulumi.provider.handlers.blocks",
    "prefect_pulumi.provider.provider",
)
"""All that a run of the command imports in the end."""
FOLDER = Path(__file__).parents[2]


def run(
    arguments: Sequence[str], *, folder: Path, env: Mapping[str, str], timeout: float
) -> subprocess.CompletedProcess[str]:
    """As `subprocess.run` with text that is captured. May be called from several threads."""
    shared = fork_server()
    endpoint = shared.endpoint.fileno()
    given = [str(endpoint), json.dumps(python_variables(shared.env)), *arguments]
    with tempfile.TemporaryDirectory(prefix="warm-infra-") as outputs:
        files = [Path(outputs) / name for name in ("stdout", "stderr")]
        with Path(os.devnull).open() as nothing, files[0].open("w") as stdout, files[1].open("w") as stderr:
            streams = (nothing.fileno(), stdout.fileno(), stderr.fileno())
            child = _warm().fork(Command("tests.support.infra_child", given, folder, env, streams, (endpoint,)))
        assert child is not None, f"{folder} has a module in the place of one that `infra` imports"
        try:
            code = child.wait(timeout)
        except subprocess.TimeoutExpired:
            os.kill(child.pid, signal.SIGKILL)
            raise
        texts = [file.read_text(errors="replace") for file in files]
    return subprocess.CompletedProcess(["infra", *arguments], code, *texts)


@cache
def _warm() -> ForkServer:
    server = ForkServer.started(MODULES, {**os.environ, "PYTHONPATH": str(FOLDER)})
    atexit.register(server.close)
    return server
