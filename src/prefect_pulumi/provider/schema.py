"""The package schema (`GetSchema`), written from the models.

Shape: https://www.pulumi.com/docs/iac/using-pulumi/pulumi-packages/schema/
"""

from __future__ import annotations

import json
from importlib import metadata
from typing import Any

from prefect_pulumi.models import KINDS, PACKAGE, FieldSpec, Kind, ProviderConfig
from prefect_pulumi.models.provider_config import ENVIRONMENT

_TYPES = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "any": {"$ref": "pulumi.json#/Any"},
}


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
        "config": {"variables": config},
        "provider": {
            "description": _doc(ProviderConfig),
            "properties": {name: {**value, "type": "string"} for name, value in config.items()},
            "inputProperties": config,
        },
        "resources": {token: _resource(model) for token, model in KINDS.items()},
    }
    return json.dumps(document, separators=(",", ":"))


def _resource(model: type[Kind]) -> dict[str, Any]:
    inputs = [spec for spec in model.fields() if spec.from_program]
    always = [spec.wire for spec in model.fields() if spec.required]
    return {
        "description": _doc(model),
        "inputProperties": {spec.wire: _property(spec, is_input=True) for spec in inputs},
        "requiredInputs": [spec.wire for spec in inputs if spec.required and not spec.meta.logical_name],
        "properties": {spec.wire: _property(spec, is_input=False) for spec in model.fields()},
        "required": always,
    }


def _property(spec: FieldSpec, *, is_input: bool) -> dict[str, Any]:
    found: dict[str, Any] = {"description": spec.description}
    if spec.type == "list":
        found |= {"type": "array", "items": _TYPES[spec.item]}
    elif spec.type == "dict":
        found |= {"type": "object", "additionalProperties": _TYPES[spec.item]}
    else:
        found |= _TYPES[spec.type]
    if spec.meta.secret:
        found["secret"] = True
    if is_input and spec.meta.replaces:
        found["willReplaceOnChanges"] = True
    if is_input and isinstance(spec.default, str | bool | int | float):
        found["default"] = spec.default
    return found


def _doc(model: type[Kind]) -> str:
    return " ".join((model.__doc__ or "").split())
