"""Work queues: priorities are unique in a pool, and each pool has a queue `default` that no program declares."""

from __future__ import annotations

import threading
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from typing_extensions import override

from prefect_pulumi.core.provider_protocol import DiffKind
from prefect_pulumi.core.values import unwrap
from prefect_pulumi.models import WorkQueue
from prefect_pulumi.provider.connection import Connection
from prefect_pulumi.provider.handlers.base import Call
from prefect_pulumi.provider.handlers.rest import Json, RestHandler
from prefect_pulumi.provider.handlers.routes import ROUTES
from prefect_pulumi.provider.run import ProgramRun

DEFAULT = "default"


class WorkQueueHandler(RestHandler):
    """The server resolves a taken priority by moving that queue and all behind it one down.

    So a declared queue could be moved away from its declared priority by the order in which queues are created. The
    undeclared `default`, which begins at 1, therefore goes to the end before a queue takes its place.
    """

    def __init__(self, connection: Connection, run: ProgramRun) -> None:
        super().__init__(ROUTES[WorkQueue.token()], connection)
        self.run = run
        self._lock = threading.Lock()

    @override
    def preview(self, call: Call) -> dict[str, Any]:
        self._note(call)
        return super().preview(call)

    def _note(self, call: Call) -> None:
        if not call.id:
            news = unwrap(dict(call.news))
            self.run.recreated.add(f"{news.get('workPoolName')}/{news.get('name')}")

    @override
    def create(self, call: Call) -> tuple[str, dict[str, Any]]:
        """The queue `default` comes with its pool: to create it is to change that one."""
        self._note(call)
        if unwrap(call.news["name"]) == DEFAULT:
            row = self.find(unwrap(dict(call.news)))
            if row is not None:
                outputs = self.outputs(row, call.news)
                return str(row["id"]), self.update(replace(call, id=str(row["id"]), outputs=outputs))
        if call.news.get("priority") is None:
            return super().create(call)
        with self._lock:
            self._make_way(call)
            return super().create(call)

    @override
    def removal(self, call: Call) -> dict[str, DiffKind]:
        """The queue `default` stays with its pool: another name is another queue."""
        name = unwrap(call.news.get("name"))
        renamed = unwrap(call.outputs.get("name")) == DEFAULT != name and "name" not in call.ignored
        return {"name": DiffKind.UPDATE_REPLACE} if renamed and name is not None else {}

    @override
    def item(self, call: Call, plain: Json) -> str:
        """The route has the queue's name, which may be about to change, or have been changed on the server."""
        row = self.by_id(call.id, plain) if plain["name"] != unwrap(call.outputs.get("name")) else None
        return super().item(call, plain if row is None else {**plain, "name": row["name"]})

    @override
    def update(self, call: Call) -> dict[str, Any]:
        if call.news.get("priority") is None:
            return super().update(call)
        with self._lock:
            self._make_way(call)
            return super().update(call)

    @override
    def patch(self, changed: Collection[str], plain: Json) -> Json:
        """The server keeps a queue without description with an empty one, and refuses null."""
        body = super().patch(changed, plain)
        return body | {"description": body["description"] or ""} if "description" in body else body

    @override
    def delete(self, call: Call) -> None:
        """The queue `default` lives and ends with its pool."""
        if unwrap({**call.inputs, **call.outputs}).get("name") != DEFAULT:
            super().delete(call)

    def _make_way(self, call: Call) -> None:
        """Frees the wanted priority, if another queue of the pool has it.

        The server would move that queue itself, but in one statement after the other, which its own unique index
        refuses whenever two of them meet.
        """
        news = unwrap(dict(call.news))
        pool = {"workPoolName": news["workPoolName"]}
        rows = self.connection.client().paged(self.route("/work_pools/{workPoolName}/queues/filter", pool))
        key, value = ("id", call.id) if call.id else ("name", news["name"])
        own = next((row for row in rows if row[key] == value), None)
        taken = {row["priority"]: row["name"] for row in rows if row is not own}
        last, wanted = max((row["priority"] for row in rows), default=0), news["priority"]
        if wanted not in taken:
            return
        if taken[wanted] == DEFAULT:
            self._move(pool, DEFAULT, last + 1)
            return
        end = wanted
        while end in taken:
            end += 1
        if own is not None and own["priority"] == end:
            self._move(pool, own["name"], last + 1)
        for priority in range(end - 1, wanted - 1, -1):
            self._move(pool, taken[priority], priority + 1)

    def _move(self, pool: dict[str, Any], name: str, priority: int) -> None:
        route = self.route(self.routes.item, {**pool, "name": name})
        self.connection.client().request("PATCH", route, json={"priority": priority})
