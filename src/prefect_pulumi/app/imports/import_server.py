"""`infra import --all`: a whole live server as a new project, whose preview is clean at once."""

from __future__ import annotations

import json
import os
import secrets
import sys
from argparse import Namespace
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from prefect_pulumi.app.imports import import_objects
from prefect_pulumi.app.imports.program_text import program
from prefect_pulumi.core.errors import ExitCode, InputError
from prefect_pulumi.core.values import Secret
from prefect_pulumi.engine.imports import ImportRequest, import_resources
from prefect_pulumi.engine.run.events import Sink
from prefect_pulumi.models import KINDS, Kind
from prefect_pulumi.models.provider_config import ENVIRONMENT
from prefect_pulumi.project.stack import Stack

OWN_BLOCK_TYPES = {"secret": "SecretBlock", "json": "JsonBlock"}


def run(arguments: Namespace, stack: Stack, sink: Sink) -> ExitCode:
    """Writes the project into `--out`. Nothing is written to the server."""
    config = _connection(stack)
    requests = list(_requests(stack.root, config))
    folder = Path(arguments.out).resolve()
    made = import_objects.new_project(folder, arguments.stack, str(config["apiUrl"]))
    _new_passphrase(made)
    for name in ("apiKey", "authString"):
        if config.get(name):
            made.config.set(f"prefect:{name}", str(config[name]), secret=True, manager=made.manager(write=True))
            made.config.save()
    result = import_resources(made.context(sink, write=True), requests)
    text = program(import_objects.declared(result), header=f"Everything that lived on {config['apiUrl']}.")
    import_objects.store_secrets(made, text)
    (folder / "infra" / "__main__.py").write_text(text.source, "utf-8")
    if arguments.json:
        document = import_objects.document(result, text) | {"folder": str(folder)}
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
        return ExitCode.DONE
    sys.stdout.write(f"{len(import_objects.declared(result))} objects in {folder}\n")
    for key in text.secrets:
        sys.stdout.write(f"  secret, encrypted in Pulumi.{arguments.stack}.yaml: {key}\n")
    sys.stdout.write(f"next: cd {folder} && infra preview -s {arguments.stack} --expect-no-changes\n")
    return ExitCode.DONE


def _connection(stack: Stack) -> dict[str, Any]:
    """The stack's provider config, else the variables that Prefect itself reads."""
    values, _ = stack.config.values(stack.manager(write=False))
    found = {name: values.get(f"prefect:{name}") or os.environ.get(variable) for name, variable in ENVIRONMENT.items()}
    if not found["apiUrl"]:
        raise InputError(
            "no Prefect API is configured",
            where="infra import --all",
            remedy="set PREFECT_API_URL, or prefect:apiUrl in the stack's config",
        )
    return {name: value for name, value in found.items() if value}


def _new_passphrase(stack: Stack) -> None:
    """A project of its own gets a passphrase of its own, unless one is given by the environment."""
    if {"PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"} & set(os.environ):
        return
    stack.private.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(stack.passphrase_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(32) + "\n")


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
