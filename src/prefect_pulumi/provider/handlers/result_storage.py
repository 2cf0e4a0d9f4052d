"""The server's default result storage: one to each server, set and cleared as a whole."""

from __future__ import annotations

from typing import Any

from typing_extensions import override

from prefect_pulumi.core.errors import ProviderError
from prefect_pulumi.core.provider_protocol import DiffResult, Props, ProviderHost, ReadResult
from prefect_pulumi.core.values import unwrap
from prefect_pulumi.models import Fault, ResultStorage
from prefect_pulumi.provider.connection import Connection
from prefect_pulumi.provider.handlers.base import Call, HostHandler
from prefect_pulumi.provider.handlers.diff import diff

ROUTE = "/admin/storage"
FIELD = "default_result_storage_block_id"
ID = "default-result-storage"
BLOCK = "blockDocumentId"


class ResultStorageHandler(HostHandler):
    """The id is the same on every server."""

    def __init__(self, connection: Connection, host: ProviderHost) -> None:
        super().__init__(ResultStorage, host)
        self.connection = connection

    @override
    def faults(self, values: Props) -> list[Fault]:
        if self.connection.cloud:
            return [Fault("", "Prefect Cloud has no result storage of its own; name one in each pool or flow")]
        return []

    @override
    def diff(self, call: Call) -> DiffResult:
        return diff(self.model, call)

    @override
    def preview(self, call: Call) -> dict[str, Any]:
        return dict(call.news)

    @override
    def create(self, call: Call) -> tuple[str, dict[str, Any]]:
        live = self._live()
        if live and live != unwrap(call.news[BLOCK]):
            raise ProviderError(
                f"the server {self.connection.api_url} has a default result storage already: the block {live}",
                where=call.urn,
                remedy="declare that block, or clear it first: prefect experimental result-storage clear",
            )
        return ID, self._put(call.news)

    @override
    def update(self, call: Call) -> dict[str, Any]:
        return self._put(call.news)

    @override
    def read(self, call: Call) -> ReadResult:
        live = self._live()
        return ReadResult(ID, {BLOCK: live}, {BLOCK: live}) if live else ReadResult("", {}, {})

    @override
    def delete(self, call: Call) -> None:
        """Unless the server has another one by now."""
        if self._live() == unwrap({**call.inputs, **call.outputs}).get(BLOCK):
            self.connection.client().request("DELETE", ROUTE)

    def _put(self, inputs: Props) -> dict[str, Any]:
        body = {FIELD: unwrap(inputs[BLOCK])}
        self.connection.client().request("PUT", ROUTE, json=body, idempotent=True)
        return dict(inputs)

    def _live(self) -> str:
        """UUID of the block; "" for none."""
        return str(self.connection.client().request("GET", ROUTE).get(FIELD) or "")
