"""One fork server for all children of a test process that import prefect: servers, imports of flows, deploys."""

from __future__ import annotations

import atexit
import os
from functools import cache

from prefect_pulumi.deploy.prefect_interpreter import PREFECT_MODULES
from prefect_pulumi.interpreter.interpreters import ForkServer
from prefect_pulumi.local.server import SERVER_MODULES


@cache
def fork_server() -> ForkServer:
    """Started with the first child that wants it."""
    server = ForkServer.started((*PREFECT_MODULES, *SERVER_MODULES), dict(os.environ))
    atexit.register(server.close)
    return server
