"""Distils Prefect Cloud's published OpenAPI document into `tests/support/cloud/contract.json`, which tests judge by.

    python -m tools.cloud_contract DOCUMENT DATE [--write]

DATE is the day of the document (`2026-05-02`): it names none, and its version never moves. Prints what the document
changes in the kept contract, and writes it with `--write`, and of it the scopes that a preview asks for
(`src/prefect_pulumi/api/cloud_scopes.json`). Kept are the routes that the toolkit, its workers and
Prefect's client use or may use, their queries, bodies and answers, and the schemas they name: types, limits, required
fields and enums, no prose.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from prefect_pulumi.api.capabilities import normalized

CONTRACT = Path(__file__).parents[1] / "tests/support/cloud/contract.json"
WORKSPACE = "/accounts/{account_id}/workspaces/{workspace_id}"
KEYWORDS = {"$ref", "additionalProperties", "allOf", "anyOf", "const", "default", "discriminator", "enum", "oneOf"}
KEYWORDS |= {"exclusiveMaximum", "exclusiveMinimum", "format", "items", "maxItems", "maxLength", "maximum", "minItems"}
KEYWORDS |= {"minLength", "minimum", "pattern", "prefixItems", "required", "type"}
"""Of JSON Schema; `properties` is kept too. The others are prose."""
OUTSIDE = re.compile(
    r"/accounts/\{account_id\}(/(account_memberships|account_roles|bots|teams|workspace_roles|workspaces)/.*"
    r"|/(settings|domains|usage_limits|rate-limits/status))?"
    r"|/me/(workspaces.*)?|/workspace_scopes|/users/\{id\}/api_keys(/\{api_key_id\})?"
)
"""Routes that are not of a workspace."""
UNUSED = re.compile(
    r"/(ui|traces|spans|assets|asset-.*|available-assets|metrics|pins|resources|saved_searches|observed-.*|transfer"
    r"|validate_transfer|invitations|event-.*|templates|managed_execution)(/.*)?|/logs/ai/.*|/flow_runs/.*(logs|assets).*"
)
"""Routes of a workspace that nobody here asks."""
SCOPES = re.compile(r"Required (?:workspace|account) (?:scopes|permissions): (.+)")

SCOPES_FILE = Path(__file__).parents[1] / "src/prefect_pulumi/api/cloud_scopes.json"
READS = re.compile(r"/(filter|count|paginate|history|lateness|my-access|get_\w+|filter-minimal|concurrency_status)$")
"""Last parts of routes that ask by POST."""

Json = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("document", type=Path)
    parser.add_argument("date")
    parser.add_argument("--write", action="store_true", help="write the contract")
    options = parser.parse_args()
    new = distilled(options.document.read_bytes(), options.date)
    old = json.loads(CONTRACT.read_text("utf-8")) if CONTRACT.is_file() else {}
    for line in changes(old, new):
        print(line)
    if options.write:
        CONTRACT.write_text(text(new), "utf-8")
        SCOPES_FILE.write_text(scopes_text(new), "utf-8")


def distilled(document: bytes, date: str) -> Json:
    """`{"document", "routes", "schemas"}`; a route is `POST /deployments/` in a workspace, else `GET /api/me/`."""
    source: Json = json.loads(document)
    routes = {}
    for path, operations in sorted(source["paths"].items()):
        place = path.removeprefix("/api")
        inside = place.removeprefix(WORKSPACE)
        if (place == inside and not OUTSIDE.fullmatch(place)) or UNUSED.fullmatch(inside):
            continue
        for method, operation in operations.items():
            routes[f"{method.upper()} {path if place == inside or not inside else inside}"] = route(operation)
    schemas = {name: facts(schema) for name, schema in source["components"]["schemas"].items()}
    about = {
        "title": source["info"]["title"],
        "version": source["info"]["version"],
        "date": date,
        "sha256": hashlib.sha256(document).hexdigest(),
    }
    used = sorted(reachable(routes, schemas))
    return {"document": about, "routes": routes, "schemas": {name: schemas[name] for name in used}}


def route(operation: Json) -> Json:
    """`{"query", "body", "needs_body", "answers", "scopes"}`, the empty ones left out."""
    query = {each["name"]: facts(each["schema"]) for each in operation.get("parameters", ()) if each["in"] == "query"}
    needed = [each["name"] for each in operation.get("parameters", ()) if each["in"] == "query" and each["required"]]
    body = operation.get("requestBody", {})
    answers = {
        status: facts(answer.get("content", {}).get("application/json", {}).get("schema", {}))
        for status, answer in operation["responses"].items()
        if status != "422"
    }
    scopes = SCOPES.search(operation.get("description", ""))
    entry = {
        "query": query,
        "needs_query": needed,
        "body": facts(body.get("content", {}).get("application/json", {}).get("schema", {})),
        "needs_body": body.get("required", False),
        "answers": answers,
        "scopes": re.findall(r"`([a-z_:]+)`", scopes[1]) if scopes else [],
    }
    return {key: value for key, value in entry.items() if value}


def scopes_text(contract: Json) -> str:
    """Route of a workspace that writes -> the scopes of the workspace that it needs, a line each."""
    lines = []
    for key, entry in contract["routes"].items():
        method, _, path = key.partition(" ")
        scopes = [scope for scope in entry.get("scopes", ()) if ":" not in scope]
        if scopes and method != "GET" and not path.startswith("/api/") and not READS.search(path):
            lines.append(f" {json.dumps(f'{method} {normalized(path)}')}: {json.dumps(scopes)}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def facts(schema: Any) -> Any:
    """A schema without its prose."""
    if isinstance(schema, list):
        return [facts(option) for option in schema]
    if not isinstance(schema, dict):
        return schema
    kept: Json = {}
    for key, value in sorted(schema.items()):
        if key == "properties":
            kept[key] = {name: facts(inner) for name, inner in sorted(value.items())}
        elif key == "$ref":
            kept[key] = value.replace("#/components/schemas/", "#/schemas/")
        elif key == "discriminator":
            kept[key] = value["propertyName"]
        elif key in KEYWORDS:
            kept[key] = value if key in ("default", "enum", "const", "required") else facts(value)
    return kept


def reachable(routes: Any, schemas: Mapping[str, Any]) -> set[str]:
    """Names of the schemas that the routes lead to."""
    names: set[str] = set()
    waiting = list(references(routes))
    while waiting:
        name = waiting.pop()
        if name not in names:
            names.add(name)
            waiting += references(schemas[name])
    return names


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"].removeprefix("#/schemas/")
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from references(inner)


def text(contract: Json) -> str:
    """One route or schema a line, so that a later document shows as lines of a diff."""
    parts = []
    for part, entries in contract.items():
        lines = [f" {json.dumps(key)}: {compact(value)}" for key, value in entries.items()]
        parts.append(f"{json.dumps(part)}: {{\n" + ",\n".join(lines) + "\n}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def changes(old: Any, new: Any, place: str = "") -> Iterator[str]:
    """A line for each thing that was added, removed or changed: `+`, `-` or `~`, its place and its value."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            inner = f"{place} > {key}" if place else key
            if key not in old and isinstance(new[key], dict) and not place:
                yield from changes({}, new[key], inner)
            elif key not in old:
                yield f"+ {inner}: {compact(new[key])[:200]}"
            elif key not in new:
                yield f"- {inner}"
            else:
                yield from changes(old[key], new[key], inner)
    elif old != new:
        yield f"~ {place}: {compact(old)[:200]} -> {compact(new)[:200]}"


if __name__ == "__main__":
    main()
