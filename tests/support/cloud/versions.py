"""Versions of deployments as the proxy's Prefect Cloud keeps them: every write of a deployment makes one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from tests.support.cloud.contract import Json, Route

FIELDS = ("entrypoint", "pull_steps", "parameters", "parameter_openapi_schema", "job_variables", "tags")
_WRITES = ("POST /deployments/", "PATCH /deployments/{id}")


class Versions:
    """`ask`: method, path, body -> the answer's JSON of the server behind. `extras`: what only Cloud has of an object,
    by its id."""

    def __init__(self, ask: Callable[[str, str, Any], Any], extras: dict[str, Json]) -> None:
        self._ask, self._extras = ask, extras
        self.rows: dict[str, list[Json]] = {}

    def written(self, route: Route, sent: Json, answer: Any) -> None:
        """After a request that the server behind took."""
        if route.key not in _WRITES:
            return
        id = str(route.parameters.get("id") or answer["id"])
        row = self._ask("GET", f"/deployments/{id}", None)
        info = sent.get("version_info") or self._info(id) or {"type": "prefect:simple", "version": ""}
        version = {
            "id": str(uuid4()),
            "created": datetime.now(UTC).isoformat(),
            "deployment_id": id,
            "version_info": info,
            **{name: row[name] for name in FIELDS},
        }
        self.rows.setdefault(id, []).append(version)
        self._present(id, version)

    def answer(self, route: Route, sent: Any) -> tuple[int, Any] | None:
        """None for a route that is none of its own."""
        id = str(route.parameters.get("id", ""))
        kept = self.rows.get(id, [])
        match route.key:
            case "POST /deployments/{id}/disable" | "POST /deployments/{id}/enable":
                self._extras[id] = self._extras.get(id, {}) | {"disabled": route.key.endswith("disable")}
                return 200, None
            case "POST /deployments/{id}/versions/paginate":
                size, page = (sent or {}).get("limit", 200), (sent or {}).get("page", 1)
                pages = -(-len(kept) // size)
                rows = kept[(page - 1) * size : page * size]
                return 200, {"results": rows, "count": len(kept), "limit": size, "pages": pages, "page": page}
            case "POST /deployments/{id}/versions/{version_id}/promote":
                found = [row for row in kept if row["id"] == route.parameters["version_id"]]
                if not found:
                    return 404, {"detail": "Not Found"}
                self._ask("PATCH", f"/deployments/{id}", {name: found[0][name] for name in FIELDS})
                self._present(id, found[0])
                return 200, True
        return None

    def _info(self, id: str) -> Json | None:
        return self._extras.get(id, {}).get("version_info")

    def _present(self, id: str, version: Json) -> None:
        known = {"version_id": version["id"], "version_info": version["version_info"]}
        self._extras[id] = self._extras.get(id, {}) | known
