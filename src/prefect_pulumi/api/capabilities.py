"""What a server takes: asked by the names of routes and fields, judged by its version and its OpenAPI document.

`field_versions.json` names what not every Prefect since 3.0 takes: route -> path of a field in its request -> the
first version that has it, among the newest patches of all minors. `tools/field_versions.py` makes it of their OpenAPI
documents. A route is `POST /deployments/{}`; a path is `schedules[].slug`; `actions[].type=call-webhook` is one value
of a field, `name=*-*` one with a dash, `job_variables={}` an empty one, `match_related[]` a list of them, and "" is the
route itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from prefect_pulumi.api.protocol import ApiClient
from prefect_pulumi.core.errors import ApiError, UnexpectedAnswerError

METHODS = ("get", "post", "put", "patch", "delete")
_TABLE = Path(__file__).with_name("field_versions.json")
_VERSION = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?")

Json = dict[str, Any]
Lacking = Mapping[str, Sequence[str]]
"""Route -> paths of what a server does not take."""


class NewerField(NamedTuple):
    """Something in a request that not every server takes. `says`: it has a value that a server without it would not
    assume anyway (null, false, zero, empty)."""

    route: str
    path: str
    since: str
    says: bool

    @property
    def name(self) -> str:
        """How messages call it."""
        return f"'{self.path}'" if self.path else "this route"


class Capabilities:
    """One server's. `document` reads its OpenAPI document, None where it hands none out; it is asked for only where
    the version leaves a doubt, and once. `version` "": it does not say one."""

    def __init__(self, version: str, document: Callable[[], Json | None]) -> None:
        self.version = version
        self._document = document
        self._fields: Mapping[str, frozenset[str]] | None = None
        self._read = False

    def takes(self, route: str, path: str, since: str) -> bool | None:
        """None: it cannot be judged."""
        by_version = _by_version(self.version, since)
        if by_version is not None:
            return by_version
        if not self._read:
            document = self._document()
            self._read, self._fields = True, None if document is None else request_fields(document)
        return None if self._fields is None else path in self._fields.get(route, frozenset())

    def lacking(self) -> dict[str, list[str]]:
        """All that it is known not to take."""
        lacking: dict[str, list[str]] = {}
        for route, fields in newer_fields().items():
            paths = [path for path, since in fields.items() if self.takes(route, path, since) is False]
            if paths:
                lacking[route] = paths
        return lacking


def read_capabilities(client: ApiClient, api_url: str) -> Capabilities:
    """GET /admin/version; a document is read later, from below the API or from beside it. Raises
    `ServerUnavailableError`."""
    try:
        version = str(client.request("GET", "/admin/version"))
    except (ApiError, UnexpectedAnswerError):
        version = ""
    return Capabilities(version, lambda: _document(client, api_url))


def _document(client: ApiClient, api_url: str) -> Json | None:
    parts = urlsplit(api_url)
    beside = parts._replace(path=parts.path.rstrip("/").rpartition("/")[0] + "/openapi.json").geturl()
    for place in ("/openapi.json", beside):
        try:
            document = client.request("GET", place)
        except (ApiError, UnexpectedAnswerError):
            continue
        if isinstance(document, dict) and isinstance(document.get("paths"), dict):
            return document
    return None


def _by_version(version: str, since: str) -> bool | None:
    """Versions between the newest patches of two minors may have what came with the second of them."""
    server, first = release(version), release(since)
    if server is None or first is None:
        return None
    if server >= first:
        return True
    return None if server[:2] == first[:2] else False


def release(version: str) -> tuple[int, int, int] | None:
    """`3.8.4.dev6` -> (3, 8, 4); None for what is no version."""
    match = _VERSION.match(version)
    return None if match is None else (int(match[1]), int(match[2]), int(match[3] or 0))


@cache
def newer_fields() -> Mapping[str, Mapping[str, str]]:
    """The table: route -> path -> version."""
    table: dict[str, dict[str, str]] = json.loads(_TABLE.read_text(encoding="utf-8"))["fields"]
    return table


def newer_in(method: str, path: str, body: Any, *, changes: bool = False) -> list[NewerField]:
    """What of a request the table names. `path` may be a route with its parameters filled in or not. With `changes`
    the body has nothing but what changes, so an empty value of it says something too."""
    route = route_of(method, path)
    fields = newer_fields().get(route, {})
    if "" in fields:
        return [NewerField(route, "", fields[""], True)]
    found: dict[str, NewerField] = {}
    for place, value in _places(body, ""):
        if place in fields:
            changed = changes and place.removesuffix("={}") in body
            says = changed or not _is_empty(value) or (place in found and found[place].says)
            found[place] = NewerField(route, place, fields[place], says)
    return list(found.values())


def without(
    method: str, path: str, body: Any, lacking: Lacking, *, changes: bool = False
) -> tuple[Any, list[NewerField]]:
    """`body` without what the server lacks and would assume anyway; and what it lacks besides, which must not be
    dropped."""
    paths = lacking.get(route_of(method, path), ())
    newer = newer_in(method, path, body, changes=changes)
    refused = [field for field in newer if field.path in paths and field.says]
    return _stripped(body, "", frozenset(paths)), refused


def route_of(method: str, path: str) -> str:
    """The row of the table that a request belongs to, else the route as it is written."""
    parts = path.split("?")[0].strip("/").split("/")
    route = f"{method.upper()} {normalized(path.split('?')[0])}"
    if route in newer_fields():
        return route
    for known in newer_fields():
        verb, _, template = known.partition(" ")
        wanted = template.strip("/").split("/")
        fits = len(wanted) == len(parts) and all(part in ("{}", own) for part, own in zip(wanted, parts, strict=True))
        if verb == method.upper() and fits:
            return known
    return route


def normalized(path: str) -> str:
    """`/deployments/{id}` -> `/deployments/{}`."""
    return re.sub(r"\{[^}]*\}", "{}", path)


def _places(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    """Path and value of every key at any depth; of a text also its `path=value`, of a list its `path[]`."""
    if isinstance(value, Mapping):
        if not value and place:
            yield f"{place}={{}}", value
        for key, item in value.items():
            inner = f"{place}.{key}" if place else str(key)
            yield inner, item
            yield from _places(item, inner)
    elif isinstance(value, list | tuple):
        if place:
            yield f"{place}[]", value
        for item in value:
            yield from _places(item, f"{place}[]")
    elif isinstance(value, str):
        yield f"{place}={value}", value
        if "-" in value:
            yield f"{place}=*-*", value


def _is_empty(value: Any) -> bool:
    """Whether a server that lacks the field behaves as if it had this value."""
    return value in (None, False, 0, "", [], {})


def _stripped(value: Any, place: str, paths: frozenset[str]) -> Any:
    if isinstance(value, Mapping):
        kept = {}
        for key, item in value.items():
            inner = f"{place}.{key}" if place else str(key)
            if inner not in paths or not _is_empty(item):
                kept[key] = _stripped(item, inner, paths)
        return kept
    if isinstance(value, list | tuple):
        return [_stripped(item, f"{place}[]", paths) for item in value]
    return value


# The OpenAPI document


def request_fields(document: Json) -> dict[str, frozenset[str]]:
    """Route -> paths of the fields of its JSON request, with "" for the route itself. API prefix `/api` is left out."""
    routes = {}
    for path, operations in document["paths"].items():
        for method in METHODS:
            if method in operations:
                body = operations[method].get("requestBody", {}).get("content", {}).get("application/json", {})
                found = {""}
                _Schema(document, found).walk(body.get("schema", {}), "", ())
                routes[f"{method.upper()} {normalized(path.removeprefix('/api'))}"] = frozenset(found)
    return routes


@dataclass(frozen=True)
class _Schema:
    """Collects paths of a schema into `found`."""

    document: Json
    found: set[str]

    def walk(self, schema: Any, place: str, above: tuple[str, ...]) -> None:
        """`above`: references that lead here; one that comes again is not entered."""
        if not isinstance(schema, Mapping):
            return
        reference = schema.get("$ref")
        if isinstance(reference, str):
            if reference not in above:
                target: Any = self.document
                for part in reference.removeprefix("#/").split("/"):
                    target = target[part]
                self.walk(target, place, (*above, reference))
            return
        for word in ("anyOf", "oneOf", "allOf"):
            for option in schema.get(word, ()):
                self.walk(option, place, above)
        if place:
            choices = [*schema.get("enum", ()), *([schema["const"]] if "const" in schema else [])]
            self.found.update(f"{place}={choice}" for choice in choices if isinstance(choice, str))
        if "items" in schema and place:
            self.found.add(f"{place}[]")
        self.walk(schema.get("items"), f"{place}[]", above)
        for name, inner in schema.get("properties", {}).items():
            path = f"{place}.{name}" if place else name
            self.found.add(path)
            self.walk(inner, path, above)
