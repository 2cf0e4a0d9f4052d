"""Carries out the functions: the same routes and the same secrecy as the resources' reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prefect_pulumi.core.errors import NotFoundError, PrefectPulumiError
from prefect_pulumi.core.provider_protocol import CheckFailure, InvokeResult, Props
from prefect_pulumi.core.values import secret, unwrap
from prefect_pulumi.models import FUNCTIONS
from prefect_pulumi.models.functions import WORKER_METADATA
from prefect_pulumi.provider.connection import Connection
from prefect_pulumi.provider.handlers.base import Call
from prefect_pulumi.provider.handlers.cloud import CloudHandler
from prefect_pulumi.provider.handlers.flows import DeploymentHandler
from prefect_pulumi.provider.handlers.rest import RestHandler
from prefect_pulumi.provider.handlers.worker_types import worker_metadata

Handlers = Callable[[str], Any]


def invoke(token: str, args: Props, connection: Connection, handler: Handlers) -> InvokeResult:
    """Answers `Invoke`; what the caller got wrong comes back as failures."""
    function = FUNCTIONS.get(token)
    if function is None:
        known = ", ".join(sorted(name.rsplit(":", 1)[-1] for name in FUNCTIONS))
        return _failed("", f"the prefect provider has no function '{token}'; it has: {known}")
    plain = {name: value for name, value in unwrap(dict(args)).items() if value is not None}
    if token == WORKER_METADATA:
        return _worker_metadata(plain, connection)
    assert function.model is not None  # noqa: S101 - only the worker metadata has none
    rest: RestHandler = handler(function.model.token())
    if isinstance(rest, CloudHandler) and rest.refusal:
        return _failed("", rest.refusal)
    return _listed(rest, plain) if function.many else _got(rest, plain)


def outputs_of(rest: RestHandler, row: dict[str, Any]) -> dict[str, Any]:
    """One object of a list call as `{id, ...outputs}`, what is secret by its kind sealed."""
    outputs = rest.outputs(row, {})
    for spec in rest.model.fields():
        if spec.meta.secret and spec.wire in outputs:
            outputs[spec.wire] = secret(outputs[spec.wire])
    return {"id": str(row["id"]), **outputs}


def _got(rest: RestHandler, plain: dict[str, Any]) -> InvokeResult:
    given = [name for name in ("id", "name") if plain.get(name)]
    if len(given) != 1 or set(plain) - {"id", "name"}:
        return _failed("", f"give either 'id' (UUID) or 'name' ({rest.model.import_id or 'not for this kind'})")
    read = rest.read(Call(rest.model.token(), str(plain[given[0]])))
    if not read.id:
        return _failed(given[0], f"there is no {rest.routes.noun} '{plain[given[0]]}' on {rest.connection.api_url}")
    sealed = {
        name: secret(value) if (spec := rest.model.field(name)) is not None and spec.meta.secret else value
        for name, value in read.outputs.items()
    }
    return InvokeResult({"id": read.id, **sealed})


def _listed(rest: RestHandler, plain: dict[str, Any]) -> InvokeResult:
    where = plain.get("filter")
    if where is not None and not isinstance(where, dict):
        return _failed("filter", "'filter' must be an object, in the form of the API's own filters")
    if where and not rest.routes.list_key:
        return _failed("filter", f"the API's list of {rest.routes.noun}s has no filter; leave it out")
    try:
        rows = rest.everything(where)
    except PrefectPulumiError as error:
        if isinstance(error, NotFoundError):
            return _failed("filter", error.message)
        raise
    if isinstance(rest, DeploymentHandler):
        rest.know_flows(rows)
    return InvokeResult({"items": [outputs_of(rest, row) for row in rows]})


def _worker_metadata(plain: dict[str, Any], connection: Connection) -> InvokeResult:
    workers_by_type: dict[str, Any] = {}
    for package, workers in worker_metadata(connection).items():
        for worker in workers.values():
            workers_by_type[worker["type"]] = {
                "type": worker["type"],
                "package": package,
                "displayName": worker.get("display_name"),
                "description": worker.get("description"),
                "installCommand": worker.get("install_command"),
                "baseJobTemplate": worker.get("default_base_job_configuration"),
            }
    type_ = plain.get("type")
    if type_ is None:
        return InvokeResult({"workers": workers_by_type})
    if type_ not in workers_by_type:
        return _failed("type", f"there is no worker of type '{type_}'; there are: {', '.join(sorted(workers_by_type))}")
    return InvokeResult({"workers": {type_: workers_by_type[type_]}})


def _failed(property: str, reason: str) -> InvokeResult:
    return InvokeResult({}, (CheckFailure(property, reason),))
