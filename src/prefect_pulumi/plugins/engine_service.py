"""The `pulumirpc.Engine` service (engine.proto), as plugins call it: what they log is shown beside the resource."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc
from typing_extensions import override

from prefect_pulumi.core.provider_protocol import ProviderHost

SEVERITIES = {0: "debug", 1: "info", 2: "warning", 3: "error"}


class EngineService(engine_pb2_grpc.EngineServicer):
    """Serves on loopback from construction to `close`."""

    def __init__(self, host: ProviderHost) -> None:
        self._host = host
        self._root = ""
        self._server = grpc.server(ThreadPoolExecutor(max_workers=4, thread_name_prefix="engine"))
        engine_pb2_grpc.add_EngineServicer_to_server(self, self._server)
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    @override
    def Log(self, request: Any, context: Any) -> Any:
        severity = SEVERITIES.get(request.severity, "info")
        if severity != "debug" and not request.ephemeral:
            self._host.log(severity, request.message.rstrip("\n"), request.urn)
        return empty_pb2.Empty()

    @override
    def GetRootResource(self, request: Any, context: Any) -> Any:
        return engine_pb2.GetRootResourceResponse(urn=self._root)

    @override
    def SetRootResource(self, request: Any, context: Any) -> Any:
        self._root = request.urn
        return engine_pb2.SetRootResourceResponse()

    @override
    def StartDebugging(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()

    def close(self) -> None:
        self._server.stop(0.5).wait()
