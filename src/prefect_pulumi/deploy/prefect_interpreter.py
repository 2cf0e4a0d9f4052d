"""What starts the children of the deploy step that import prefect."""

from __future__ import annotations

import os

from prefect_pulumi.deploy.flows.inspector import handed_on
from prefect_pulumi.interpreter.interpreters import WarmInterpreter

PREFECT_MODULES = ("prefect.flows", "prefect.utilities.callables", "prefect.cli", "prefect.cli.deploy._core")
"""What the imports of flows and the deploy have in common."""


def prefect_interpreter() -> WarmInterpreter:
    return WarmInterpreter(PREFECT_MODULES, handed_on(os.environ))
