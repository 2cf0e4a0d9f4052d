"""Whether the data of a block fits the schema of its type (pure). A fault never shows a value: it may be secret."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from prefect_pulumi.core.suggestions import closest
from prefect_pulumi.core.values import has_unknown
from prefect_pulumi.models.base import Fault, path_of

_TYPES = {
    "string": "a string",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object (a mapping from names to values)",
}


def data_faults(fields: Mapping[str, Any], data: Mapping[str, Any]) -> list[Fault]:
    """Fields that are misspelt, missing or of the wrong type. `fields`: the JSON schema of a block type, as
    `/block_schemas` answers. What is unknown, null, or another block is not judged; neither is a key that resembles no
    field, for a class may take more than its schema says."""
    properties = fields.get("properties")
    if not isinstance(properties, Mapping) or not properties:
        return []
    misspelt = {key: near for key in data if key not in properties and (near := closest(key, properties.keys() - data))}
    missing = [name for name in fields.get("required") or () if name not in {*data, *misspelt.values()}]
    return [
        *(Fault(f"data.{key}", f"there is no field '{key}'; did you mean {near}?") for key, near in misspelt.items()),
        *(Fault("data", f"the block needs the field '{name}'") for name in missing),
        *_type_faults(fields, {key: value for key, value in data.items() if key in properties and _is_judged(value)}),
    ]


def _is_judged(value: Any) -> bool:
    return value is not None and not has_unknown(value) and not (isinstance(value, Mapping) and "$ref" in value)


def _type_faults(fields: Mapping[str, Any], data: Mapping[str, Any]) -> Iterator[Fault]:
    if not data:
        return
    import jsonschema  # only blocks that change need it

    whole = {
        "type": "object",
        "properties": {key: fields["properties"][key] for key in data},
        **{key: fields[key] for key in ("definitions", "$defs") if key in fields},
    }
    for error in jsonschema.Draft7Validator(whole).iter_errors(dict(data)):
        path = path_of(("data", *error.absolute_path))
        yield Fault(path, f"'{path.removeprefix('data.')}' {_words(error)}")


def _words(error: Any) -> str:
    if error.validator == "type":
        names = [error.validator_value] if isinstance(error.validator_value, str) else error.validator_value
        return f"must be {' or '.join(_TYPES.get(str(name), str(name)) for name in names)}"
    if error.validator == "enum":
        return f"must be one of {', '.join(str(choice) for choice in error.validator_value)}"
    if error.validator == "required":
        return f"needs {', '.join(name for name in error.validator_value if name not in error.instance)}"
    return f"does not fit the schema of the block's type ({error.validator})"
