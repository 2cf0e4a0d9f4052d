"""`infra ARGUMENTS ...`, whose children fork from the fork server of the tests.

    python -m tests.support.infra_child ENDPOINT VARIABLES ARGUMENTS ...

ENDPOINT: file descriptor of that server's socket; VARIABLES: its `PYTHON...` variables, as JSON.
"""

from __future__ import annotations

import json
import socket
import sys

from prefect_pulumi.cli.main import run
from prefect_pulumi.interpreter.interpreters import ForkServer, WarmInterpreter


def main() -> None:
    _, endpoint, variables, *arguments = sys.argv
    server = ForkServer(socket.socket(fileno=int(endpoint)), json.loads(variables))
    WarmInterpreter.shared = lambda: server
    sys.argv = ["infra", *arguments]
    run()


if __name__ == "__main__":
    main()
