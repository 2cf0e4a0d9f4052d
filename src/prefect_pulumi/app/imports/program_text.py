"""Imported resources as the text of a Pulumi program (pure)."""

from __future__ import annotations

import json
import pprint
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from prefect_pulumi.core.values import Secret, has_secret, unwrap
from prefect_pulumi.models import KINDS, FieldSpec, Kind

WIDTH = 100


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


def program(resources: Iterable[Declared], *, options: str = "", header: str = "") -> ProgramText:
    """`options` is the expression for each resource's options, "" for none.

    A secret stands in the text only as the name of a config key.
    """
    listed = list(resources)
    text = ProgramText("")
    blocks: list[str] = []
    names: set[str] = {"config", "pulumi", *re.findall(r"[A-Za-z_]\w*", options)}
    for declared in listed:
        variable = _variable(declared, names)
        blocks.append(_statement(declared, variable, options, text.secrets))
    kinds = sorted({declared.model.kind for declared in listed})
    head = [f'"""{header}"""', ""] if header else []
    if text.secrets:
        head += ["import pulumi", ""]
    head += [f"from prefect_pulumi.resources import {', '.join(kinds)}" if len(kinds) < 5 else _long_import(kinds), ""]
    if text.secrets:
        head += ["config = pulumi.Config()", ""]
    text.source = "\n".join(head) + "\n" + "\n".join(blocks) + "\n"
    return text


def _long_import(kinds: list[str]) -> str:
    return "\n".join(["from prefect_pulumi.resources import (", *(f"    {kind}," for kind in kinds), ")"])


def _statement(declared: Declared, variable: str, options: str, secrets: dict[str, str]) -> str:
    arguments = [json.dumps(declared.name, ensure_ascii=False), *([options] if options else [])]
    for spec in declared.model.inputs():
        if spec.wire not in declared.inputs:
            continue
        value = declared.inputs[spec.wire]
        if spec.meta.logical_name and value == declared.name:
            continue
        arguments.append(f"{spec.attribute.rstrip('_')}={_value(declared, spec, value, secrets)}")
    line = f"{variable} = {declared.model.kind}({', '.join(arguments)})"
    if len(line) <= WIDTH and "\n" not in line:
        return line
    body = "\n".join(f"    {argument},".replace("\n", "\n    ") for argument in arguments)
    return f"{variable} = {declared.model.kind}(\n{body}\n)"


def _value(declared: Declared, spec: FieldSpec, value: Any, secrets: dict[str, str]) -> str:
    if not has_secret(value):
        return pprint.pformat(unwrap(value), width=WIDTH - 20, sort_dicts=False)
    plain = unwrap(value)
    key = _key(declared, spec)
    if isinstance(value, Secret) and isinstance(plain, str):
        secrets[key] = plain
        return f'config.require_secret("{key}")'
    secrets[key] = json.dumps(plain, ensure_ascii=False)
    return f'config.require_secret_object("{key}")'


def _key(declared: Declared, spec: FieldSpec) -> str:
    """`SecretBlock` api-token, field value -> `secret-block-api-token-value`."""
    kind = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", declared.model.kind).lower()
    return f"{kind}-{re.sub(r'[^A-Za-z0-9]+', '-', declared.name)}-{spec.wire}"


def _variable(declared: Declared, taken: set[str]) -> str:
    kind = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", declared.model.kind).lower()
    base = f"{kind}_" + (re.sub(r"\W+", "_", declared.name).strip("_").lower() or "unnamed")
    name, number = base, 1
    while name in taken:
        number += 1
        name = f"{base}_{number}"
    taken.add(name)
    return name
