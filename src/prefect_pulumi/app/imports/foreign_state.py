"""States of other tools: of Terraform, and of Pulumi with the provider that is bridged from Terraform's.

Sources: Terraform's state format 4 (`resources[].instances[].attributes`), Pulumi's checkpoint and `stack export`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefect_pulumi.app.imports.live_objects import LeftOut
from prefect_pulumi.core.errors import InputError
from prefect_pulumi.models import KINDS

TERRAFORM_FORMAT = 4
PREFIX = "prefect_"
BLOCKS = "block"
"""The one type that both tools have for blocks of every type."""


@dataclass(frozen=True, slots=True)
class ForeignResource:
    """`address`: its name in the other tool. `kind`: the model's; a block is a `BlockDocument` until its type is
    known. `id`: UUID on the server."""

    address: str
    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class ForeignState:
    """`tool`: `Terraform` or `Pulumi`. `left_out`: what no kind here stands for."""

    tool: str
    resources: tuple[ForeignResource, ...]
    left_out: tuple[LeftOut, ...]


def read_state(file: Path) -> ForeignState:
    """Raises `InputError` as `parse_state` does, and for a file that cannot be read."""
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"it cannot be read: {error}", where=str(file)) from error
    return parse_state(text, str(file))


def parse_state(text: str, where: str) -> ForeignState:
    """Raises `InputError` for a text that is no such state, and for one without a resource of Prefect."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise InputError(f"it is no JSON: {error}", where=where, remedy="terraform state pull > FILE") from error
    if isinstance(document, dict) and "resources" in document and document.get("version") == TERRAFORM_FORMAT:
        state = _state("Terraform", _of_terraform(document))
    elif isinstance(document, dict) and isinstance(document.get("deployment") or document.get("checkpoint"), dict):
        state = _state("Pulumi", _of_pulumi(document))
    else:
        raise InputError(
            "it is neither a Terraform state of format 4 nor a Pulumi state",
            where=where,
            remedy="terraform state pull > FILE, or: pulumi stack export --file FILE",
        )
    if not state.resources:
        raise InputError("it has no resource of Prefect", where=where, remedy="name the state of the other project")
    return state


Row = tuple[str, str, str, str]
"""Address, provider, type without the provider's prefix, id."""


def _state(tool: str, rows: Iterator[Row]) -> ForeignState:
    kinds = {model.kind.lower(): model.kind for model in KINDS.values() if model.on_server} | {BLOCKS: "BlockDocument"}
    resources: list[ForeignResource] = []
    left_out: list[LeftOut] = []
    for address, provider, name, id in rows:
        kind = kinds.get(name.replace("_", "").lower(), "")
        if provider != "prefect":
            left_out.append(LeftOut(tool, address, f"it is of the provider {provider}"))
        elif not kind:
            left_out.append(LeftOut(tool, address, f"there is no kind for a {name.replace('_', ' ')}"))
        elif not id:
            left_out.append(LeftOut(tool, address, "the state has no id of it"))
        else:
            resources.append(ForeignResource(address, kind, id))
    return ForeignState(tool, tuple(resources), tuple(left_out))


def _of_terraform(document: dict[str, Any]) -> Iterator[Row]:
    for resource in document["resources"]:
        if resource.get("mode") != "managed":
            continue
        type_ = str(resource["type"])
        provider = "prefect" if type_.startswith(PREFIX) else type_.partition("_")[0]
        module = f"{resource['module']}." if resource.get("module") else ""
        for instance in resource.get("instances") or ():
            index = instance.get("index_key")
            suffix = "" if index is None else f"[{json.dumps(index)}]"
            id = str((instance.get("attributes") or {}).get("id") or "")
            yield f"{module}{type_}.{resource['name']}{suffix}", provider, type_.removeprefix(PREFIX), id


def _of_pulumi(document: dict[str, Any]) -> Iterator[Row]:
    deployment = document.get("deployment") or document["checkpoint"].get("latest") or {}
    for resource in deployment.get("resources") or ():
        package, _, rest = str(resource["type"]).partition(":")
        if resource.get("custom") and package != "pulumi" and not resource.get("delete"):
            yield str(resource["urn"]), package, rest.rsplit(":", 1)[-1], str(resource.get("id") or "")
