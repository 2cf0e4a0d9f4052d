"""One JSON schema of the stack file and of every kind, made of the models: for editors, and for programs that write
configuration."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import cache
from typing import Any

from prefect_pulumi.core.errors import InputError
from prefect_pulumi.core.suggestions import nearest
from prefect_pulumi.models import KINDS, Kind, ProviderConfig
from prefect_pulumi.project.settings import Environment

DIALECT = "https://json-schema.org/draft/2020-12/schema"
REFERENCE = "#/$defs/"
ENVIRONMENT = Environment.__name__
SECURE = "Secure"
STRUCTURED = {"customHeaders": "object", "skipVerify": "boolean"}
"""Texts of the provider's config for which a file may have a value of another type: the program gets it as text."""
Json = dict[str, Any]


def config_schema(kind: str = "") -> Json:
    """A file `Pulumi.<stack>.yaml` fits it; `$defs` also has the inputs of each kind by its name. With `kind` it is the
    schema of that kind's inputs alone. Raises `InputError` for an unknown one."""
    if not kind:
        return {"$schema": DIALECT, **_stack_file(), "$defs": {**_encrypted_definitions(), **_kinds()}}
    kinds = _kinds()
    if kind not in kinds:
        raise InputError(f"unknown kind {kind!r}; {nearest(kind, kinds)}", where="infra schema")
    return {"$schema": DIALECT, "title": kind, **kinds[kind]}


@cache
def stack_definitions() -> dict[str, Json]:
    """The models of `environment` by their names, `Environment` among them, as decrypted values fit them."""
    environment = Environment.model_json_schema(ref_template=f"{REFERENCE}{{model}}")
    models: dict[str, Json] = environment.pop("$defs")
    return {name: _untitled(model) for name, model in {**models, ENVIRONMENT: environment}.items()}


def _encrypted_definitions() -> dict[str, Json]:
    """As the file has them: a text may be encrypted."""
    secure = {
        "type": "object",
        "description": "A value that `infra config set --secret --path` has encrypted.",
        "properties": {"secure": {"type": "string"}},
        "required": ["secure"],
        "additionalProperties": False,
    }
    return {**{name: _secured(model) for name, model in stack_definitions().items()}, SECURE: secure}


def kind_schema(model: type[Kind]) -> Json:
    """A kind's inputs by their names on the wire, without what the server or the provider sets."""
    schema = _untitled(model.model_json_schema(by_alias=True))
    given = {spec.wire: spec for spec in model.fields() if spec.from_program}
    required = [name for name, spec in given.items() if spec.required and not spec.meta.logical_name]
    return {
        "type": "object",
        "description": inspect.cleandoc(model.__doc__ or ""),
        "properties": {name: schema["properties"][name] for name in given},
        "additionalProperties": False,
        **({"required": required} if required else {}),
    }


def _kinds() -> dict[str, Json]:
    return {model.kind: kind_schema(model) for model in KINDS.values()}


def _stack_file() -> Json:
    """The keys of the file: those of the official CLI, the provider's config, and `environment` of the project."""
    provider = kind_schema(ProviderConfig)["properties"]
    settings = {f"prefect:{name}": _or_secure(_not_null(value)) for name, value in provider.items()}
    for name, kind in STRUCTURED.items():
        settings[f"prefect:{name}"]["anyOf"].append({"type": kind})
    text = {"type": "string"}
    url = "URL of the database of `server.container`; a secret."
    return {
        "title": "Pulumi.<stack>.yaml",
        "description": "A stack of a Prefect project: `environment` says what its server has.",
        "type": "object",
        "properties": {
            "config": {
                "type": ["object", "null"],
                "properties": {**settings, "prefect:databaseUrl": _or_secure({**text, "description": url})},
                "patternProperties": {"^([^:]+:)?environment$": {"$ref": f"{REFERENCE}{ENVIRONMENT}"}},
            },
            "encryptionsalt": {**text, "pattern": "^v1:", "description": "Salt of the stack's passphrase."},
        },
    }


def _untitled(value: Any, *, names: bool = False) -> Any:
    """Without the titles of pydantic, which repeat the keys, and without defaults that are a whole model. `names`: the
    keys are those of the file."""
    if isinstance(value, dict):
        return {
            key: _untitled(item, names=key == "properties" and not names)
            for key, item in value.items()
            if names or not (key == "title" or (key == "default" and (item is None or isinstance(item, dict))))
        }
    return [_untitled(item) for item in value] if isinstance(value, list) else value


def _secured(value: Any) -> Any:
    if isinstance(value, list):
        return [_secured(item) for item in value]
    if not isinstance(value, dict):
        return value
    if any(option.get("type") == "string" for option in value.get("anyOf", ())):
        return {**value, "anyOf": [*value["anyOf"], {"$ref": f"{REFERENCE}{SECURE}"}]}
    if value.get("type") == "string" and "const" not in value and "enum" not in value:
        return _or_secure(value)
    return {key: _secured(item) for key, item in value.items()}


def _or_secure(value: Mapping[str, Any]) -> Json:
    """The schema of a text, or of that text encrypted; what says something of both stays above."""
    about = {key: value[key] for key in ("description", "default") if key in value}
    rest = {key: item for key, item in value.items() if key not in about}
    return {"anyOf": [rest, {"$ref": f"{REFERENCE}{SECURE}"}], **about}


def _not_null(value: Json) -> Json:
    """Without the option null, which a file leaves out."""
    options = [option for option in value.get("anyOf", ()) if option.get("type") != "null"]
    return {**{key: item for key, item in value.items() if key != "anyOf"}, **(options[0] if options else {})}
