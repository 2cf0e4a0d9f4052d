"""What a report is given of a stack: its state, its program and its server, each only to be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TextIO

from typing_extensions import override

from prefect_pulumi.core.errors import OperationError, PrefectPulumiError
from prefect_pulumi.core.provider_protocol import (
    CheckResult,
    CreateResult,
    DiffResult,
    Props,
    Provider,
    ReadRequest,
    ReadResult,
)
from prefect_pulumi.engine.operations import StackContext
from prefect_pulumi.engine.run.events import Event, Message, SinkHost
from prefect_pulumi.project.stack import Stack
from prefect_pulumi.state.read_only import ReadOnlyBackend


class Notes:
    """A sink that keeps warnings and errors."""

    def __init__(self) -> None:
        self.messages: list[Message] = []

    def emit(self, event: Event) -> None:
        if isinstance(event, Message) and event.severity in {"warning", "error"}:
            self.messages.append(event)


class ReadOnlyProvider:
    """The reading half of a provider. What would write is refused before the provider hears of it."""

    def __init__(self, inner: Provider) -> None:
        self.inner = inner

    def check_config(self, urn: str, olds: Props, news: Props) -> CheckResult:
        return self.inner.check_config(urn, olds, news)

    def diff_config(self, urn: str, olds: Props, old_inputs: Props, news: Props) -> DiffResult:
        return self.inner.diff_config(urn, olds, old_inputs, news)

    def configure(self, inputs: Props) -> None:
        self.inner.configure(inputs)

    def check(self, urn: str, olds: Props, news: Props, random_seed: bytes) -> CheckResult:
        return self.inner.check(urn, olds, news, random_seed)

    def diff(
        self, urn: str, id: str, old_inputs: Props, old_outputs: Props, news: Props, ignore_changes: Sequence[str]
    ) -> DiffResult:
        return self.inner.diff(urn, id, old_inputs, old_outputs, news, ignore_changes)

    def create(self, urn: str, inputs: Props, timeout: float, preview: bool) -> CreateResult:
        self._only(preview, "create", urn)
        return self.inner.create(urn, inputs, timeout, True)

    def read(self, urn: str, id: str, inputs: Props, outputs: Props) -> ReadResult:
        return self.inner.read(urn, id, inputs, outputs)

    def read_many(self, requests: Sequence[ReadRequest]) -> list[ReadResult | PrefectPulumiError]:
        return self.inner.read_many(requests)

    def update(
        self,
        urn: str,
        id: str,
        old_inputs: Props,
        old_outputs: Props,
        news: Props,
        timeout: float,
        preview: bool,
        ignore_changes: Sequence[str],
    ) -> dict[str, Any]:
        self._only(preview, "update", urn)
        return self.inner.update(urn, id, old_inputs, old_outputs, news, timeout, True, ignore_changes)

    def delete(self, urn: str, id: str, inputs: Props, outputs: Props, timeout: float) -> None:
        self._only(False, "delete", urn)

    def invoke(self, token: str, args: Props) -> CheckResult:
        return self.inner.invoke(token, args)

    def recover(self, urn: str, inputs: Props, since: float) -> ReadResult | None:
        return None

    def cancel(self) -> None:
        self.inner.cancel()

    def close(self) -> None:
        self.inner.close()

    def _only(self, preview: bool, verb: str, urn: str) -> None:
        if not preview:
            raise OperationError(f"this command only reads; it was asked to {verb}", where=urn)


@dataclass(frozen=True)
class ElsewhereStack(Stack):
    """Files that stand elsewhere (a base branch's, a trial's), with the state and the passphrase of the `own` stack."""

    own: Stack = field(kw_only=True)
    files: Path = field(kw_only=True)

    @property
    @override
    def config_root(self) -> Path:
        return self.files

    @property
    @override
    def private(self) -> Path:
        return self.own.private

    @property
    @override
    def state_folder(self) -> Path:
        return self.own.state_folder


def read_only_context(stack: Stack, notes: Notes, output: TextIO | None) -> StackContext:
    """As `Stack.context`, of parts that cannot write: backend, providers and the Prefect provider's HTTP client."""
    context = stack.context(notes, write=False, output=output)
    host = SinkHost(notes)

    def load(package: str, version: str, url: str, checksums: Mapping[str, str]) -> Provider:
        if package == "prefect":
            from prefect_pulumi.provider.provider import PrefectProvider

            return ReadOnlyProvider(PrefectProvider(stack.root, host, read_only=True))
        return ReadOnlyProvider(context.loader(package, version, url, checksums))

    backend = ReadOnlyBackend(stack.state_folder, stack.project.name)
    return replace(context, backend=backend, loader=load)
