"""The worker types and their base job templates, as Prefect ships them.

They are those of `prefect/server/api/collections_data/views/aggregate-worker-metadata.json`, which comes with Prefect
and which its server hands out as the metadata of every worker type.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

METADATA = Path("server/api/collections_data/views/aggregate-worker-metadata.json")


@cache
def worker_types() -> dict[str, dict[str, Any]]:
    """Worker type -> its base job template. Prefect itself is not imported."""
    package = find_spec("prefect")
    folders = list(package.submodule_search_locations or ()) if package else []
    text = next(Path(folder, METADATA).read_text("utf-8") for folder in folders if Path(folder, METADATA).is_file())
    collections: dict[str, dict[str, dict[str, Any]]] = json.loads(text)
    return {
        kind: worker["default_base_job_configuration"]
        for workers in collections.values()
        for kind, worker in workers.items()
    }


def variables_of(worker_type: str, template: Any) -> dict[str, Any] | None:
    """JSON schema of a pool's job variables: its template's, else its type's own; None for a type that Prefect does not
    ship."""
    if isinstance(template, dict) and isinstance(template.get("variables"), dict) and template["variables"]:
        variables: dict[str, Any] = template["variables"]
        return variables
    own = worker_types().get(worker_type)
    return None if own is None else own["variables"]


def is_own(template: Any, own: dict[str, Any]) -> bool:
    """Whether a template is its type's own, as `own` is, perhaps of another version of the worker: one may have
    variables that the other does not know, but each that both have has the same default, and each key of the job
    that both have the same value."""
    names, own_names = ({*_variables(side)} for side in (template, own))
    if not (names <= own_names or own_names <= names):
        return False
    defaults = all(_variables(template)[name] == _variables(own)[name] for name in names & own_names)
    return bool(names) and defaults and _agree(template.get("job_configuration"), own.get("job_configuration"))


def _variables(template: Any) -> dict[str, Any]:
    """Name -> default."""
    schema = template.get("variables") if isinstance(template, dict) else None
    properties = schema.get("properties") if isinstance(schema, dict) else None
    listed = properties.items() if isinstance(properties, dict) else ()
    return {name: part.get("default") if isinstance(part, dict) else None for name, part in listed}


def _agree(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return all(_agree(one[key], other[key]) for key in one.keys() & other.keys())
    return bool(one == other)
