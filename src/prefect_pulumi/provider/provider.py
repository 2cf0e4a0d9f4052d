"""The provider in plain Python: `provider_protocol.Provider` over the handlers of each kind."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from typing_extensions import override

from prefect_pulumi.core.deadline import deadline
from prefect_pulumi.core.errors import PrefectPulumiError, ProviderError
from prefect_pulumi.core.provider_protocol import (
    CheckFailure,
    CheckRequest,
    CheckResult,
    CreateRecovery,
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
    ProviderHost,
    ReadRequest,
    ReadResult,
    RecoverRequest,
    ServerTime,
    UpdateRequest,
)
from prefect_pulumi.core.values import has_secret, has_unknown, same, secret, unwrap
from prefect_pulumi.deploy.prefect_interpreter import prefect_interpreter
from prefect_pulumi.interpreter.interpreters import Interpreter
from prefect_pulumi.models import (
    KINDS,
    READ_ONLY,
    Automation,
    BlockSchema,
    BlockType,
    Deployment,
    DeploymentSchedule,
    Flow,
    GlobalConcurrencyLimit,
    Kind,
    ProviderConfig,
    TaskRunConcurrencyLimit,
    WorkPool,
    WorkQueue,
)
from prefect_pulumi.models.cloud import AccountKind
from prefect_pulumi.project import layout
from prefect_pulumi.provider.cloud_plan import CloudPlan
from prefect_pulumi.provider.connection import Connection
from prefect_pulumi.provider.handlers.automations import AutomationHandler
from prefect_pulumi.provider.handlers.base import Call, Handler
from prefect_pulumi.provider.handlers.blocks import BlockSchemaHandler, BlockTypeHandler, BlockTypes, DocumentHandler
from prefect_pulumi.provider.handlers.cloud_directory import Directory
from prefect_pulumi.provider.handlers.diff import diff
from prefect_pulumi.provider.handlers.flows import DeploymentHandler, FlowHandler
from prefect_pulumi.provider.handlers.pools import WorkPoolHandler
from prefect_pulumi.provider.handlers.queues import WorkQueueHandler
from prefect_pulumi.provider.handlers.rest import RestHandler
from prefect_pulumi.provider.handlers.routes import ROUTES, Routes
from prefect_pulumi.provider.handlers.schedules import ScheduleHandler
from prefect_pulumi.provider.handlers.task_limits import GlobalLimitHandler, TaskRunLimitHandler
from prefect_pulumi.provider.pending_creates import LONGEST_REQUEST, CreateLog
from prefect_pulumi.provider.run import ProgramRun

CLOCK_SLACK = 2.0
"""Seconds by which a server's clock may be behind when an interrupted create is looked for."""


class PrefectProvider(Provider, CreateRecovery, ObjectLookup, ServerTime):
    """One configured instance. `root_directory` is the folder of Pulumi.yaml: relative paths start there.

    With `read_only` its client refuses every request that could write. `only`: URN of a deploy step -> the deployments
    that it may touch; `adopt`: it takes over those that belong to no stack. `journaled`: the engine keeps a journal
    (`CreateLog`). `interpreter` starts what imports prefect; several instances may share one.
    """

    def __init__(
        self,
        root_directory: Path,
        host: ProviderHost,
        *,
        read_only: bool = False,
        only: Mapping[str, frozenset[str]] | None = None,
        adopt: bool = False,
        journaled: bool = False,
        interpreter: Interpreter | None = None,
    ) -> None:
        self.root = root_directory.resolve()
        self.interpreter = interpreter or prefect_interpreter()
        self.creates = CreateLog(self.root, journaled=journaled)
        self.host = host
        self.read_only = read_only
        self.only = only
        self.adopt = adopt
        self._configure({})

    def _configure(self, config: Props) -> None:
        self.connection = Connection(
            config,
            self.root,
            read_only=self.read_only,
            say=lambda line: self.host.log("warning", line),
            inform=lambda line: self.host.log("info", line),
        )
        self._types = BlockTypes(self.connection)
        self._directory = Directory(self.connection)
        self._handlers: dict[str, Handler] = {}
        self.run = ProgramRun(self.interpreter, self.only, adopt=self.adopt)
        self.cloud_plan = CloudPlan(self.connection, self.host)

    # The provider itself.

    @override
    def check_config(self, request: CheckRequest) -> CheckResult:
        inputs = {name: value for name, value in request.new_inputs.items() if value is not None}
        unknown = [name for name, value in inputs.items() if has_unknown(value)]
        known = {
            name: unwrap(value)
            for name, value in inputs.items()
            if name not in unknown and name not in ("version", "__internal", "pluginDownloadURL")
        }
        faults = ProviderConfig.check(known, unknown)
        return CheckResult(inputs, tuple(CheckFailure(fault.property, fault.reason) for fault in faults))

    @override
    def diff_config(self, request: DiffRequest) -> DiffResult:
        """Another address or key never replaces what lives there."""
        outputs = {**request.old_inputs, **request.old_outputs}
        return diff(ProviderConfig, Call(request.urn, "", request.old_inputs, outputs, request.new_inputs))

    @override
    def configure(self, inputs: Props) -> None:
        self.connection.close()
        self._configure(inputs)

    # Resources.

    @override
    def check(self, request: CheckRequest) -> CheckResult:
        urn, handler = request.urn, self.handler(request.urn)
        inputs, faults = handler.check(Call(urn, inputs=request.old_inputs, news=request.new_inputs))
        faults += [] if faults else self.run.claim(urn, handler.claims(inputs))
        place, name = handler.name_on_server(inputs) if handler.model.on_server and not faults else ("", "")
        faults += self.run.claim_name(urn, place, handler.noun, name) if place else []
        if not faults:
            self.run.declare(urn, handler.model.kind, inputs)
        return CheckResult(inputs, tuple(CheckFailure(fault.property, fault.reason) for fault in faults))

    @override
    def diff(self, request: DiffRequest) -> DiffResult:
        self.run.hold(request.urn, request.id)
        return self.handler(request.urn).diff(_change(request))

    @override
    def create(self, request: CreateRequest) -> CreateResult:
        urn, inputs = request.urn, request.inputs
        handler, call = self.handler(urn), Call(urn, news=inputs, held=self.run.held_by_others(urn))
        if request.preview:
            self.cloud_plan.add(urn, handler, creates=True)
            return CreateResult("", sealed(handler.model, inputs, handler.preview(call)))
        taken = self._created_before(handler, call)
        if taken is not None:
            self.run.hold(urn, taken[0])
            return CreateResult(taken[0], sealed(handler.model, inputs, taken[1]))
        if handler.model.on_server:
            self.creates.start(urn, self.server_time(urn))
        try:
            with deadline(request.timeout):
                id, outputs = handler.create(call)
        except PrefectPulumiError as error:
            if error.outcome_unknown:
                self.creates.give_up(urn, self.server_time(urn))
            else:
                self.creates.finish(urn)
            raise
        self.creates.finish(urn)
        self.run.hold(urn, id)
        return CreateResult(id, sealed(handler.model, inputs, outputs))

    def _created_before(self, handler: Handler, call: Call) -> tuple[str, dict[str, Any]] | None:
        """The object that a killed run made for this very resource, updated to what is asked now."""
        times = self.creates.previous(call.urn)
        read = handler.recover(call) if times else None
        created = read.outputs.get("created") if read is not None and read.id else None
        if read is None or not isinstance(created, str):
            return None
        created_at = datetime.fromisoformat(created).timestamp()
        if not any(first - CLOCK_SLACK <= created_at <= last + LONGEST_REQUEST for first, last in times):
            return None
        known = Call(call.urn, read.id, read.inputs, read.outputs, call.news)
        if handler.diff(known).replaces:
            return None
        self.host.log("info", "adopted: it was created by a run that was killed", call.urn)
        return read.id, handler.update(known)

    @override
    def read(self, request: ReadRequest) -> ReadResult:
        handler = self.handler(request.urn)
        self.run.hold(request.urn, request.id)
        return sealed_read(handler, handler.read(_known(request)), request.inputs, request.outputs)

    @override
    def read_many(self, requests: Sequence[ReadRequest]) -> list[ReadResult | PrefectPulumiError]:
        """By kind, through the list routes; a list that cannot be read is the answer to each that asked for it."""
        answers: dict[int, ReadResult | PrefectPulumiError] = {}
        groups: dict[int, list[int]] = {}
        for index, request in enumerate(requests):
            groups.setdefault(id(self.handler(request.urn)), []).append(index)
        for members in groups.values():
            handler = self.handler(requests[members[0]].urn)
            calls = [_known(requests[index]) for index in members]
            try:
                results: Sequence[ReadResult | PrefectPulumiError] = handler.read_many(calls)
            except PrefectPulumiError as error:
                results = [error] * len(members)
            for index, call, result in zip(members, calls, results, strict=True):
                answers[index] = (
                    sealed_read(handler, result, call.inputs, call.outputs)
                    if isinstance(result, ReadResult)
                    else result
                )
        return [answers[index] for index in range(len(requests))]

    @override
    def update(self, request: UpdateRequest) -> dict[str, Any]:
        handler, call = self.handler(request.urn), _change(request)
        if request.preview:
            self.cloud_plan.add(request.urn, handler, creates=False)
        with deadline(request.timeout):
            outputs = handler.preview(call) if request.preview else handler.update(call)
            return sealed(handler.model, request.new_inputs, outputs)

    @override
    def delete(self, request: DeleteRequest) -> None:
        with deadline(request.timeout):
            self.handler(request.urn).delete(_known(request))

    @override
    def recover(self, request: RecoverRequest) -> ReadResult | None:
        """Found by name."""
        handler = self.handler(request.urn)
        read = handler.recover(Call(request.urn, news=request.inputs, held=request.held))
        if read is None or not read.id:
            return None
        created = read.outputs.get("created")
        if isinstance(created, str) and datetime.fromisoformat(created).timestamp() < request.since - CLOCK_SLACK:
            return None
        return ReadResult(read.id, read.inputs, sealed(handler.model, request.inputs, read.outputs))

    @override
    def existing(self, urn: str, inputs: Props) -> str:
        return self.handler(urn).existing(Call(urn, news=inputs))

    @override
    def server_time(self, urn: str) -> float:
        if self.handler(urn).model.on_server and self.connection.known:
            with contextlib.suppress(PrefectPulumiError):
                return self.connection.client().server_time()
        return time.time()

    @override
    def invoke(self, request: InvokeRequest) -> InvokeResult:
        from prefect_pulumi.provider import functions

        return functions.invoke(request.token, request.args, self.connection, self.handler)

    @override
    def cancel(self) -> None:
        """Requests under way end by their own time limits."""

    @override
    def close(self) -> None:
        self.connection.close()
        self.creates.close()

    def handler(self, urn: str) -> Handler:
        """Raises `ProviderError` for an unknown type."""
        token = urn.split("::", 3)[2].rsplit("$", 1)[-1] if urn.count("::") >= 3 else urn
        if token not in KINDS and token not in READ_ONLY:
            known = ", ".join(sorted(model.kind for model in KINDS.values()))
            raise ProviderError(f"the prefect provider has no resource type '{token}'; it has: {known}", where=urn)
        if token not in self._handlers:
            self._handlers[token] = self._make(token)
        return self._handlers[token]

    def _make(self, token: str) -> Handler:
        if token in ROUTES:
            return self._rest(ROUTES[token])
        # These kinds bring modules that most programs' previews never need.
        if token.endswith(":Deployments"):
            from prefect_pulumi.provider.deploy_step.handler import DeploymentsHandler

            return DeploymentsHandler(self.root, self.connection, self.host, self.run)
        if token.endswith(":ResultStorage"):
            from prefect_pulumi.provider.handlers.result_storage import ResultStorageHandler

            return ResultStorageHandler(self.connection, self.host)
        if token.endswith(":Release"):
            from prefect_pulumi.provider.handlers.release import ReleaseHandler

            return ReleaseHandler(self.root, self.connection, self.host, self.run)
        if token.endswith((":WorkerDrain", ":WorkerOnline")):
            from prefect_pulumi.provider.handlers.workers import WorkerDrainHandler, WorkerOnlineHandler

            handler = WorkerDrainHandler if token.endswith(":WorkerDrain") else WorkerOnlineHandler
            return handler(self.connection, self.host)
        from prefect_pulumi.provider.handlers.processes import LocalServerHandler, ProcessWorkerHandler

        if token.endswith(":LocalServer"):
            return LocalServerHandler(layout.project_home(self.root), self.host)
        return ProcessWorkerHandler(layout.project_home(self.root), self.connection, self.host)

    def _rest(self, routes: Routes) -> RestHandler:
        if routes.model is BlockType:
            return BlockTypeHandler(routes, self.connection)
        if routes.model is BlockSchema:
            return BlockSchemaHandler(routes, self.connection, self._types)
        if routes.model in _CUSTOM_HANDLERS:
            return _CUSTOM_HANDLERS[routes.model](self.connection)
        if routes.model in _PLACE_HANDLERS:
            return _PLACE_HANDLERS[routes.model](self.connection, self.run)
        if issubclass(routes.model, AccountKind):
            from prefect_pulumi.provider.handlers.cloud_kinds import cloud_handler

            return cloud_handler(routes, self.connection, self._directory)
        if routes.collection == "/block_documents/":
            return DocumentHandler(routes, self.connection, self._types)
        return RestHandler(routes, self.connection)


_CUSTOM_HANDLERS: dict[type[Kind], Callable[[Connection], RestHandler]] = {
    GlobalConcurrencyLimit: GlobalLimitHandler,
    TaskRunConcurrencyLimit: TaskRunLimitHandler,
    Flow: FlowHandler,
    DeploymentSchedule: ScheduleHandler,
    Automation: AutomationHandler,
}

_PLACE_HANDLERS: dict[type[Kind], Callable[[Connection, ProgramRun], RestHandler]] = {
    WorkPool: WorkPoolHandler,
    WorkQueue: WorkQueueHandler,
    Deployment: DeploymentHandler,
}
"""Kinds that make up, or have, the place of a deployment: the run knows which places it recreates."""


def _known(request: ReadRequest | DeleteRequest) -> Call:
    return Call(request.urn, request.id, request.inputs, request.outputs)


def _change(request: DiffRequest | UpdateRequest) -> Call:
    return Call(
        request.urn,
        request.id,
        request.old_inputs,
        request.old_outputs,
        request.new_inputs,
        request.ignore_changes,
    )


def sealed_read(handler: Handler, result: ReadResult, inputs: Props, outputs: Props) -> ReadResult:
    """A read whose secrets are marked."""
    if not result.id:
        return result
    hidden = {**outputs, **inputs}
    return ReadResult(
        result.id,
        sealed(handler.model, hidden, result.inputs),
        sealed(handler.model, hidden, result.outputs),
    )


def sealed(model: type[Kind], inputs: Props, outputs: Props) -> dict[str, Any]:
    """Outputs in which all that is secret by its kind, or came in as a secret, is one again."""
    result = dict(outputs)
    for name, value in outputs.items():
        spec = model.field(name)
        given = inputs.get(name)
        hidden = has_secret(given)
        if hidden and same(given, value):
            result[name] = given
        elif has_secret(value):
            continue  # its handler has marked what is secret in it
        elif hidden or (spec is not None and spec.meta.secret):
            result[name] = secret(value)
    return result
