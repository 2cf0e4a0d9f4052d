"""Writes `src/prefect_pulumi/api/field_versions.json`: since which Prefect a server takes what a request has.

    python -m tools.field_versions

It reads the OpenAPI documents of the newest patch of each minor (`tests/support/prefect_versions.py`) and keeps what
the oldest one lacks of the requests that write objects.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from prefect_pulumi.api.capabilities import request_fields
from tests.support.prefect_versions import VERSIONS, PrefectVersion

TABLE = Path(__file__).parents[1] / "src/prefect_pulumi/api/field_versions.json"
OBJECTS = ("automations", "block_", "concurrency_limits", "deployments", "flows", "v2/", "variables", "work_")
NO_WRITES = ("GET", "DELETE")
ASKED = ("filter", "count", "paginate", "bulk_delete", "bulk", "get_runs", "concurrency_status", "create_flow_run")
BEHAVIOUR = {
    "PATCH /deployments/{}": {"job_variables={}": "3.8.8"},
    "PATCH /variables/{}": {"name=*-*": "3.4.25"},
    "POST /variables/": {"name=*-*": "3.4.25"},
}
"""What no document says: before, emptied job variables stay as they were, and a variable's name may have no dash."""
READ = "import json; from prefect.server.api.server import create_app; print(json.dumps(create_app().openapi()))"


def main() -> None:
    TABLE.write_text(json.dumps(table(), indent=1) + "\n")


def table() -> dict[str, Any]:
    fields: dict[str, dict[str, str]] = {}
    oldest: dict[str, frozenset[str]] = {}
    for version in VERSIONS.values():
        routes = request_fields(document(version))
        oldest = oldest or routes
        for route, paths in routes.items():
            if not writes(route):
                continue
            known = fields.setdefault(route, {})
            if route not in oldest:
                known.setdefault("", version.version)
                continue
            for path in sorted(paths - oldest[route]):
                # The members of what is new itself say nothing more.
                if not any(path.startswith((f"{above}.", f"{above}[]", f"{above}=")) for above in known):
                    known.setdefault(path, version.version)
    for route, paths in BEHAVIOUR.items():
        fields[route] |= paths
    kept = {route: dict(sorted(paths.items())) for route, paths in sorted(fields.items()) if paths}
    return {"versions": [version.version for version in VERSIONS.values()], "fields": kept}


def writes(route: str) -> bool:
    """Whether it makes or changes an object that a kind stands for."""
    method, path = route.split(" ")
    last = path.rstrip("/").rpartition("/")[2]
    return path[1:].startswith(OBJECTS) and method not in NO_WRITES and last not in ASKED and "lease" not in path


def document(version: PrefectVersion) -> dict[str, Any]:
    """The OpenAPI document of its server."""
    environment = {"PREFECT_HOME": str(version.folder / "home"), "PREFECT_LOGGING_LEVEL": "CRITICAL", "PATH": ""}
    done = subprocess.run(
        [version.make(), "-c", READ], check=True, capture_output=True, text=True, env=environment, cwd=version.folder
    )
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


if __name__ == "__main__":
    main()
