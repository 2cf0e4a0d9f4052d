"""`graphs.DaemonProvider` as a plugin process of package `docker`, for runs that load their plugins themselves."""

from __future__ import annotations

import os
import shlex
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2_grpc

from prefect_pulumi.project import layout
from prefect_pulumi.provider.rpc.main import stop_on_signals
from prefect_pulumi.provider.rpc.read_batcher import ReadBatcher
from prefect_pulumi.provider.rpc.servicer import PrefectServicer
from tests.components.graphs import DaemonProvider
from tests.support.projects import REPOSITORY


class DaemonServicer(PrefectServicer):
    """The program's folder is `directory`; the daemon is that of DOCKER_HOST."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.provider: Any = DaemonProvider(os.environ["DOCKER_HOST"], layout.find_project(directory) or directory)
        self._reads = ReadBatcher(self.provider.read_many)


def install(folder: Path, package: str = "docker", module: str = __spec__.name) -> None:
    """The plugin's executable in `folder`, to be put on PATH."""
    folder.mkdir()
    executable = folder / f"pulumi-resource-{package}"
    words = shlex.join([sys.executable, "-m", module])
    executable.write_text(f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(REPOSITORY))} exec {words} "$@"\n')
    executable.chmod(0o755)


def serve(servicer: PrefectServicer) -> None:
    """Until the engine cancels it."""
    server = grpc.server(ThreadPoolExecutor(max_workers=32))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    stop_on_signals(servicer.stopped)
    server.start()
    print(port, flush=True)
    servicer.stopped.wait()
    server.stop(4.0).wait()
    servicer.close()


if __name__ == "__main__":
    serve(DaemonServicer(Path.cwd()))
