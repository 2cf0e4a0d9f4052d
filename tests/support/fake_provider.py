"""A provider behind the contract of `core.provider_protocol` that lives in memory, and what a run needs around it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from prefect_pulumi.core.errors import PrefectPulumiError
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
    Props,
    Provider,
    ReadRequest,
    ReadResult,
    UpdateRequest,
)
from prefect_pulumi.core.values import same
from prefect_pulumi.engine.plan.goals import Goal
from prefect_pulumi.engine.run.deployment import Deployment
from prefect_pulumi.engine.run.events import Event
from prefect_pulumi.engine.run.providers import ProviderPool, UnconfiguredProvider
from prefect_pulumi.engine.run.run_state import RunOptions
from prefect_pulumi.engine.run.servers import NoServers
from prefect_pulumi.state.entries import PendingOperation, ResourceEntry, Snapshot

TYPE = "fake:index:Thing"
PROVIDER = "urn:pulumi:dev::p::pulumi:providers:fake::default"
REFERENCE = f"{PROVIDER}::provider-id"


class FakeProvider(UnconfiguredProvider):
    """Objects by id. A change of the input `fixed` replaces; `bad` is refused; `failures` maps a verb to its error."""

    def __init__(self, log: list[str]) -> None:
        self.objects: dict[str, dict[str, Any]] = {}
        self.failures: dict[str, PrefectPulumiError] = {}
        self.delete_before_replace = False
        self.gives_id = True
        self.log = log

    def _call(self, verb: str, urn: str) -> None:
        self.log.append(f"{verb} {urn.rsplit('::', 1)[-1]}")
        if verb in self.failures:
            raise self.failures[verb]

    def check(self, request: CheckRequest) -> CheckResult:
        failures = (CheckFailure("bad", "is refused"),) if request.new_inputs.get("bad") else ()
        return CheckResult(dict(request.new_inputs), failures)

    def diff(self, request: DiffRequest) -> DiffResult:
        old, new = request.old_inputs, request.new_inputs
        changed = [key for key in sorted({*old, *new}) if not same(old.get(key), new.get(key))]
        detailed = {key: DiffKind.UPDATE_REPLACE if key == "fixed" else DiffKind.UPDATE for key in changed}
        return DiffResult(
            Changes.SOME if changed else Changes.NONE, detailed, delete_before_replace=self.delete_before_replace
        )

    def create(self, request: CreateRequest) -> CreateResult:
        if request.preview:
            return CreateResult("", dict(request.inputs))
        self._call("create", request.urn)
        id = f"id-{len(self.objects) + 1}" if self.gives_id else ""
        self.objects[id] = dict(request.inputs)
        return CreateResult(id, dict(request.inputs))

    def read(self, request: ReadRequest) -> ReadResult:
        props = self.objects.get(request.id)
        return ReadResult(request.id, dict(props), dict(props)) if props is not None else ReadResult("", {}, {})

    def update(self, request: UpdateRequest) -> dict[str, Any]:
        if not request.preview:
            self._call("update", request.urn)
            self.objects[request.id] = dict(request.new_inputs)
        return dict(request.new_inputs)

    def delete(self, request: DeleteRequest) -> None:
        self._call("delete", request.urn)
        self.objects.pop(request.id, None)


class MemoryJournal:
    """`Recorder` in memory: what was recorded, as lines of the log that the provider writes to as well."""

    def __init__(self, log: list[str]) -> None:
        self.log = log
        self.open: dict[int, ResourceEntry] = {}
        self.results: dict[int, ResourceEntry | None] = {}
        self._next = 0

    def intent(self, op: str, entry: ResourceEntry, was: str = "") -> int:
        self._next += 1
        self.open[self._next] = entry
        self.log.append(f"intent {op}")
        return self._next

    def result(self, token: int, entry: ResourceEntry | None, outcome: str) -> None:
        del self.open[token]
        self.results[token] = entry
        self.log.append(f"result {outcome}")

    def note(self, op: str, entry: ResourceEntry, was: str = "") -> None:
        self.log.append(f"note {op}")


class EventLog:
    """A sink that keeps what it is given."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def emit(self, event: Event) -> None:
        self.events.append(event)


class FixedServers(NoServers):
    """`LocalServers` by a table: URN of a resource -> URN of the one that starts its server."""

    def __init__(self, table: Mapping[str, str]) -> None:
        self.table = table

    def hosts(self, entries: Iterable[ResourceEntry]) -> Mapping[str, str]:
        known = {entry.urn for entry in entries}
        return {urn: server for urn, server in self.table.items() if {urn, server} <= known}


class FakeRun:
    """A run over `entries` with one fake provider, which is registered already. `log`: calls and journal, in order."""

    def __init__(
        self,
        *entries: ResourceEntry,
        preview: bool = False,
        hosts: Mapping[str, str] | None = None,
        pending: Sequence[PendingOperation] = (),
        **options: Any,
    ) -> None:
        self.log: list[str] = []
        self.provider = FakeProvider(self.log)
        self.journal = MemoryJournal(self.log)
        self.sink = EventLog()
        self.pool = ProviderPool(self._load)
        own = ResourceEntry(PROVIDER, "pulumi:providers:fake", True, id="provider-id")
        self.deployment = Deployment(
            project="p",
            stack="dev",
            snapshot=Snapshot([own, *entries], list(pending)),
            pool=self.pool,
            package_config=lambda _: {},
            sink=self.sink,
            options=RunOptions(**options),
            journal=None if preview else self.journal,
            servers=FixedServers(hosts or {}),
        )
        self.state = self.deployment.state
        self.deployment.providers.ensure_default(goal("any"))
        self.log.clear()

    def _load(self, package: str, version: str, url: str, checksums: Mapping[str, str]) -> Provider:
        return self.provider


def urn(name: str) -> str:
    return f"urn:pulumi:dev::p::{TYPE}::{name}"


def goal(name: str, inputs: Props | None = None, **fields: Any) -> Goal:
    return Goal(urn(name), TYPE, name, True, dict(inputs or {}), **fields)


def entry(name: str, inputs: Props | None = None, *, id: str = "", **fields: Any) -> ResourceEntry:
    props = dict(inputs or {})
    fields = {"outputs": dict(props), "provider": REFERENCE, **fields}
    return ResourceEntry(urn(name), TYPE, True, id=id or f"id-of-{name}", inputs=props, **fields)
