"""Runs programs for the official CLI: the Automation API's language server in a process of its own.

Prints its port, then serves until its standard input ends. A program is the folder `infra` of the CLI's folder.
"""

from __future__ import annotations

import os
import runpy
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
from pulumi.automation._server import LanguageServer
from pulumi.runtime._grpc_settings import _GRPC_CHANNEL_OPTIONS
from pulumi.runtime.proto import language_pb2_grpc

# The channel of a program that failed stays behind and calls its dead engine again and again. One that shares its
# connection pool would be refused at once, should the next engine listen on the same port.
_GRPC_CHANNEL_OPTIONS.append(("grpc.use_local_subchannel_pool", 1))


class Host(LanguageServer):
    def __init__(self) -> None:
        super().__init__(lambda: None)

    def Run(self, request: Any, context: Any) -> Any:  # noqa: N802
        directory = Path(request.info.root_directory or request.pwd) / "infra"

        def program() -> None:
            before, path = Path.cwd(), list(sys.path)
            os.chdir(directory)
            try:
                runpy.run_path(str(directory), run_name="__main__")
            finally:
                os.chdir(before)
                sys.path[:] = path
                for name, module in list(sys.modules.items()):
                    if (getattr(module, "__file__", None) or "").startswith(str(directory)):
                        del sys.modules[name]

        self.program = program
        return super().Run(request, context)


if __name__ == "__main__":
    server = grpc.server(ThreadPoolExecutor(max_workers=4))
    language_pb2_grpc.add_LanguageRuntimeServicer_to_server(Host(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    sys.stdin.read()
    os._exit(0)
