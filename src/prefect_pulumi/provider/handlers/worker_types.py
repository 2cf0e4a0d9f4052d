"""The types of workers that a server knows, and their base job templates."""

from __future__ import annotations

import threading
from typing import Any

from prefect_pulumi.api import cloud
from prefect_pulumi.core.errors import ApiError
from prefect_pulumi.models import worker_types as shipped
from prefect_pulumi.provider.connection import Connection

Json = dict[str, Any]


def worker_metadata(connection: Connection) -> dict[str, dict[str, Json]]:
    """Package -> name -> `{"type", "default_base_job_configuration", "display_name", ...}`."""
    return cloud.worker_metadata(connection.client(), cloud=connection.cloud)


class OwnTemplates:
    """The base job template of each type, asked for once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self._templates: dict[str, Json] | None = None

    def of(self, worker_type: str) -> Json | None:
        """None for a type that neither the server nor Prefect itself knows.

        A server that refuses the question has the templates that Prefect ships. Raises `ServerUnavailableError`.
        """
        with self._lock:
            if self._templates is None:
                self._templates = {**shipped.worker_types(), **self._handed_out()}
            return self._templates.get(worker_type)

    def _handed_out(self) -> dict[str, Json]:
        try:
            packages = worker_metadata(self._connection)
        except ApiError:
            return {}
        workers = (worker for package in packages.values() for worker in package.values())
        templates = {worker["type"]: worker.get("default_base_job_configuration") for worker in workers}
        return {kind: template for kind, template in templates.items() if template}
