"""Imported resources as the text of a Pulumi program (pure)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from prefect_pulumi.app.imports.python_text import Expression, call, import_lines, literal
from prefect_pulumi.app.imports.secret_fields import Placeholders
from prefect_pulumi.core.values import has_secret, unwrap
from prefect_pulumi.models import KINDS, Kind


@dataclass(frozen=True, slots=True)
class Declared:
    """One resource: its model, its name in the program and its inputs by wire name."""

    model: type[Kind]
    name: str
    inputs: Mapping[str, Any]

    @staticmethod
    def of(token: str, name: str, inputs: Mapping[str, Any]) -> Declared:
        return Declared(KINDS[token], name, inputs)


@dataclass
class ProgramText:
    """`source` is the program; `secrets` maps the config key of each placeholder to its value as text."""

    source: str
    secrets: dict[str, str] = field(default_factory=dict)


def program(resources: Iterable[Declared], *, options: str = "") -> ProgramText:
    """`options` is the expression for each resource's options, "" for none.

    A secret stands in the text only as the name of a config key.
    """
    listed = list(resources)
    secrets = Placeholders()
    names: set[str] = {"config", "pulumi", *re.findall(r"[A-Za-z_]\w*", options)}
    body = "\n".join(_statement(item, _variable(item, names), options, secrets) for item in listed)
    head = ["import pulumi", ""] if "pulumi." in options or secrets.values else []
    head += [import_lines("prefect_pulumi.resources", {item.model.kind for item in listed}), ""]
    if secrets.values:
        head += ["config = pulumi.Config()", ""]
    return ProgramText("\n".join([*head, body, ""]), secrets.values)


def _statement(declared: Declared, variable: str, options: str, secrets: Placeholders) -> str:
    begin = f"{variable} = "
    named = {
        spec.attribute.rstrip("_"): _value(declared, spec.wire, declared.inputs[spec.wire], secrets)
        for spec in declared.model.inputs()
        if spec.wire in declared.inputs
        if not (spec.meta.logical_name and declared.inputs[spec.wire] == declared.name)
    }
    positional = [literal(declared.name), *([options] if options else [])]
    return begin + call(declared.model.kind, positional, named, used=len(begin))


def _value(declared: Declared, wire: str, value: Any, secrets: Placeholders) -> Any:
    if not has_secret(value):
        return unwrap(value)
    kind = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", declared.model.kind).lower()
    return Expression(secrets.of(unwrap(value), kind, declared.name, wire))


def _variable(declared: Declared, taken: set[str]) -> str:
    kind = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", declared.model.kind).lower()
    base = f"{kind}_" + (re.sub(r"\W+", "_", declared.name).strip("_").lower() or "unnamed")
    name, number = base, 1
    while name in taken:
        number += 1
        name = f"{base}_{number}"
    taken.add(name)
    return name
