"""`provider_protocol.Provider` over gRPC: one running plugin process (provider.proto, `pulumirpc.ResourceProvider`)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2
from typing_extensions import override

from prefect_pulumi.core.errors import PartialFailureError, PrefectPulumiError, ProviderError
from prefect_pulumi.core.interruption import thread_pool
from prefect_pulumi.core.property_paths import head
from prefect_pulumi.core.provider_protocol import (
    Changes,
    CheckFailure,
    CheckRequest,
    CheckResult,
    CreateRequest,
    CreateResult,
    DeleteRequest,
    DiffKind,
    DiffRequest,
    DiffResult,
    InvokeRequest,
    InvokeResult,
    Props,
    Provider,
    ReadRequest,
    ReadResult,
    UpdateRequest,
)
from prefect_pulumi.core.values import from_struct, to_struct, unwrap
from prefect_pulumi.plugins.assets import config_text, outgoing, restored, rewrapped
from prefect_pulumi.plugins.process import PluginProcess

MESSAGE_LIMIT = 400 * 1024 * 1024
CHANNEL_OPTIONS = [("grpc.max_receive_message_length", MESSAGE_LIMIT), ("grpc.max_send_message_length", MESSAGE_LIMIT)]
READS = 16
"""Concurrent reads: plugins answer one id a call."""
CANCEL_TIMEOUT = 2.0
INTERNAL = "__internal"

_KINDS = {
    provider_pb2.PropertyDiff.ADD: DiffKind.ADD,
    provider_pb2.PropertyDiff.ADD_REPLACE: DiffKind.ADD_REPLACE,
    provider_pb2.PropertyDiff.DELETE: DiffKind.DELETE,
    provider_pb2.PropertyDiff.DELETE_REPLACE: DiffKind.DELETE_REPLACE,
    provider_pb2.PropertyDiff.UPDATE: DiffKind.UPDATE,
    provider_pb2.PropertyDiff.UPDATE_REPLACE: DiffKind.UPDATE_REPLACE,
}
_CHANGES = {
    provider_pb2.DiffResponse.DIFF_NONE: Changes.NONE,
    provider_pb2.DiffResponse.DIFF_SOME: Changes.SOME,
}


@dataclass(frozen=True, slots=True)
class _Accepts:
    """What the provider said it understands, in Handshake or else in Configure."""

    secrets: bool = False
    resources: bool = False
    preview: bool = False


class PluginProvider(Provider):
    """One provider instance. `process` is None for a plugin that another program started and that is only attached.

    `closed` is called once, when the instance has ended.
    """

    def __init__(
        self,
        package: str,
        address: str,
        *,
        process: PluginProcess | None,
        engine_address: str,
        root_directory: str = "",
        program_directory: str = "",
        attach: bool = False,
        closed: Callable[[], None] = lambda: None,
    ) -> None:
        self._package = package
        self._on_close = closed
        self._process = process
        self._channel = grpc.insecure_channel(address, options=CHANNEL_OPTIONS)
        self._stub: Any = provider_pb2_grpc.ResourceProviderStub(self._channel)
        self._accepts = _Accepts()
        self._shaken = False
        self._closed = False
        try:
            self._handshake(engine_address, root_directory, program_directory)
            if attach:
                from pulumi.runtime.proto import plugin_pb2

                self._call("Attach", plugin_pb2.PluginAttach(address=engine_address))
        except BaseException:
            self._on_close = lambda: None  # the caller learns of it by the exception
            self.close()
            raise

    def _handshake(self, engine_address: str, root_directory: str, program_directory: str) -> None:
        request = provider_pb2.ProviderHandshakeRequest(
            engine_address=engine_address,
            configure_with_urn=True,
            supports_views=False,
            supports_refresh_before_update=False,
            invoke_with_preview=True,
        )
        if root_directory:
            request.root_directory, request.program_directory = root_directory, program_directory
        try:
            answer = self._call("Handshake", request, wait=True)
        except _Unimplemented:
            return
        self._shaken = True
        self._accepts = _Accepts(answer.accept_secrets, answer.accept_resources, True)

    # The provider itself

    @override
    def check_config(self, request: CheckRequest) -> CheckResult:
        news = request.new_inputs
        message = provider_pb2.CheckRequest(
            urn=request.urn,
            **_names(request.urn),
            olds=self._plain(request.old_inputs),
            news=self._plain(_without_internal(news)),
        )
        try:
            answer = self._call("CheckConfig", message, request.urn)
        except _Unimplemented:
            return CheckResult(dict(news))
        inputs = rewrapped(from_struct(answer.inputs), news)
        if INTERNAL in news:
            inputs[INTERNAL] = news[INTERNAL]
        return CheckResult(inputs, _failures(answer.failures))

    @override
    def diff_config(self, request: DiffRequest) -> DiffResult:
        message = provider_pb2.DiffRequest(
            urn=request.urn,
            **_names(request.urn),
            olds=self._plain(request.old_outputs),
            old_inputs=self._plain(_without_internal(request.old_inputs)),
            news=self._plain(_without_internal(request.new_inputs)),
        )
        try:
            return _diffed(self._call("DiffConfig", message, request.urn))
        except _Unimplemented:
            return DiffResult(Changes.UNKNOWN)

    @override
    def configure(self, inputs: Props) -> None:
        args = {key: value for key, value in _without_internal(inputs).items() if key != "version"}
        variables = {f"{self._package}:config:{key}": config_text(value) for key, value in args.items()}
        request = provider_pb2.ConfigureRequest(
            variables=variables,
            args=to_struct(outgoing(args, resources=True, elide=False)),
            acceptSecrets=True,
            acceptResources=True,
            sends_old_inputs=True,
            sends_old_inputs_to_delete=True,
        )
        answer = self._call("Configure", request)
        if not self._shaken:
            self._accepts = _Accepts(answer.acceptSecrets, answer.acceptResources, answer.supportsPreview)

    # Resources

    @override
    def check(self, request: CheckRequest) -> CheckResult:
        message = provider_pb2.CheckRequest(
            urn=request.urn,
            **_names(request.urn),
            olds=self._struct(request.old_inputs),
            news=self._struct(request.new_inputs),
            randomSeed=request.random_seed,
        )
        try:
            answer = self._call("Check", message, request.urn)
        except _Unimplemented:
            return CheckResult(dict(request.new_inputs))
        return CheckResult(self._incoming(answer.inputs, request.new_inputs), _failures(answer.failures))

    @override
    def diff(self, request: DiffRequest) -> DiffResult:
        message = provider_pb2.DiffRequest(
            id=request.id,
            urn=request.urn,
            **_names(request.urn),
            olds=self._struct(request.old_outputs, elide=True),
            old_inputs=self._struct(request.old_inputs, elide=True),
            news=self._struct(request.new_inputs, elide=True),
            ignoreChanges=list(request.ignore_changes),
        )
        try:
            return _diffed(self._call("Diff", message, request.urn))
        except _Unimplemented:
            return DiffResult(Changes.UNKNOWN)

    @override
    def create(self, request: CreateRequest) -> CreateResult:
        inputs = request.inputs
        if request.preview and not self._accepts.preview:
            return CreateResult("", dict(inputs))
        message = provider_pb2.CreateRequest(
            urn=request.urn,
            **_names(request.urn),
            properties=self._struct(inputs),
            timeout=request.timeout,
            preview=request.preview,
        )
        answer = self._call("Create", message, request.urn, inputs)
        return CreateResult(answer.id, self._incoming(answer.properties, inputs))

    @override
    def read(self, request: ReadRequest) -> ReadResult:
        message = provider_pb2.ReadRequest(
            id=request.id,
            urn=request.urn,
            **_names(request.urn),
            inputs=self._struct(request.inputs, elide=True),
            properties=self._struct(request.outputs, elide=True),
        )
        answer = self._call("Read", message, request.urn, request.inputs)
        if not answer.HasField("properties"):
            return ReadResult("", {}, {})
        inputs = self._incoming(answer.inputs, request.inputs) if answer.HasField("inputs") else {}
        outputs = self._incoming(answer.properties, {**request.inputs, **request.outputs})
        return ReadResult(answer.id, inputs, outputs)

    @override
    def read_many(self, requests: Sequence[ReadRequest]) -> list[ReadResult | PrefectPulumiError]:
        def one(request: ReadRequest) -> ReadResult | PrefectPulumiError:
            try:
                return self.read(request)
            except PrefectPulumiError as error:
                return error

        with thread_pool(READS) as pool:
            return list(pool.map(one, requests))

    @override
    def update(self, request: UpdateRequest) -> dict[str, Any]:
        if request.preview and not self._accepts.preview:
            return dict(request.new_inputs)
        message = provider_pb2.UpdateRequest(
            id=request.id,
            urn=request.urn,
            **_names(request.urn),
            olds=self._struct(request.old_outputs, elide=True),
            old_inputs=self._struct(request.old_inputs, elide=True),
            news=self._struct(request.new_inputs),
            timeout=request.timeout,
            preview=request.preview,
            ignoreChanges=list(request.ignore_changes),
        )
        answer = self._call("Update", message, request.urn, request.new_inputs)
        return self._incoming(answer.properties, request.new_inputs)

    @override
    def delete(self, request: DeleteRequest) -> None:
        message = provider_pb2.DeleteRequest(
            id=request.id,
            urn=request.urn,
            **_names(request.urn),
            properties=self._struct(request.outputs, elide=True),
            old_inputs=self._struct(request.inputs, elide=True),
            timeout=request.timeout,
        )
        self._call("Delete", message, request.urn)

    @override
    def invoke(self, request: InvokeRequest) -> InvokeResult:
        message = provider_pb2.InvokeRequest(tok=request.token, args=self._struct(request.args))
        answer = self._call("Invoke", message, request.token)
        value = from_struct(getattr(answer, "return"))
        return InvokeResult(value, _failures(answer.failures))

    # Values

    def _plain(self, props: Props) -> Any:
        return to_struct(outgoing(unwrap(props), resources=True, elide=False))

    def _struct(self, props: Props, *, elide: bool = False) -> Any:
        sent = outgoing(props, resources=self._accepts.resources, elide=elide)
        return to_struct(sent, keep_secrets=self._accepts.secrets)

    def _incoming(self, message: Any, sent: Props) -> dict[str, Any]:
        values = restored(from_struct(message), sent)
        return values if self._accepts.secrets else rewrapped(values, sent)

    # Calls

    def _call(
        self, method: str, request: Any, where: str = "", inputs: Mapping[str, Any] | None = None, *, wait: bool = False
    ) -> Any:
        call: Callable[..., Any] = getattr(self._stub, method)
        try:
            return call(request, wait_for_ready=wait)
        except grpc.RpcError as error:
            raise self._translated(error, method, where, inputs or {}) from error

    def _translated(self, error: Any, method: str, where: str, inputs: Props) -> PrefectPulumiError:
        if error.code() is grpc.StatusCode.UNIMPLEMENTED:
            return _Unimplemented(f"the provider of package {self._package} does not implement {method}", where=where)
        partial = _partial(error)
        if partial is not None:
            outputs = self._incoming(partial.properties, inputs)
            reasons = list(partial.reasons)
            message = "\n".join(
                [error.details() or "the resource was created or updated, but is not as requested", *reasons]
            )
            return PartialFailureError(message, id=partial.id, outputs=outputs, reasons=reasons)
        if self._process is not None and error.code() is grpc.StatusCode.UNAVAILABLE:
            words = self._process.last_words()
            return ProviderError(
                f"the plugin of package {self._package} died during {method}{words}",
                where=where,
                remedy="run it again with --refresh: that finds what it had done",
            )
        return ProviderError(error.details() or error.code().name, where=where)

    # The end

    @override
    def cancel(self) -> None:
        """Asks the plugin to end what it does; it goes on to answer."""
        with contextlib.suppress(grpc.RpcError):
            self._stub.Cancel(empty_pb2.Empty(), timeout=CANCEL_TIMEOUT)

    @override
    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        if self._process is not None:
            self._process.stop(self.cancel)
        self._channel.close()
        self._on_close()


class _Unimplemented(ProviderError):
    """gRPC status UNIMPLEMENTED: an older or smaller provider."""


def _names(urn: str) -> dict[str, Any]:
    parts = urn.split("::", 3)
    return {"name": parts[3], "type": parts[2].rsplit("$", 1)[-1]} if len(parts) == 4 else {}


def _without_internal(props: Props) -> dict[str, Any]:
    return {key: value for key, value in props.items() if key != INTERNAL}


def _failures(failures: Any) -> tuple[CheckFailure, ...]:
    return tuple(CheckFailure(failure.property, failure.reason) for failure in failures)


def _diffed(answer: Any) -> DiffResult:
    detailed = {path: _KINDS.get(diff.kind, DiffKind.UPDATE) for path, diff in answer.detailedDiff.items()}
    named = {head(path) for path in detailed}
    detailed.update({key: DiffKind.UPDATE for key in answer.diffs if key not in named})
    return DiffResult(
        changes=_CHANGES.get(answer.changes, Changes.UNKNOWN),
        detailed=detailed,
        replaces=tuple(answer.replaces),
        delete_before_replace=answer.deleteBeforeReplace,
    )


def _partial(error: Any) -> Any:
    """`ErrorResourceInitFailed` among the status details, or None."""
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            status = status_pb2.Status.FromString(value)
            for detail in status.details:
                failure = provider_pb2.ErrorResourceInitFailed()
                if detail.Unpack(failure):
                    return failure
    return None
