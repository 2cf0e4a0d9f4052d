"""`pulumi-resource-prefect`: the provider as a plugin process.

    pulumi-resource-prefect [log flags] [ENGINE_ADDRESS]

Prints its port on the first line of stdout and serves on loopback until Cancel, SIGINT or SIGTERM.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from types import FrameType

HELP = """\
pulumi-resource-prefect: the Prefect provider of prefect-pulumi, a plugin that Pulumi starts by itself.
It prints the port at which it serves gRPC on loopback, and ends with the engine that started it.

  pulumi up | infra up              use it through a program
  pulumi package add PATH_TO_THIS   classes for other languages
  pulumi-resource-prefect --version | --help
"""

GRACE = 4.0
"""Seconds that calls under way get to return; the engine kills the process after 5."""
LOOK = 1.0
"""Seconds between two looks whether the engine lives."""
THREADS = 64
"""More concurrent calls than an engine makes."""


def main() -> int:
    if {"-h", "--help"} & set(sys.argv[1:]):
        print(HELP, end="")
        return 0
    if "--version" in sys.argv[1:]:
        print(version("prefect-pulumi"))
        return 0
    if sys.stdin.isatty() and sys.stdout.isatty():
        print(
            f"{HELP}\nIt serves now, as for a debugger (PULUMI_DEBUG_PROVIDERS=prefect:PORT); Ctrl-C ends it.",
            file=sys.stderr,
        )
    return serve()


def serve() -> int:
    """Serves until it has to stop, or its engine is gone. The exit code."""
    import grpc
    from pulumi.runtime.proto import provider_pb2_grpc

    from prefect_pulumi.provider.rpc.servicer import CHANNEL_OPTIONS, PrefectServicer

    servicer = PrefectServicer(Path.cwd())
    address = next((argument for argument in reversed(sys.argv[1:]) if not argument.startswith("-")), "")
    if ":" in address:
        servicer.host.attach(address)
    server = grpc.server(ThreadPoolExecutor(max_workers=THREADS), options=CHANNEL_OPTIONS)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    stop_on_signals(servicer.stopped)
    server.start()
    print(port, flush=True)
    engine = os.getppid()
    while not servicer.stopped.wait(LOOK):
        if os.getppid() != engine:
            # It was killed, and no further call comes: what it did last may be in no state.
            servicer.provider.creates.close(well=False)
            break
    server.stop(GRACE).wait()
    servicer.close()
    return 0


def stop_on_signals(stopped: threading.Event) -> None:
    def stop(_number: int, _frame: FrameType | None) -> None:
        stopped.set()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)


if __name__ == "__main__":
    sys.exit(main())
