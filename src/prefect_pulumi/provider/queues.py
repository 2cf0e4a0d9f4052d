"""Work queues: priorities are unique in a pool, and each pool has a queue `default` that nobody declared."""

from __future__ import annotations

import threading
from typing import Any

from typing_extensions import override

from prefect_pulumi.models import WorkQueue
from prefect_pulumi.provider.connection import Connection
from prefect_pulumi.provider.handler import Call
from prefect_pulumi.provider.kinds import TABLE
from prefect_pulumi.provider.rest import RestHandler
from prefect_pulumi.values import unwrap

DEFAULT = "default"


class WorkQueueHandler(RestHandler):
    """The server resolves a taken priority by moving that queue and all behind it one down.

    So a declared queue could be moved away from its declared priority by the order in which queues are made. The
    undeclared `default`, which begins at 1, therefore goes to the end before a queue takes its place.
    """

    def __init__(self, connection: Connection) -> None:
        super().__init__(TABLE[WorkQueue.token()], connection)
        self._lock = threading.Lock()

    @override
    def preview(self, call: Call) -> dict[str, Any]:
        self._note(call)
        return super().preview(call)

    def _note(self, call: Call) -> None:
        if not call.id:
            news = unwrap(dict(call.news))
            self.connection.remade.add(f"{news.get('workPoolName')}/{news.get('name')}")

    @override
    def create(self, call: Call) -> tuple[str, dict[str, Any]]:
        self._note(call)
        if call.news.get("priority") is None:
            return super().create(call)
        with self._lock:
            self._make_way(call)
            return super().create(call)

    @override
    def update(self, call: Call) -> dict[str, Any]:
        if call.news.get("priority") is None:
            return super().update(call)
        with self._lock:
            self._make_way(call)
            return super().update(call)

    @override
    def delete(self, call: Call) -> None:
        """The queue `default` lives and ends with its pool."""
        if unwrap({**call.inputs, **call.outputs}).get("name") != DEFAULT:
            super().delete(call)

    def _make_way(self, call: Call) -> None:
        news = unwrap(dict(call.news))
        pool = {"workPoolName": news["workPoolName"]}
        default = self.find({**pool, "name": DEFAULT})
        if news["name"] == DEFAULT or default is None or default["priority"] != news["priority"]:
            return
        rows = self.connection.client().paged(self.route("/work_pools/{workPoolName}/queues/filter", pool))
        last = max(row["priority"] for row in rows)
        route = self.route(self.routes.item, {**pool, "name": DEFAULT})
        self.connection.client().request("PATCH", route, json={"priority": last + 1})
