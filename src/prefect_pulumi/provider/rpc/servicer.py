"""The provider over gRPC: translates `pulumirpc.ResourceProvider` to and from `provider_protocol`.

This is the only place of the provider that knows protobuf.
"""

from __future__ import annotations

import functools
import json
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

import grpc
from google.protobuf.empty_pb2 import Empty
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2
from typing_extensions import override

from prefect_pulumi.core.errors import PartialFailureError, PrefectPulumiError
from prefect_pulumi.core.masking import Masker
from prefect_pulumi.core.provider_protocol import (
    Changes,
    CheckFailure,
    CheckRequest,
    CheckResult,
    CreateRequest,
    DeleteRequest,
    DiffKind,
    DiffRequest,
    DiffResult,
    InvokeRequest,
    ProviderHost,
    ReadRequest,
    UpdateRequest,
)
from prefect_pulumi.core.values import from_struct, to_struct
from prefect_pulumi.project import layout
from prefect_pulumi.provider.provider import PrefectProvider
from prefect_pulumi.provider.rpc.read_batcher import ReadBatcher
from prefect_pulumi.provider.schema import schema, version

MESSAGE_LIMIT = 400 * 1024 * 1024
"""Bytes: the limit of the engine's own channels."""
CHANNEL_OPTIONS = [("grpc.max_receive_message_length", MESSAGE_LIMIT), ("grpc.max_send_message_length", MESSAGE_LIMIT)]
CONFIG_PREFIX = "prefect:config:"

_SEVERITIES = {
    "debug": engine_pb2.DEBUG,
    "info": engine_pb2.INFO,
    "warning": engine_pb2.WARNING,
    "error": engine_pb2.ERROR,
}
_KINDS = {
    DiffKind.ADD: provider_pb2.PropertyDiff.ADD,
    DiffKind.ADD_REPLACE: provider_pb2.PropertyDiff.ADD_REPLACE,
    DiffKind.DELETE: provider_pb2.PropertyDiff.DELETE,
    DiffKind.DELETE_REPLACE: provider_pb2.PropertyDiff.DELETE_REPLACE,
    DiffKind.UPDATE: provider_pb2.PropertyDiff.UPDATE,
    DiffKind.UPDATE_REPLACE: provider_pb2.PropertyDiff.UPDATE_REPLACE,
}

_CHANGES = {
    Changes.UNKNOWN: provider_pb2.DiffResponse.DIFF_UNKNOWN,
    Changes.NONE: provider_pb2.DiffResponse.DIFF_NONE,
    Changes.SOME: provider_pb2.DiffResponse.DIFF_SOME,
}

Method = TypeVar("Method", bound=Callable[..., Any])


class EngineHost(ProviderHost):
    """The engine's `Log` service. Without an engine (attached late) lines go to stderr."""

    def __init__(self) -> None:
        self._channel: grpc.Channel | None = None
        self._engine: Any = None

    def attach(self, address: str) -> None:
        self.close()
        self._channel = grpc.insecure_channel(address, options=CHANNEL_OPTIONS)
        self._engine = engine_pb2_grpc.EngineStub(self._channel)

    @override
    def log(self, severity: str, message: str, urn: str = "") -> None:
        if self._engine is None:
            print(f"{severity}: {message}", file=sys.stderr)
            return
        try:
            self._engine.Log(engine_pb2.LogRequest(severity=_SEVERITIES[severity], message=message, urn=urn))
        except grpc.RpcError:
            # A line that cannot be shown must not fail the work that it speaks of.
            print(f"{severity}: {message}", file=sys.stderr)

    def close(self) -> None:
        if self._channel is not None:
            self._channel.close()
            self._channel = self._engine = None


def _clean(method: Method) -> Method:
    """Errors reach the engine as one clear message; a traceback goes to stderr and only for our own faults."""

    @functools.wraps(method)
    def guarded(self: PrefectServicer, request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return method(self, request, context)
        except PartialFailureError as error:
            _masker(request).error(error)
            context.set_trailing_metadata((("grpc-status-details-bin", _partial(error)),))
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
        except PrefectPulumiError as error:
            _masker(request).error(error)
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        except Exception as error:
            if cast(Any, context).code() is not None:
                raise  # from an abort in the method itself
            masker = _masker(request)
            sys.stderr.write(masker.text(traceback.format_exc()))
            text = f"fault in the prefect provider: {type(error).__name__}: {error}"
            context.abort(grpc.StatusCode.INTERNAL, masker.text(text))

    return guarded  # type: ignore[return-value]  # the same signature, bound to the class


def _masker(request: Any) -> Masker:
    """Knows the secrets of a request: a server's answer may echo one."""
    masker = Masker()
    for _, value in request.ListFields():
        if isinstance(value, Struct):
            masker.learn(from_struct(value))
    return masker


def _partial(error: PartialFailureError) -> bytes:
    detail = provider_pb2.ErrorResourceInitFailed(
        id=error.id, properties=to_struct(error.outputs), reasons=list(error.reasons)
    )
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error))
    status.details.add().Pack(detail)
    data: bytes = status.SerializeToString()
    return data


class PrefectServicer(provider_pb2_grpc.ResourceProviderServicer):
    """One provider process. `stopped` is set by Cancel.

    The engine starts it in the program's folder. Its `root_directory` of Handshake is no use for relative paths: it
    is the folder of this executable.
    """

    def __init__(self, directory: Path) -> None:
        self.host = EngineHost()
        self.provider = PrefectProvider(layout.find_project(directory) or directory, self.host)
        self._reads = ReadBatcher(self.provider.read_many)
        self.stopped = threading.Event()

    @_clean
    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        if request.engine_address:
            self.host.attach(request.engine_address)
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, accept_resources=True, accept_outputs=False)

    @_clean
    def Attach(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        self.host.attach(request.address)
        return Empty()

    @_clean
    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        return plugin_pb2.PluginInfo(version=version())

    @_clean
    def GetSchema(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        return provider_pb2.GetSchemaResponse(schema=schema())

    @_clean
    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        return _checked(self.provider.check_config(_check_request(request)))

    @_clean
    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        return _diffed(self.provider.diff_config(_diff_request(request)))

    @_clean
    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        config = from_struct(request.args) if request.HasField("args") else _variables(request.variables)
        self.provider.configure(config)
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, acceptResources=True, acceptOutputs=False, supportsPreview=True
        )

    @_clean
    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        return _checked(self.provider.check(_check_request(request)))

    @_clean
    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        return _diffed(self.provider.diff(_diff_request(request)))

    @_clean
    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        created = self.provider.create(
            CreateRequest(
                request.urn, from_struct(request.properties), timeout=request.timeout, preview=request.preview
            )
        )
        return provider_pb2.CreateResponse(id=created.id, properties=to_struct(created.outputs))

    @_clean
    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        read = ReadRequest(request.urn, request.id, from_struct(request.inputs), from_struct(request.properties))
        # Without outputs it is an import or a `get`: the id may be a name.
        result = self._reads.read(read) if read.outputs else self.provider.read(read)
        if not result.id:
            # Null properties are how the engine learns that there is nothing of that id.
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=result.id, inputs=to_struct(result.inputs), properties=to_struct(result.outputs)
        )

    @_clean
    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        outputs = self.provider.update(
            UpdateRequest(
                request.urn,
                request.id,
                old_inputs=from_struct(request.old_inputs),
                old_outputs=from_struct(request.olds),
                new_inputs=from_struct(request.news),
                ignore_changes=tuple(request.ignoreChanges),
                timeout=request.timeout,
                preview=request.preview,
            )
        )
        return provider_pb2.UpdateResponse(properties=to_struct(outputs))

    @_clean
    def Delete(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        self.provider.delete(
            DeleteRequest(
                request.urn,
                request.id,
                from_struct(request.old_inputs),
                from_struct(request.properties),
                timeout=request.timeout,
            )
        )
        return Empty()

    @_clean
    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        result = self.provider.invoke(InvokeRequest(request.tok, from_struct(request.args)))
        response = provider_pb2.InvokeResponse(failures=_failures(result.failures))
        getattr(response, "return").CopyFrom(to_struct(result.value))
        return response

    @_clean
    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Any:  # noqa: N802
        self.provider.cancel()
        self.stopped.set()
        return Empty()

    def close(self) -> None:
        self.provider.close()
        self.host.close()


def _variables(variables: Any) -> dict[str, Any]:
    """The older form of configuration: `prefect:config:apiUrl` -> text; texts of objects are JSON."""
    config: dict[str, Any] = {}
    for key, text in variables.items():
        if key.startswith(CONFIG_PREFIX):
            config[key.removeprefix(CONFIG_PREFIX)] = json.loads(text) if text[:1] in "{[" else text
    return config


def _failures(failures: Sequence[CheckFailure]) -> list[Any]:
    return [provider_pb2.CheckFailure(property=failure.property, reason=failure.reason) for failure in failures]


def _check_request(message: Any) -> CheckRequest:
    return CheckRequest(
        message.urn,
        old_inputs=from_struct(message.olds),
        new_inputs=from_struct(message.news),
        random_seed=bytes(message.randomSeed),
    )


def _diff_request(message: Any) -> DiffRequest:
    return DiffRequest(
        message.urn,
        message.id,
        old_inputs=from_struct(message.old_inputs),
        old_outputs=from_struct(message.olds),
        new_inputs=from_struct(message.news),
        ignore_changes=tuple(message.ignoreChanges),
    )


def _checked(result: CheckResult) -> Any:
    inputs: Struct = to_struct(result.inputs)
    return provider_pb2.CheckResponse(inputs=inputs, failures=_failures(result.failures))


def _diffed(result: DiffResult) -> Any:
    return provider_pb2.DiffResponse(
        changes=_CHANGES[result.changes],
        replaces=list(result.replaces),
        diffs=list(dict.fromkeys(path.split(".")[0].split("[")[0] for path in result.detailed)),
        detailedDiff={path: provider_pb2.PropertyDiff(kind=_KINDS[kind]) for path, kind in result.detailed.items()},
        hasDetailedDiff=bool(result.detailed),
        deleteBeforeReplace=result.delete_before_replace,
    )
