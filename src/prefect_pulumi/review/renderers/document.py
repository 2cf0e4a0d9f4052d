"""The report as JSON and back: dataclass fields under their own names, plus what readers would otherwise compute."""

from __future__ import annotations

import json
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import StrEnum
from typing import Any, Union, get_args, get_origin, get_type_hints

from prefect_pulumi.core.errors import InputError
from prefect_pulumi.review.categories import category_of, counted
from prefect_pulumi.review.links import link
from prefect_pulumi.review.model import VERSION, Report
from prefect_pulumi.review.phrases import without_credentials

_COMPUTED = ("status", "classes", "actions", "categories")


def to_document(report: Report) -> dict[str, Any]:
    """Plain data. Beside the report's own fields each environment has `status`, `classes`, `actions` and `categories`,
    and each item its `category` ("" for one that no stack owns) and its `link` into the Prefect UI."""
    document: dict[str, Any] = _plain(report)
    document["status"] = str(report.status)
    for raw, environment in zip(document["environments"], report.environments, strict=True):
        raw["server"] = without_credentials(raw["server"])
        raw["status"] = str(environment.status)
        raw["classes"] = environment.classes()
        raw["actions"] = environment.actions()
        raw["categories"] = counted(environment.items)
        for row, item in zip(raw["items"], environment.items, strict=True):
            row |= {"category": str(category_of(item) or ""), "link": link(environment.server, item)}
    return document


def to_json(report: Report) -> str:
    return json.dumps(to_document(report), indent=2, ensure_ascii=False) + "\n"


def from_json(text: str, where: str = "report") -> Report:
    """Raises `InputError` for what is no report, or one of a newer version."""
    try:
        document = json.loads(text)
        version = document["version"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError("it is not a report", where=where) from error
    if version not in range(1, VERSION + 1):
        raise InputError(f"it is a report of version {version}, and this is for version {VERSION}", where=where)
    document |= {"version": VERSION}  # what an older version does not have is left at its default
    document.pop("status", None)
    try:
        for raw in document["environments"]:
            for name in _COMPUTED:
                raw.pop(name, None)
            for row in raw["items"]:
                row.pop("category", None)
                row.pop("link", None)
        made = _made(Report, document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(f"it is not a report: {error}", where=where) from error
    assert isinstance(made, Report)  # noqa: S101 - for the type checker
    return made


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {member.name: _plain(getattr(value, member.name)) for member in fields(value)}
    if isinstance(value, StrEnum):
        return str(value)
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return value


def _made(kind: Any, value: Any) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        rest = [argument for argument in arguments if argument is not type(None)]
        return None if value is None else _made(rest[0], value)
    if origin is tuple:
        if arguments[-1] is Ellipsis:
            return tuple(_made(arguments[0], item) for item in value)
        return tuple(_made(argument, item) for argument, item in zip(arguments, value, strict=True))
    if isinstance(kind, type) and is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(**{name: _made(hints[name], item) for name, item in value.items()})
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return kind(value)
    return value
