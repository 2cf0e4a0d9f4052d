"""Prefect Cloud's contract, as `tools/cloud_contract.py` keeps it: what a request and an answer have to be (pure)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import best_match
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

FILE = Path(__file__).with_name("contract.json")
Json = dict[str, Any]
_FORMATS = FormatChecker(formats=("uuid", "date-time", "ipv4"))


@dataclass(frozen=True)
class Route:
    """`key`: as the contract writes it, `POST /deployments/`. `parameters`: of the path, by name."""

    key: str
    facts: Json
    parameters: Mapping[str, str]

    @property
    def body(self) -> Json | None:
        schema: Json | None = self.facts.get("body")
        return schema

    def answer(self, status: int) -> Json | None:
        """None for a status that the contract does not name; {} for an answer without content."""
        schema: Json | None = self.facts["answers"].get(str(status))
        return schema


class Contract:
    """`document`: title, version, date and SHA-256 of what it was made of."""

    def __init__(self, file: Path = FILE) -> None:
        contract: Json = json.loads(file.read_text("utf-8"))
        self.document: Json = contract["document"]
        self.routes: Json = contract["routes"]
        self.schemas: Json = contract["schemas"]
        self._validators: dict[tuple[str, bool], Draft202012Validator] = {}

    @cached_property
    def _templates(self) -> list[tuple[str, str, re.Pattern[str]]]:
        """Method, key and pattern; paths without parameters first."""
        keys = sorted(self.routes, key=lambda key: key.count("{"))
        return [(key.split(" ")[0], key, _pattern(key.split(" ")[1])) for key in keys]

    def route(self, method: str, path: str) -> Route | None:
        """Of a path below the workspace, else of one that begins with `/api`."""
        for verb, key, pattern in self._templates:
            match = pattern.fullmatch(path) if verb == method else None
            if match is not None:
                parameters = {name: unquote(text) for name, text in match.groupdict().items()}
                return Route(key, self.routes[key], parameters)
        return None

    def near(self, method: str, path: str) -> str:
        """Why there is no such route: its slash, its method, or nothing of the kind."""
        other = path.rstrip("/") if path.endswith("/") else f"{path}/"
        if self.route(method, other) is not None:
            return f"{method} {path}: the route is {other}"
        methods = [verb for verb, _, pattern in self._templates if pattern.fullmatch(path)]
        known = f"; it has {', '.join(sorted(set(methods)))}" if methods else ""
        return f"{method} {path}: no such route{known}"

    def request_faults(self, route: Route, query: Mapping[str, str], body: Any) -> list[str]:
        """What of a request Prefect Cloud would refuse, or drop because it does not know it."""
        faults = [f"query {name!r} is not known" for name in query.keys() - route.facts.get("query", {}).keys()]
        faults += [f"query {name!r} is missing" for name in route.facts.get("needs_query", ()) if name not in query]
        if route.body is None:
            faults += ["it takes no body"] if body not in (None, {}) else []
        elif body is None:
            faults += ["the body is missing"] if route.facts.get("needs_body") else []
        else:
            faults += self._faults(route.body, self._without_nulls(route.body, body), closed=True)
        return [f"{route.key}: {fault}" for fault in faults]

    def _without_nulls(self, schema: Json, body: Any) -> Any:
        """A parameter of a body that is null counts as left out: Prefect's own client sends such, to Cloud as well."""
        if "/Body_" not in schema.get("$ref", "") or not isinstance(body, dict):
            return body
        needed = self.resolved(schema).get("required", ())
        return {name: value for name, value in body.items() if value is not None or name in needed}

    def answer_faults(self, route: Route, status: int, body: Any) -> list[str]:
        """What of a good answer Prefect Cloud would not give."""
        schema = route.answer(status)
        if schema is None:
            return [f"{route.key}: status {status} instead of {', '.join(route.facts['answers'])}"]
        faults = self._faults(schema, body, closed=False) if schema else []
        return [f"{route.key}: the answer's {fault}" for fault in faults]

    def resolved(self, schema: Json) -> Json:
        """The schema that a reference names, else itself."""
        while "$ref" in schema:
            schema = self.schemas[schema["$ref"].rsplit("/", 1)[1]]
        return schema

    def fields(self, schema: Json) -> Json:
        """Name -> schema of an object's properties, those of all its forms together; {} where it has none."""
        schema = self.resolved(schema)
        fields: Json = {}
        for option in (*schema.get("anyOf", ()), *schema.get("oneOf", ()), *schema.get("allOf", ())):
            fields |= self.fields(option)
        return fields | schema.get("properties", {})

    def _faults(self, schema: Json, value: Any, *, closed: bool) -> list[str]:
        key = (json.dumps(schema, sort_keys=True), closed)
        if key not in self._validators:
            resource = Resource(self._closed if closed else {"schemas": self.schemas}, DRAFT202012)
            registry: Registry[Any] = Registry().with_resource("contract:", resource)
            self._validators[key] = Draft202012Validator(
                _absolute(_close(schema) if closed else schema), registry=registry, format_checker=_FORMATS
            )
        return [_sentence(error) for error in self._validators[key].iter_errors(value)]

    @cached_property
    def _closed(self) -> Json:
        return {"schemas": _close(self.schemas)}


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{([^}]*)\}", template)
    texts = [re.escape(part) if index % 2 == 0 else f"(?P<{part}>[^/]+)" for index, part in enumerate(parts)]
    return re.compile("".join(texts))


def _absolute(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {key: f"contract:{inner}" if key == "$ref" else _absolute(inner) for key, inner in schema.items()}
    return [_absolute(inner) for inner in schema] if isinstance(schema, list) else schema


def _close(schema: Any) -> Any:
    """What a schema of a body does not name is refused: a server that does not know a field drops it."""
    if isinstance(schema, list):
        return [_close(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _close(inner) for key, inner in schema.items()}
    if isinstance(schema.get("properties"), dict) and schema.get("type") == "object":
        closed.setdefault("additionalProperties", False)
    return closed


def _sentence(error: Any) -> str:
    deepest = best_match([error]) or error
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in deepest.absolute_path)
    return f"body{place}: {deepest.message[:300]}"


def pruned(contract: Contract, schema: Json, value: Any) -> Any:
    """An answer without the fields that Prefect Cloud does not give, and without nulls that it has no place for."""
    schema = contract.resolved(schema)
    if isinstance(value, list):
        items = next((inner["items"] for inner in _forms(contract, schema) if "items" in inner), {})
        return [pruned(contract, items, row) for row in value]
    if not isinstance(value, dict):
        return value
    fields = contract.fields(schema)
    if not fields or any(form.get("additionalProperties") for form in _forms(contract, schema)):
        return value
    return {
        name: pruned(contract, fields[name], inner)
        for name, inner in value.items()
        if name in fields and (inner is not None or _nullable(contract, fields[name]))
    }


def _nullable(contract: Contract, schema: Json) -> bool:
    return any(form.get("type", "null") == "null" and "enum" not in form for form in _forms(contract, schema))


def _forms(contract: Contract, schema: Json) -> Iterator[Json]:
    schema = contract.resolved(schema)
    yield schema
    options: Sequence[Json] = schema.get("anyOf") or schema.get("oneOf") or ()
    for option in options:
        yield from _forms(contract, option)
