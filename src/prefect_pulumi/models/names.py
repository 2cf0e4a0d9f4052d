"""Prefect's own rules for names and values (prefect/types/names.py, prefect/types/__init__.py), in clear words."""

from __future__ import annotations

import json
import math
import re
from typing import Annotated, Any

from pydantic import AfterValidator, Field, WithJsonSchema

BANNED = "/%&><"
MAX_VARIABLE_NAME = 255
MAX_VARIABLE_VALUE = 5000
"""Characters of the value's JSON text."""


def _name(value: str) -> str:
    value = _free_name(value)
    bad = sorted({character for character in value if character in BANNED})
    if bad:
        raise ValueError(f"the name {value!r} must not contain {' '.join(bad)}")
    return value


def _free_name(value: str) -> str:
    if not value.strip("' \""):
        raise ValueError("a name must not be empty")
    return value


def _unreserved(value: str) -> str:
    if value.lower().startswith("prefect"):
        raise ValueError(f"the name {value!r} is reserved: names that begin with 'prefect' belong to Prefect itself")
    return value


def _global_limit(value: str) -> str:
    for prefix, owner in (("tag:", "TaskRunConcurrencyLimit"), ("deployment:", "the deployment's concurrencyLimit")):
        if value.startswith(prefix):
            raise ValueError(f"the name {value!r} is Prefect's own form of another limit: declare {owner} instead")
    return value


def _dashed(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9-]+", value):
        raise ValueError(f"{value!r} must hold only lower-case letters, digits and dashes")
    return value


def _variable_name(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9_-]+", value):
        raise ValueError(
            f"the variable name {value!r} must hold only lower-case letters, digits, dashes and underscores"
        )
    if len(value) > MAX_VARIABLE_NAME:
        raise ValueError(f"a variable name must have at most {MAX_VARIABLE_NAME} characters, this one has {len(value)}")
    return value


def _not_json(value: Any) -> str:
    """Why a value is no JSON value, or ""."""
    if value is None or isinstance(value, str | bool | int):
        return ""
    if isinstance(value, float):
        return "" if math.isfinite(value) else "NaN and infinity cannot be written as JSON"
    if isinstance(value, list | tuple):
        return next((fault for item in value if (fault := _not_json(item))), "")
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            return "the keys of an object must be strings"
        return next((fault for item in value.values() if (fault := _not_json(item))), "")
    return f"a {type(value).__name__} cannot be written as JSON"


def _json_value(value: Any) -> Any:
    if fault := _not_json(value):
        raise ValueError(fault)
    return value


def _variable_value(value: Any) -> Any:
    size = len(json.dumps(_json_value(value), ensure_ascii=False, separators=(",", ":")).encode())
    if value is not None and size > MAX_VARIABLE_VALUE:
        raise ValueError(f"the value must be at most {MAX_VARIABLE_VALUE} bytes of JSON, this one has {size}")
    return value


def _limit(value: int) -> int:
    if value < 0:
        raise ValueError(f"a limit must be 0 or more, not {value}")
    return value


def _positive(value: int) -> int:
    if value < 1:
        raise ValueError(f"it must be 1 or more, not {value}")
    return value


def _scalar(value: Any) -> Any:
    if not isinstance(value, str | bool | int | float):
        raise ValueError("a label's value must be a string, a number or a boolean")
    return value


def _priority(value: int) -> int:
    if value < 1:
        raise ValueError(f"a priority must be 1 (the highest) or more, not {value}")
    return value


def _rate(value: float) -> float:
    if value < 0 or not math.isfinite(value):
        raise ValueError(f"a rate must be a finite number of 0 or more, not {value}")
    return value


Name = Annotated[str, AfterValidator(_name)]
FreeName = Annotated[str, AfterValidator(_free_name)]
"""Of an object that no route of the API is named after: it may hold `/` and the like."""
UnreservedName = Annotated[str, AfterValidator(_name), AfterValidator(_unreserved)]
GlobalLimitName = Annotated[str, AfterValidator(_name), AfterValidator(_global_limit)]
DashedName = Annotated[str, AfterValidator(_dashed), WithJsonSchema({"type": "string", "pattern": "^[a-z0-9-]+$"})]
VariableName = Annotated[str, AfterValidator(_variable_name)]
JsonValue = Annotated[Any, AfterValidator(_json_value)]
VariableValue = Annotated[Any, AfterValidator(_variable_value)]
Limit = Annotated[int, AfterValidator(_limit), WithJsonSchema({"type": "integer", "minimum": 0})]
Positive = Annotated[int, AfterValidator(_positive), WithJsonSchema({"type": "integer", "minimum": 1})]
Scalar = Annotated[Any, AfterValidator(_scalar)]
Priority = Annotated[int, AfterValidator(_priority), WithJsonSchema({"type": "integer", "minimum": 1})]
Rate = Annotated[float, AfterValidator(_rate), WithJsonSchema({"type": "number", "minimum": 0})]
Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[float, Field(gt=0)]
