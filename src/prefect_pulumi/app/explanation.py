"""What a kind, a field of it, or a key of the stack file is: type, bounds, default, what a change does, since when."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import yaml
from pydantic.alias_generators import to_snake

from prefect_pulumi.api.capabilities import newer_fields, normalized
from prefect_pulumi.app.config_schema import ENVIRONMENT, REFERENCE, kind_schema, stack_definitions
from prefect_pulumi.app.counterparts import change_of_key, counterpart
from prefect_pulumi.core.errors import InputError
from prefect_pulumi.core.suggestions import nearest
from prefect_pulumi.models import KINDS, FieldSpec, Kind, ProviderConfig
from prefect_pulumi.provider.handlers.routes import ROUTES

Json = Mapping[str, Any]
ROOT = "environment"
ITEM = "[]"
OLDEST = "3.0"
"""Prefect whose server has all that the table of versions does not name."""
MODELS: dict[str, type[Kind]] = {**{model.kind: model for model in KINDS.values()}, ProviderConfig.kind: ProviderConfig}


@dataclass(frozen=True, slots=True)
class Explanation:
    """`path`: `WorkPool.concurrencyLimit`, or `environment.pools.*.type`; `example`: Python, or YAML of a stack file.
    What does not apply is "". `members`: the fields or keys below, each with its type and description."""

    path: str
    description: str
    type: str = ""
    default: str = ""
    change: str = ""
    since: str = ""
    example: str = ""
    members: tuple[tuple[str, str, str], ...] = ()

    def document(self) -> dict[str, Any]:
        members = [dict(zip(("name", "type", "description"), member, strict=True)) for member in self.members]
        return {**asdict(self), "members": members}


def explain(path: str) -> Explanation:
    """Of a kind (`WorkPool`), a field of it by its name on the wire or in Python, or a place in the stack file with any
    name or `*` where it has names of objects (`environment.pools.etl.type`). "": what can be explained.

    Raises `InputError` for what does not exist, with the nearest name.
    """
    if not path:
        return _overview()
    first, *rest = re.sub(r"\[\d*\]", "", path).split(".")
    if first == "config" or ":" in first:
        return explain(".".join([ROOT, *rest]) if first.endswith(f":{ROOT}") else ".".join(rest))
    if first in MODELS:
        return _of_kind(MODELS[first]) if not rest else _of_field(MODELS[first], rest)
    if first == ROOT:
        return _of_key(rest)
    if first in stack_definitions()[ENVIRONMENT]["properties"]:
        return _of_key([first, *rest])
    raise _unknown(first, [*MODELS, ROOT, *stack_definitions()[ENVIRONMENT]["properties"]], "")


def _overview() -> Explanation:
    kinds = [(name, "kind", first_sentence(model.__doc__ or "")) for name, model in MODELS.items()]
    return Explanation("", "Kinds of resources, and the keys of a stack file.", members=(*kinds, *_of_key([]).members))


def _unknown(name: str, known: Iterable[str], of: str) -> InputError:
    message = f"unknown name {name!r}" + (f" of {of}" if of else "")
    return InputError(f"{message}; {nearest(name, known)}", where="infra explain", remedy="infra explain lists all")


def first_sentence(text: str) -> str:
    """Of a docstring, on one line."""
    sentence, dot, _ = " ".join(text.split()).partition(". ")
    return f"{sentence}." if dot else sentence


# Kinds


def _of_kind(model: type[Kind]) -> Explanation:
    properties = kind_schema(model)["properties"]
    members = [(name, type_words(value, {}), value.get("description", "")) for name, value in properties.items()]
    outputs = [(spec.wire, "output", spec.description) for spec in model.fields() if not spec.from_program]
    return Explanation(
        model.kind,
        " ".join((model.__doc__ or "").split()),
        since=_since(model),
        example=model.example,
        members=(*members, *outputs),
    )


def _of_field(model: type[Kind], names: list[str]) -> Explanation:
    fields = {name: spec for spec in model.fields() for name in (spec.attribute, python_name(spec), spec.wire)}
    name, *deeper = names
    if name not in fields:
        raise _unknown(name, {spec.wire for spec in fields.values()}, model.kind)
    spec = fields[name]
    if deeper:
        raise _unknown(deeper[0], (), f"{model.kind}.{spec.wire}")
    if not spec.from_program:
        return Explanation(f"{model.kind}.{spec.wire}", spec.description, "output", change="set by the server")
    value = kind_schema(model)["properties"][spec.wire]
    default = "the resource's logical name" if spec.meta.logical_name else default_words(value, spec.required)
    return Explanation(
        f"{model.kind}.{spec.wire}",
        spec.description + (" Secret." if spec.meta.secret else ""),
        type_words(value, {}),
        "the server's choice" if spec.meta.server_default else default,
        change_of_field(spec),
        _since(model, spec),
        _python_example(model, spec, value),
    )


def python_name(spec: FieldSpec) -> str:
    return spec.attribute.rstrip("_")


def change_of_field(spec: FieldSpec) -> str:
    if spec.meta.replaces:
        return "replaces the object"
    return "in place; removing it replaces the object" if spec.meta.removal_replaces else "in place"


def _since(model: type[Kind], spec: FieldSpec | None = None) -> str:
    """Which Prefect servers take it; "" for what is on no server. What a part of it needs besides is named."""
    routes = ROUTES.get(model.token())
    if routes is None:
        return ""
    newer = newer_fields().get(f"POST {normalized(routes.collection)}", {})
    oldest = newer.get("", OLDEST)
    if spec is None:
        return f"Prefect {oldest}"
    name = routes.api_names.get(spec.wire, to_snake(spec.wire))
    places = (name, f"[].{name}", f"concurrency_options.{name}")
    first = next((newer[place] for place in places if place in newer), oldest)
    below = (f"{name}.", f"{name}[", f"{name}=")
    parts = {path.replace("=*-*", " with a dash"): since for path, since in newer.items() if path.startswith(below)}
    return "; ".join([f"Prefect {first}", *(f"{path} {since}" for path, since in parts.items())])


def _python_example(model: type[Kind], spec: FieldSpec, value: Json) -> str:
    """The kind's own example, with the field where it is not there."""
    call = ast.parse(model.example, mode="eval").body
    name = python_name(spec)
    if not isinstance(call, ast.Call) or any(keyword.arg == name for keyword in call.keywords):
        return model.example
    head, bracket, tail = model.example.rpartition(")")
    return f"{head.rstrip().removesuffix(',')}, {name}={example_value(value, {})!r}{bracket}{tail}"


# Keys of the stack file


def _of_key(names: list[str]) -> Explanation:
    """Follows the names down the schema; one that an object of the server bears is `*`, an item of a list `[]`."""
    models = stack_definitions()
    value: Json = models[ENVIRONMENT]
    place, required = [ROOT], False
    for name in names:
        inner = _entered(value, models)
        if isinstance(inner.get("items"), dict):
            place.append(ITEM)
            inner = _entered(inner["items"], models)
        if "properties" in inner:
            if name not in inner["properties"]:
                raise _unknown(name, inner["properties"], ".".join(place))
            required = name in inner.get("required", ())
            place.append(name)
            value = inner["properties"][name]
        elif isinstance(inner.get("additionalProperties"), dict):
            place.append("*")
            value = inner["additionalProperties"]
        else:
            raise _unknown(name, (), ".".join(place))
    return _explained(place, value, models, required)


def _explained(place: list[str], value: Json, models: Json, required: bool) -> Explanation:
    inner = _entered(value, models)
    members = [(key, type_words(item, models), item.get("description", "")) for key, item in _members(inner, models)]
    model, spec = counterpart(place)
    about = [value.get("description", ""), " ".join(inner.get("description", "").split()) if members else ""]
    since = "" if model is None else _since(model, spec)
    return Explanation(
        ".".join(place).replace(f".{ITEM}", ITEM),
        " ".join(dict.fromkeys(text for text in about if text)),
        type_words(value, models),
        "" if place == [ROOT] or place[-1] == "*" else default_words(value, required),
        change_of_field(spec) if spec is not None else change_of_key(place),
        since,
        "" if len(place) == 1 else _yaml_example(place, value, models),
        tuple(members),
    )


def _members(inner: Json, models: Json) -> list[tuple[str, Json]]:
    """The keys of a mapping, those of each object where the keys are names."""
    if "properties" in inner:
        return [*inner["properties"].items()]
    sign, below = ("*.", inner.get("additionalProperties")) if "items" not in inner else ("[].", inner["items"])
    target = _entered(below, models) if isinstance(below, dict) else {}
    return [(f"{sign}{key}", value) for key, value in target.get("properties", {}).items()]


def _entered(value: Json, models: Json) -> Json:
    """The schema of the mapping or list that a value may be, else the value's own."""
    if "$ref" in value:
        return _entered(models[value["$ref"].removeprefix(REFERENCE)], models)
    entered = [_entered(option, models) for option in value.get("anyOf", ())]
    return next((option for option in entered if option.get("type") in ("object", "array")), value)


def _yaml_example(place: list[str], value: Json, models: Json) -> str:
    content: Any = example_value(value, models)
    for above, name in reversed(list(zip(["", *place], place, strict=False))):
        content = [content] if name == ITEM else {NAMES.get(above, "name") if name == "*" else name: content}
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=10_000).rstrip()


NAMES = {
    "pools": "etl",
    "queues": "priority",
    "variables": "region",
    "json_blocks": "app-config",
    "secrets": "orders-token",
    "block_types": "warehouse",
    "blocks": "slack-webhook/team",
    "concurrency_limits": "database",
    "tag_limits": "database",
    "flows": "import-orders",
    "automations": "Alert on failure",
    "webhooks": "orders",
    "service_accounts": "ci",
    "teams": "data-platform",
    "workspace_roles": "deployer",
    "workspaces": "staging",
    "workspace_access": "team/data-platform",
    "deployment_access": "import-orders/daily",
    "work_pool_access": "etl",
    "block_access": "slack-webhook/team",
    "slas": "import-orders/daily",
    "managed_automations": "zombie-cleanup",
    "account_members": "ada@example.com",
    "directories": "teams/orders",
    "overrides": "import-orders/daily",
}
"""Key -> a name that one of the objects below it may have."""


# Words


def type_words(value: Json, models: Json) -> str:
    """A schema's type and bounds in words."""
    if "$ref" in value:
        return type_words(models[value["$ref"].removeprefix(REFERENCE)], models)
    if "enum" in value or "const" in value:
        return f"one of: {', '.join(map(str, value.get('enum', [value.get('const')])))}"
    if "anyOf" in value:
        options = (type_words(option, models) for option in value["anyOf"] if option.get("type") != "null")
        return " or ".join(dict.fromkeys(options))
    match value.get("type"):
        case "array":
            inner = type_words(value.get("items", {}), models)
            return "list" if inner == ANY else f"list of {inner}"
        case "object":
            values = value.get("additionalProperties")
            inner = type_words(values, models) if isinstance(values, dict) else ANY
            return "mapping" if inner in (ANY, "mapping") else f"mapping of names to {inner}"
        case "string":
            return f"text that fits {value['pattern']}" if "pattern" in value else "text"
        case "integer" | "number" as word:
            return ", ".join(["whole number" if word == "integer" else "number", *_bounds(value)])
        case "boolean":
            return "true or false"
    return ANY


ANY = "any JSON value"


def _bounds(value: Json) -> list[str]:
    words = {"minimum": "at least {}", "exclusiveMinimum": "more than {}", "maximum": "at most {}"}
    return [text.format(f"{value[key]:g}") for key, text in words.items() if key in value]


def default_words(value: Json, required: bool) -> str:
    if required:
        return "none; it is required"
    default = value.get("default")
    return "none" if default in (None, [], {}) else json.dumps(default, ensure_ascii=False)


def example_value(value: Json, models: Json) -> Any:
    """A value that fits the schema: its first example, else one of its type."""
    if examples := value.get("examples"):
        return examples[0]
    if "$ref" in value:
        return example_value(models[value["$ref"].removeprefix(REFERENCE)], models)
    if "enum" in value:
        return next((choice for choice in value["enum"] if choice != value.get("default")), value["enum"][0])
    if "anyOf" in value:
        return example_value(next(option for option in value["anyOf"] if option.get("type") != "null"), models)
    match value.get("type"):
        case "array":
            return [example_value(value.get("items", {}), models)]
        case "object":
            required = {key: example_value(value["properties"][key], models) for key in value.get("required", ())}
            values = value.get("additionalProperties")
            return required or ({"name": example_value(values, models)} if isinstance(values, dict) else {})
        case "integer" | "number" | "string" if value.get("default") is not None:
            return value["default"]
        case "integer" | "number":
            return max(value.get("minimum", 1), min(10, value.get("maximum", 10)))
        case "boolean":
            return not value.get("default", False)
        case "string":
            return "text"
    return "any"
