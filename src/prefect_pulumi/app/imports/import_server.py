"""A whole live server imported as a new project, whose preview is clean at once."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prefect_pulumi.app.imports import import_objects
from prefect_pulumi.app.imports.import_objects import ImportResult
from prefect_pulumi.app.imports.program_text import program
from prefect_pulumi.app.session.context import engine_context
from prefect_pulumi.app.session.view import StackView
from prefect_pulumi.core.errors import InputError
from prefect_pulumi.core.values import Secret
from prefect_pulumi.engine.imports import ImportRequest, import_resources
from prefect_pulumi.models import KINDS, Kind
from prefect_pulumi.models.provider_config import ENVIRONMENT
from prefect_pulumi.project.passphrase import FILE_VARIABLE, VARIABLE, create_passphrase
from prefect_pulumi.project.stack import Stack

OWN_BLOCK_TYPES = {"secret": "SecretBlock", "json": "JsonBlock"}


@dataclass(frozen=True, slots=True)
class ImportServerRequest:
    """`folder`: where the new project goes; it has to be empty or absent."""

    folder: Path


def import_server(view: StackView, request: ImportServerRequest) -> ImportResult:
    """Writes the project. Nothing is written to the server."""
    config = _connection(view.stack)
    requests = list(_requests(view.stack.root, config))
    folder = request.folder.resolve()
    created = import_objects.new_project(folder, view.name, config["apiUrl"])
    if not {VARIABLE, FILE_VARIABLE} & set(os.environ):
        create_passphrase(created)  # a project of its own gets a passphrase of its own
    for name in ("apiKey", "authString"):
        if config.get(name):
            created.config.set(f"prefect:{name}", str(config[name]), secret=True, manager=created.manager(write=True))
            created.config.save()
    result = import_resources(engine_context(created, view.sink, write=True), requests)
    steps = import_objects.imported_steps(result)
    text = program(import_objects.declared(steps), header=f"Everything that lived on {config['apiUrl']}.")
    import_objects.store_secrets(created, text)
    (folder / "infra" / "__main__.py").write_text(text.source, "utf-8")
    return ImportResult(steps, text, folder)


def _connection(stack: Stack) -> dict[str, Any]:
    """The stack's provider config, else the variables that Prefect itself reads."""
    values, _ = stack.config.values(stack.manager(write=False))
    connection = {
        name: values.get(f"prefect:{name}") or os.environ.get(variable) for name, variable in ENVIRONMENT.items()
    }
    if not connection["apiUrl"]:
        raise InputError(
            "no Prefect API is configured",
            where="infra import --all",
            remedy="set PREFECT_API_URL, or prefect:apiUrl in the stack's config",
        )
    return {name: value for name, value in connection.items() if value}


def _requests(root: Path, config: dict[str, Any]) -> Iterable[ImportRequest]:
    """Every object of every kind, except what Prefect makes and keeps by itself."""
    from prefect_pulumi.provider.provider import PrefectProvider

    class Silent:
        def log(self, severity: str, message: str, urn: str = "") -> None:
            """What a listing says is of no interest here."""

    provider = PrefectProvider(root, Silent())
    provider.configure({k: Secret(v) if k != "apiUrl" else v for k, v in config.items()})
    taken: set[tuple[str, str]] = set()
    try:
        system: set[str] = set()
        for model in KINDS.values():
            if not model.on_server or model.kind in OWN_BLOCK_TYPES.values():
                continue
            for row in provider.handler(model.token()).everything():  # type: ignore[attr-defined]
                if model.kind == "BlockType" and (row.get("is_protected") or row["slug"] in OWN_BLOCK_TYPES):
                    system.add(str(row["id"]))
                    continue
                if _made_by_prefect(model, row, system):
                    continue
                kind = _kind(model, row)
                name = _unique(kind, _name(row), taken)
                yield ImportRequest(KINDS[f"prefect:index:{kind}"].token(), name, str(row["id"]))
    finally:
        provider.close()


def _made_by_prefect(model: type[Kind], row: dict[str, Any], system: set[str]) -> bool:
    if model.kind == "WorkQueue":
        return bool(row["name"] == "default")
    if model.kind == "WorkPool":
        return bool(row["type"] == "prefect-agent")
    if model.kind == "BlockSchema":
        return str(row.get("block_type_id")) in system
    return False


def _kind(model: type[Kind], row: dict[str, Any]) -> str:
    if model.kind != "BlockDocument":
        return model.kind
    return OWN_BLOCK_TYPES.get((row.get("block_type") or {}).get("slug", ""), model.kind)


def _name(row: dict[str, Any]) -> str:
    return str(row.get("name") or row.get("tag") or row.get("slug") or row.get("checksum", "")[:15] or row["id"])


def _unique(kind: str, name: str, taken: set[tuple[str, str]]) -> str:
    base, number = name, 1
    while (kind, name) in taken:
        number += 1
        name = f"{base}-{number}"
    taken.add((kind, name))
    return name
