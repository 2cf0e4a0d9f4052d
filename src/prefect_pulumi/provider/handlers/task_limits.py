"""Limits of task runs by tag: the API has no update, a second POST changes the limit."""

from __future__ import annotations

from typing import Any

from typing_extensions import override

from prefect_pulumi.core.values import unwrap
from prefect_pulumi.models import GlobalConcurrencyLimit, TaskRunConcurrencyLimit
from prefect_pulumi.provider.connection import Connection
from prefect_pulumi.provider.handlers.base import Call
from prefect_pulumi.provider.handlers.diff import changed_fields
from prefect_pulumi.provider.handlers.rest import Json, RestHandler
from prefect_pulumi.provider.handlers.routes import ROUTES


class TaskRunLimitHandler(RestHandler):
    """One limit to each tag."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(ROUTES[TaskRunConcurrencyLimit.token()], connection)

    @override
    def update(self, call: Call) -> dict[str, Any]:
        plain = unwrap({**call.outputs, **call.news})
        if self.get(call.id, plain) is None:
            raise self.gone(plain)
        if changed_fields(self.model, call):
            body = self.body({"tag": plain["tag"], "limit": plain["limit"]})
            self.connection.client().request("POST", self.routes.collection, json=body, idempotent=True)
        row = self.get(call.id, plain)
        if row is None:
            raise self.gone(plain)
        return self.outputs(row, {**call.outputs, **call.news})


class GlobalLimitHandler(RestHandler):
    """Global limits. The same list holds the limits of tags and of deployments, which are other kinds' own."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(ROUTES[GlobalConcurrencyLimit.token()], connection)

    @override
    def everything(self, where: Any = None) -> list[Json]:
        rows = super().everything(where)
        return [row for row in rows if not str(row["name"]).startswith(("tag:", "deployment:"))]
