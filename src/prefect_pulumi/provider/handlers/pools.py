"""Work pools: a base job template that the program leaves out belongs to the workers, and is compared all the same."""

from __future__ import annotations

from typing import Any

from typing_extensions import override

from prefect_pulumi.core.errors import NotFoundError
from prefect_pulumi.core.provider_protocol import DiffKind, Props, ReadResult
from prefect_pulumi.core.values import same, unwrap
from prefect_pulumi.models import Fault, WorkPool
from prefect_pulumi.models.work_pool import cloud_only
from prefect_pulumi.models.worker_types import is_own
from prefect_pulumi.provider.connection import Connection
from prefect_pulumi.provider.handlers.base import Call
from prefect_pulumi.provider.handlers.rest import Json, RestHandler
from prefect_pulumi.provider.handlers.routes import ROUTES
from prefect_pulumi.provider.handlers.worker_types import OwnTemplates
from prefect_pulumi.provider.run import ProgramRun

TEMPLATE, DEFAULT, STORAGE = "baseJobTemplate", "defaultBaseJobTemplate", "storageConfiguration"


class WorkPoolHandler(RestHandler):
    """The server keeps an empty template until a worker writes its type's own, once. That is the default, and any
    other live template is a change made outside the code."""

    def __init__(self, connection: Connection, run: ProgramRun) -> None:
        super().__init__(ROUTES[WorkPool.token()], connection)
        self.run = run
        self._own = OwnTemplates(connection)

    @override
    def faults(self, values: Props) -> list[Fault]:
        type_, url = values.get("type"), self.connection.api_url
        if isinstance(type_, str) and cloud_only(type_) and url and not self.connection.cloud:
            return [
                Fault(
                    "type",
                    f"work pools of type '{type_}' exist on Prefect Cloud only, and {url} is a self-hosted server; "
                    "use 'process', 'docker' or 'kubernetes' with a worker",
                )
            ]
        return []

    @override
    def removal(self, call: Call) -> dict[str, DiffKind]:
        return {TEMPLATE: DiffKind.UPDATE} if self._drifted(call) else {}

    @override
    def preview(self, call: Call) -> dict[str, Any]:
        if not call.id:
            self.run.recreated.add(str(unwrap(call.news.get("name"))))
        planned = super().preview(call)
        return planned if DEFAULT in call.outputs else {k: v for k, v in planned.items() if k != DEFAULT}

    @override
    def create(self, call: Call) -> tuple[str, dict[str, Any]]:
        self.run.recreated.add(str(unwrap(call.news["name"])))
        id, outputs = super().create(call)
        return id, self._defaulted(outputs, call.news, {})

    @override
    def update(self, call: Call) -> dict[str, Any]:
        if self._drifted(call):
            plain = unwrap(dict(call.outputs))
            route = self.route(self.routes.item, plain)
            try:
                self.connection.client().request("PATCH", route, json={"base_job_template": plain[DEFAULT]})
            except NotFoundError as error:
                raise self.gone(plain) from error
        return self._defaulted(super().update(call), call.news, call.outputs)

    @override
    def answer(self, row: Json, wanted: Props) -> Json:
        """The server fills in every key of the storage configuration."""
        values = super().answer(row, wanted)
        storage = {key: value for key, value in (values[STORAGE] or {}).items() if value is not None}
        return {**values, STORAGE: storage or None}

    @override
    def result(self, call: Call, row: Json | None) -> ReadResult:
        read = super().result(call, row)
        if not read.id:
            return read
        inputs, template = read.inputs, read.outputs.get(TEMPLATE)
        if not call.inputs and template and self._own.of(read.outputs["type"]) and self._is_own(read.outputs):
            inputs = {name: value for name, value in inputs.items() if name != TEMPLATE}  # the workers write it
        return ReadResult(read.id, inputs, self._defaulted(read.outputs, call.inputs or inputs, call.outputs))

    @override
    def recover(self, call: Call) -> ReadResult | None:
        read = super().recover(call)
        return None if read is None else ReadResult(read.id, read.inputs, self._defaulted(read.outputs, call.news, {}))

    def _drifted(self, call: Call) -> bool:
        """Not while the live template is empty: a worker will write it."""
        if TEMPLATE in call.news or TEMPLATE in call.inputs or TEMPLATE in call.ignored:
            return False
        default, live = call.outputs.get(DEFAULT), call.outputs.get(TEMPLATE)
        return bool(default and live) and not same(default, live)

    def _defaulted(self, outputs: dict[str, Any], inputs: Props, before: Props) -> dict[str, Any]:
        """`outputs` with what a template that was left out is compared with: what the state has, else the live one when
        it is the type's own, else that itself."""
        rest = {name: value for name, value in outputs.items() if name != DEFAULT}
        template = outputs.get(TEMPLATE)
        if TEMPLATE in inputs:
            return rest
        if before.get(DEFAULT):
            return {**rest, DEFAULT: before[DEFAULT]}
        if not template:
            return rest
        return {**rest, DEFAULT: template if self._is_own(outputs) else self._own.of(outputs["type"])}

    def _is_own(self, outputs: Props) -> bool:
        """A type that nobody knows has whatever was seen first."""
        own = self._own.of(unwrap(outputs["type"]))
        return own is None or is_own(unwrap(outputs[TEMPLATE]), own)
