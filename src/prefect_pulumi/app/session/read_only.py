"""What a report is given of a stack: its state, its program and its server, each only to be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TextIO

from typing_extensions import override

from prefect_pulumi.app.session.context import engine_context
from prefect_pulumi.core.errors import OperationError, PrefectPulumiError
from prefect_pulumi.core.provider_protocol import (
    CheckRequest,
    CheckResult,
    CreateRequest,
    CreateResult,
    DeleteRequest,
    DiffRequest,
    DiffResult,
    InvokeRequest,
    InvokeResult,
    ObjectLookup,
    Props,
    Provider,
    ReadRequest,
    ReadResult,
    RecoverRequest,
    UpdateRequest,
)
from prefect_pulumi.engine.run.events import Sink
from prefect_pulumi.engine.update import StackContext
from prefect_pulumi.project.stack import Stack
from prefect_pulumi.state.read_only import ReadOnlyBackend
from prefect_pulumi.state.store import Store


class ReadOnlyProvider:
    """The reading half of a provider. What would write is refused before the provider hears of it."""

    def __init__(self, inner: Provider) -> None:
        self.inner = inner

    def check_config(self, request: CheckRequest) -> CheckResult:
        return self.inner.check_config(request)

    def diff_config(self, request: DiffRequest) -> DiffResult:
        return self.inner.diff_config(request)

    def configure(self, inputs: Props) -> None:
        self.inner.configure(inputs)

    def check(self, request: CheckRequest) -> CheckResult:
        return self.inner.check(request)

    def diff(self, request: DiffRequest) -> DiffResult:
        return self.inner.diff(request)

    def create(self, request: CreateRequest) -> CreateResult:
        self._only(request.preview, "create", request.urn)
        return self.inner.create(request)

    def read(self, request: ReadRequest) -> ReadResult:
        return self.inner.read(request)

    def read_many(self, requests: Sequence[ReadRequest]) -> list[ReadResult | PrefectPulumiError]:
        return self.inner.read_many(requests)

    def update(self, request: UpdateRequest) -> dict[str, Any]:
        self._only(request.preview, "update", request.urn)
        return self.inner.update(request)

    def delete(self, request: DeleteRequest) -> None:
        self._only(False, "delete", request.urn)

    def invoke(self, request: InvokeRequest) -> InvokeResult:
        return self.inner.invoke(request)

    def recover(self, request: RecoverRequest) -> ReadResult | None:
        return None

    def existing(self, urn: str, inputs: Props) -> str:
        return self.inner.existing(urn, inputs) if isinstance(self.inner, ObjectLookup) else ""

    def cancel(self) -> None:
        self.inner.cancel()

    def close(self) -> None:
        self.inner.close()

    def _only(self, preview: bool, verb: str, urn: str) -> None:
        if not preview:
            raise OperationError(f"this command only reads; it was asked to {verb}", where=urn)


@dataclass(frozen=True)
class RelocatedStack(Stack):
    """A stack whose files are in another folder (a base branch's, a trial's), with the state and the passphrase of the
    `own` stack."""

    own: Stack = field(kw_only=True)
    files: Path = field(kw_only=True)

    @property
    @override
    def config_root(self) -> Path:
        return self.files

    @property
    @override
    def work_dir(self) -> Path:
        return self.own.work_dir

    @cached_property
    @override
    def store(self) -> Store:
        return self.own.store


def read_only_context(stack: Stack, sink: Sink, output: TextIO | None) -> StackContext:
    """As `engine_context` without `write`, and with a backend and providers that cannot write either."""
    context = engine_context(stack, sink, write=False, output=output)

    def load(package: str, version: str, url: str, checksums: Mapping[str, str]) -> Provider:
        return ReadOnlyProvider(context.loader(package, version, url, checksums))

    backend = ReadOnlyBackend(stack.store, stack.project.name)
    return replace(context, backend=backend, loader=load)
