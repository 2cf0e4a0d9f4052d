"""Policies about what objects say: a field that must be there, a form that it must have or must not have (pure)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from prefect_pulumi.core.globs import matches_any


@dataclass(frozen=True, slots=True)
class Declared:
    """An object as the code declares it. `values`: by field, secrets masked; `place`: file and line, or ""."""

    kind: str
    name: str
    values: Mapping[str, Any]
    place: str = ""


class FieldPolicy(BaseModel):
    """`require`: fields that must have a value. `pattern`: field -> regular expression that the whole text, or an item
    of the list, must match. `forbid`: field -> one that nothing there may match. A field is a path with dots, in the
    spelling of the API or of Pulumi."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    kinds: list[str] = Field(min_length=1)
    names: list[str] = ["*"]
    stacks: list[str] = []
    require: list[str] = []
    pattern: dict[str, str] = {}
    forbid: dict[str, str] = {}

    @field_validator("pattern", "forbid")
    @classmethod
    def _compile(cls, value: dict[str, str]) -> dict[str, str]:
        for field, pattern in value.items():
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{field}: {pattern!r} is not a regular expression ({error})") from error
        return value

    @model_validator(mode="after")
    def _some(self) -> FieldPolicy:
        if not (self.require or self.pattern or self.forbid):
            raise ValueError("give one of `require`, `pattern` and `forbid`")
        return self

    def broken(self, objects: Iterable[Declared]) -> list[tuple[Declared, str]]:
        """Each fault with the object that has it."""
        chosen = [each for each in objects if each.kind in self.kinds and matches_any(each.name, self.names)]
        return [(declared, fault) for declared in chosen for fault in self._faults(declared)]

    def _faults(self, declared: Declared) -> Iterator[str]:
        for field in self.require:
            if _at(declared.values, field) in (None, "", [], {}):
                yield f"{field} is missing"
        for field, pattern in self.pattern.items():
            texts = _texts(_at(declared.values, field))
            if texts is not None and not any(re.fullmatch(pattern, text) for text in texts):
                yield f"{field} does not match {pattern}"
        for field, pattern in self.forbid.items():
            if any(re.fullmatch(pattern, text) for text in _texts(_at(declared.values, field)) or ()):
                yield f"{field} matches {pattern}"


def _at(values: Any, field: str) -> Any:
    for step in field.split("."):
        if not isinstance(values, Mapping):
            return None
        values = next((value for key, value in values.items() if _snake(key) == _snake(step)), None)
    return values


def _texts(value: Any) -> list[str] | None:
    """None for a field without a value."""
    if value is None:
        return None
    return [str(item) for item in value] if isinstance(value, list | tuple) else [str(value)]


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
