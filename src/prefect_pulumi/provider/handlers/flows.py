"""Flows and deployments: upserts that must not take over, and fields that the API nests."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from typing_extensions import override

from prefect_pulumi.core.errors import NotFoundError, ProviderError
from prefect_pulumi.core.provider_protocol import DiffKind, Props
from prefect_pulumi.core.values import unwrap
from prefect_pulumi.models import Deployment, Fault, Flow
from prefect_pulumi.provider.connection import Connection
from prefect_pulumi.provider.handlers.base import Call
from prefect_pulumi.provider.handlers.diff import changed_fields
from prefect_pulumi.provider.handlers.rest import Json, RestHandler
from prefect_pulumi.provider.handlers.routes import ROUTES
from prefect_pulumi.provider.run import ProgramRun

OWN_LIMIT = "deployment:"
"""Begin of the name of a limit that belongs to one deployment's `concurrency_limit`."""
_OPTIONS = ("collisionStrategy", "gracePeriodSeconds")
_SENT_OPTIONS = "concurrency_options"
_PLACE = ("workPoolName", "workQueueName")


class FlowHandler(RestHandler):
    """Flows: deleting one takes its deployments and runs along, so it is refused while it has deployments."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(ROUTES[Flow.token()], connection)

    @override
    def delete(self, call: Call) -> None:
        rows = self.connection.client().request(
            "POST", "/deployments/filter", json={"flows": {"id": {"any_": [call.id]}}, "limit": 3}
        )
        if rows:
            name = unwrap({**call.inputs, **call.outputs}).get("name")
            names = ", ".join(f"{name}/{row['name']}" for row in rows)
            raise ProviderError(
                f"the flow '{name}' still has deployments ({names}), which its deletion would delete",
                remedy="delete these first, or keep the flow with the option retain_on_delete",
            )
        super().delete(call)


class DeploymentHandler(RestHandler):
    """Deployments. The API names a flow by its UUID; flows cannot be renamed, so names are kept once known."""

    def __init__(self, connection: Connection, run: ProgramRun) -> None:
        super().__init__(ROUTES[Deployment.token()], connection)
        self.run = run
        self._lock = threading.Lock()
        self._flow_names: dict[str, str] = {}
        self._placed: set[str] = set()

    def _displaced(self, call: Call) -> dict[str, DiffKind]:
        """A pool or queue that is recreated under an old name does not have the deployments of the former one."""
        if set(self.claims(call.news)) & self._placed:
            return {}
        pool, queue = (unwrap(call.news.get(wire)) for wire in _PLACE)
        if pool in self.run.recreated:
            return {"workPoolName": DiffKind.UPDATE}
        return {"workQueueName": DiffKind.UPDATE} if f"{pool}/{queue}" in self.run.recreated else {}

    @override
    def removal(self, call: Call) -> dict[str, DiffKind]:
        return self._displaced(call)

    @override
    def update(self, call: Call) -> dict[str, Any]:
        if "disabled" in changed_fields(self.model, call):
            call = self._switched(call)
        if self._displaced(call):
            place = dict.fromkeys(_PLACE)
            call = replace(call, outputs={**call.outputs, **place})
        self._placed.update(self.claims(call.news))
        return super().update(call)

    @override
    def create(self, call: Call) -> tuple[str, dict[str, Any]]:
        self._placed.update(self.claims(call.news))
        return super().create(call)

    @override
    def claims(self, inputs: Props) -> list[str]:
        """'flow/deployment' of what these inputs own."""
        name, flow = unwrap(inputs.get("name")), unwrap(inputs.get("flowName"))
        return [f"{flow}/{name}"] if isinstance(name, str) and isinstance(flow, str) else []

    @override
    def name_on_server(self, inputs: Props) -> tuple[str, str]:
        return "", ""  # `claims` has it, beside what prefect.yaml declares

    def flow_id(self, name: str) -> str:
        try:
            flow = self.connection.client().request("GET", f"/flows/name/{quote(name, safe='')}")
        except NotFoundError as error:
            raise ProviderError(
                f"flow '{name}' does not exist on {self.connection.api_url}",
                remedy="declare it with Flow and refer to it, so that it is created first",
            ) from error
        return str(flow["id"])

    def flow_name(self, id: str) -> str:
        with self._lock:
            if id not in self._flow_names:
                self._flow_names[id] = str(self.connection.client().request("GET", f"/flows/{id}")["name"])
            return self._flow_names[id]

    def know_flows(self, rows: Sequence[Json]) -> None:
        """Asks for the names of all flows of these deployments at once."""
        with self._lock:
            missing = sorted({str(row["flow_id"]) for row in rows} - set(self._flow_names))
            for start in range(0, len(missing), 200):
                body = {"flows": {"id": {"any_": missing[start : start + 200]}}, "limit": 200}
                flows = self.connection.client().request("POST", "/flows/filter", json=body)
                self._flow_names |= {str(flow["id"]): str(flow["name"]) for flow in flows}

    @override
    def faults(self, values: Props) -> list[Fault]:
        return self.connection.cloud_only_faults(values, ("disabled", "versionInfo"))

    def _switched(self, call: Call) -> Call:
        """Turns it off or on, for which Cloud has routes of their own; what is left to update."""
        disabled = bool(unwrap(call.news.get("disabled")))
        route = f"{self.route(self.routes.item, {'id': call.id})}/{'disable' if disabled else 'enable'}"
        try:
            self.connection.client().request("POST", route)
        except NotFoundError as error:
            raise self.gone(unwrap({**call.outputs, **call.news})) from error
        return replace(call, outputs={**call.outputs, "disabled": disabled})

    @override
    def body(self, plain: Json) -> Json:
        values = {wire: value for wire, value in plain.items() if wire not in (*_OPTIONS, "flowName")}
        # Prefect Cloud's default is not that of a server of one's own.
        body = {"enforce_parameter_schema": True, **super().body(values), "flow_id": self.flow_id(plain["flowName"])}
        options = _options(plain)
        return {**body, _SENT_OPTIONS: options} if options else body

    @override
    def draft(self, known: Json, changed: Collection[str] | None = None) -> Json:
        names = known if changed is None else changed
        body = super().draft(known, [wire for wire in names if wire not in (*_OPTIONS, "flowName")])
        options = _options(known) if set(names) & set(_OPTIONS) else None
        return {**body, _SENT_OPTIONS: options} if options else body

    @override
    def property_of(self, path: str) -> str:
        if path.startswith(_SENT_OPTIONS):
            return _OPTIONS["grace_period_seconds" in path]
        return super().property_of(path)

    @override
    def patch(self, changed: Collection[str], plain: Json) -> Json:
        names = set(changed) - set(_OPTIONS)
        if names & set(_PLACE):
            names |= set(_PLACE)  # the server finds a queue only together with its pool
        body = {self.api_name(wire): plain.get(wire) for wire in names}
        if set(changed) & set(_OPTIONS):
            body[_SENT_OPTIONS] = _options(plain)
        return body

    @override
    def answer(self, row: Json, wanted: Props) -> Json:
        values = super().answer(row, wanted)
        limit = row.get("global_concurrency_limit") or {}
        own = str(limit.get("name", "")).startswith(OWN_LIMIT)
        options = row.get("concurrency_options") or {}
        known = unwrap(wanted.get("flowId")) == row["flow_id"] and unwrap(wanted.get("flowName"))
        return {
            **values,
            "concurrencyLimit": limit.get("limit") if own else None,
            "globalConcurrencyLimitId": limit.get("id") if limit and not own else None,
            "collisionStrategy": options.get("collision_strategy"),
            "gracePeriodSeconds": options.get("grace_period_seconds"),
            "flowName": known or self.flow_name(str(row["flow_id"])),
        }

    @override
    def no_parent(self, plain: Json, error: NotFoundError) -> ProviderError:
        pool = plain.get("workPoolName")
        return ProviderError(
            f"the deployment '{self.human_id(plain)}' cannot be created: {error.message}",
            remedy=f"declare work pool '{pool}' in the program and refer to it" if pool else "",
        )


def _options(plain: Mapping[str, Any]) -> Json | None:
    if plain.get("collisionStrategy") is None:
        return None
    options = {"collision_strategy": plain["collisionStrategy"]}
    grace = plain.get("gracePeriodSeconds")
    return options if grace is None else {**options, "grace_period_seconds": grace}
