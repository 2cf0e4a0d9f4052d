"""The package schema (`GetSchema`), written from the models.

Shape: https://www.pulumi.com/docs/iac/using-pulumi/pulumi-packages/schema/
"""

from __future__ import annotations

import json
from importlib import metadata
from typing import Any

from pydantic import BaseModel

from prefect_pulumi.models import FUNCTIONS, KINDS, PACKAGE, FieldSpec, Function, Kind, ProviderConfig
from prefect_pulumi.models.automations import PARTS, adapter
from prefect_pulumi.models.functions import WORKER_METADATA
from prefect_pulumi.models.provider_config import ENVIRONMENT
from prefect_pulumi.provider.kind_examples import example_usage

_TYPES: dict[str, dict[str, Any]] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "any": {"$ref": "pulumi.json#/Any"},
    "dict": {"type": "object", "additionalProperties": {"$ref": "pulumi.json#/Any"}},
}
_JSON_TYPES = {"string": "string", "integer": "integer", "number": "number", "boolean": "boolean"}


PUBLISHER = "prefect-pulumi"
REPOSITORY = "github.com/prefect-pulumi/prefect-pulumi"
"""Who publishes the package, and where: a copy that is published elsewhere names its own here."""


def version() -> str:
    """Version of the installed package, "0.0.0" when it runs from a bare source tree."""
    try:
        return metadata.version("prefect-pulumi")
    except metadata.PackageNotFoundError:
        return "0.0.0"


def schema() -> str:
    """The schema as JSON text."""
    config = {spec.wire: _property(spec, is_input=True) for spec in ProviderConfig.inputs()}
    for name, variable in ENVIRONMENT.items():
        config[name]["defaultInfo"] = {"environment": [variable]}
    document: dict[str, Any] = {
        "name": PACKAGE,
        "displayName": "Prefect",
        "version": version(),
        "description": "Prefect's work pools, queues, blocks, variables, limits, workers and deployments.",
        "keywords": ["pulumi", "prefect", "category/infrastructure", "kind/native"],
        "license": "Apache-2.0",
        "publisher": PUBLISHER,
        "homepage": "https://www.prefect.io",
        "repository": f"https://{REPOSITORY}",
        "logoUrl": f"https://{REPOSITORY}/raw/main/docs/registry/logo.svg",
        # Only where no plugin is on PATH or installed: the archives of `make release`, beside a release.
        "pluginDownloadURL": f"https://{REPOSITORY}/releases/download/v${{VERSION}}",
        "config": {"variables": config},
        "provider": {
            "description": _doc(ProviderConfig),
            "properties": {name: {**value, "type": "string"} for name, value in config.items()},
            "inputProperties": config,
        },
        "types": {**_parts(), **_enums()},
        "resources": {token: _resource(model) for token, model in KINDS.items()},
        "functions": {token: _function(function) for token, function in FUNCTIONS.items()},
        "language": {
            "nodejs": {"packageName": "@prefect-pulumi/prefect", "respectSchemaVersion": True},
            "go": {
                "importBasePath": f"{REPOSITORY}/sdk/go/prefect",
                "generateResourceContainerTypes": True,
                "respectSchemaVersion": True,
            },
            "csharp": {
                "rootNamespace": "Pulumi",
                "namespaces": {PACKAGE: "Prefect"},
                "respectSchemaVersion": True,
            },
            "java": {"basePackage": "com.pulumi", "packages": {PACKAGE: "prefect"}},
            "python": {
                "packageName": "pulumi_prefect",
                "pyproject": {"enabled": True},
                "respectSchemaVersion": True,
            },
        },
    }
    return json.dumps(document, separators=(",", ":"))


def _resource(model: type[Kind]) -> dict[str, Any]:
    inputs = [spec for spec in model.fields() if spec.from_program]
    always = [spec.wire for spec in model.fields() if spec.required]
    return {
        "description": f"{_doc(model)}\n\n{example_usage(model)}",
        "inputProperties": {spec.wire: _property(spec, is_input=True) for spec in inputs},
        "requiredInputs": [spec.wire for spec in inputs if spec.required and not spec.meta.logical_name],
        "properties": {spec.wire: _property(spec, is_input=False) for spec in model.fields()},
        "required": always,
    }


def _property(spec: FieldSpec, *, is_input: bool) -> dict[str, Any]:
    document: dict[str, Any] = {"description": spec.description}
    if spec.meta.shape:
        union = _union(spec.meta.shape)
        document |= {"type": "array", "items": union} if spec.type == "list" else union
    elif spec.choices:
        document |= {"$ref": f"#/types/{_enum_token(spec)}"}
    elif spec.type == "list":
        document |= {"type": "array", "items": _TYPES[spec.item]}
    elif spec.type == "dict":
        document |= {"type": "object", "additionalProperties": _TYPES[spec.item]}
    else:
        document |= _TYPES[spec.type]
    if spec.meta.secret:
        document["secret"] = True
    if is_input and spec.meta.replaces:
        document["willReplaceOnChanges"] = True
    if is_input and isinstance(spec.default, str | bool | int | float):
        document["default"] = spec.default
    return document


def _enum_token(spec: FieldSpec) -> str:
    return f"{PACKAGE}:index:{spec.wire[0].upper()}{spec.wire[1:]}"


def _enums() -> dict[str, Any]:
    """The types of fields that have only a few values."""
    specs = [spec for model in KINDS.values() for spec in model.fields() if spec.choices]
    return {
        _enum_token(spec): {
            "type": "string",
            "description": spec.description,
            "enum": [{"name": value.title().replace("_", ""), "value": value} for value in spec.choices],
        }
        for spec in specs
    }


def _union(shape: str) -> dict[str, Any]:
    """One of the parts of an automation, distinguished by its `type`."""
    document = adapter(shape).json_schema(ref_template="{model}")
    mapping = document["discriminator"]["mapping"]
    refs = {name: f"#/types/{PACKAGE}:index:{part}" for name, part in mapping.items()}
    return {
        "oneOf": [{"$ref": ref} for ref in refs.values()],
        "discriminator": {"propertyName": "type", "mapping": refs},
    }


def _parts() -> dict[str, Any]:
    """The parts of triggers and actions as types, under the API's own names."""
    return {f"{PACKAGE}:index:{part.__name__}": _part(part) for part in PARTS}


def _part(part: type[BaseModel]) -> dict[str, Any]:
    document = part.model_json_schema(ref_template="{model}")
    document = document.get("$defs", {}).get(part.__name__, document)
    properties = {name: _part_property(spec) for name, spec in document["properties"].items()}
    return {
        "type": "object",
        "description": _doc(part),
        "properties": properties,
        "required": document.get("required", []),
    }


def _part_property(spec: dict[str, Any]) -> dict[str, Any]:
    return {"description": spec.get("description", ""), **_json_type(spec)}


def _json_type(spec: dict[str, Any]) -> dict[str, Any]:
    """A JSON schema's type as the package schema spells it; what it cannot say is any."""
    if "const" in spec:
        return {"type": "string", "const": spec["const"]}
    if "$ref" in spec:
        return {"$ref": f"#/types/{PACKAGE}:index:{spec['$ref']}"}
    if "discriminator" in spec:
        return _union("Trigger")
    if "anyOf" in spec:
        rest = [option for option in spec["anyOf"] if option.get("type") != "null"]
        return _json_type(rest[0]) if len(rest) == 1 else _TYPES["any"]
    if spec.get("type") == "array":
        return {"type": "array", "items": _json_type(spec["items"])}
    if spec.get("type") == "object":
        return _TYPES["dict"]
    return {"type": _JSON_TYPES[spec["type"]]} if spec.get("type") in _JSON_TYPES else _TYPES["any"]


def _function(function: Function) -> dict[str, Any]:
    if function.token == WORKER_METADATA:
        inputs: dict[str, Any] = {"type": {"type": "string", "description": "Only workers of this type."}}
        outputs: dict[str, Any] = {
            "workers": {**_TYPES["dict"], "description": "Type -> package, names, install command, base job template."}
        }
    elif function.many:
        inputs = {
            "filter": {
                **_TYPES["dict"],
                "description": "The API's own filter object, such as {'name': {'like_': 'x'}}.",
            }
        }
        outputs = {"items": {"type": "array", "items": _TYPES["dict"], "description": "The objects, each with its id."}}
    else:
        assert function.model is not None  # noqa: S101 - only the worker metadata has none
        human = function.model.import_id
        inputs = {"id": {"type": "string", "description": "The server's UUID."}}
        if human:
            inputs["name"] = {"type": "string", "description": f"Its {human}."}
        outputs = {"id": {"type": "string", "description": "The server's UUID."}}
        outputs |= {spec.wire: _property(spec, is_input=False) for spec in function.model.fields()}
    return {
        "description": function.description,
        "inputs": {"type": "object", "properties": inputs},
        "outputs": {"type": "object", "properties": outputs, "required": [n for n in ("id", "items") if n in outputs]},
    }


def _doc(model: type[BaseModel]) -> str:
    return " ".join((model.__doc__ or "").split())
