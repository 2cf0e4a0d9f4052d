"""`infra import`: existing objects into the state, and the program that declares them."""

from __future__ import annotations

import json
import re
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

from prefect_pulumi.app.imports.program_text import Declared, ProgramText, program
from prefect_pulumi.core.errors import ExitCode, InputError
from prefect_pulumi.core.values import unwrap
from prefect_pulumi.engine.imports import ImportRequest, import_resources, provider_urn
from prefect_pulumi.engine.operations import Result
from prefect_pulumi.engine.run.events import Sink
from prefect_pulumi.models import KINDS, PACKAGE, Kind
from prefect_pulumi.project.stack import PRIVATE, Stack, keep_salt_out_of_git
from prefect_pulumi.state.entries import urn_name, urn_qualified_type

SERVER_COMPONENT = "prefect:components:Server"


def model_of(text: str) -> type[Kind]:
    """`WorkPool`, `work-pool`, `work_pool` or the token."""
    wanted = re.sub(r"[^a-z]", "", text.rsplit(":", 1)[-1].lower())
    for model in KINDS.values():
        if model.kind.lower() == wanted and model.on_server:
            return model
    known = ", ".join(model.kind for model in KINDS.values() if model.on_server)
    raise InputError(f"there is no kind {text!r} to import", where="infra import", remedy=f"one of: {known}")


def run(arguments: Namespace, stack: Stack, sink: Sink) -> ExitCode:
    """Imports what is named into the stack."""
    if not arguments.kind or not arguments.ids:
        raise InputError("give KIND and NAME, or --all", where="infra import", remedy="infra import WorkPool etl")
    if arguments.name and len(arguments.ids) != 1:
        raise InputError("--name is for one object", where="infra import", remedy="import them one by one")
    model = model_of(arguments.kind)
    requests = [ImportRequest(model.token(), arguments.name or last_part(id), id) for id in arguments.ids]
    context = stack.context(sink, write=True)
    snapshot = context.backend.reader(stack.name).load(context.manager)
    options = options_for(provider_urn(snapshot, PACKAGE, arguments.provider or ""), snapshot)
    result = import_resources(context, requests, arguments.provider or "")
    text = program(declared(result), options=options)
    store_secrets(stack, text)
    if arguments.json:
        sys.stdout.write(json.dumps(document(result, text), indent=2, ensure_ascii=False) + "\n")
        return ExitCode.DONE
    sys.stdout.write(text.source)
    for key in text.secrets:
        sys.stderr.write(f"stored encrypted in Pulumi.{stack.name}.yaml: {key}\n")
    sys.stderr.write("put this into the program; `infra preview` is clean then\n")
    return ExitCode.DONE


def last_part(id: str) -> str:
    """Resource name of an object: the last part of `pool/queue`."""
    return id.rsplit("/", 1)[-1]


def declared(result: Result) -> list[Declared]:
    entries = [step.new for step in result.steps if step.op == "import" and step.new is not None]
    return [Declared.of(entry.type, urn_name(entry.urn), entry.inputs) for entry in entries]


def options_for(provider: str, snapshot: Any) -> str:
    """The expression that names the provider in the program."""
    if not provider:
        return ""
    parent = next((entry.parent for entry in snapshot.resources if entry.urn == provider), "")
    if parent and urn_qualified_type(parent).endswith(SERVER_COMPONENT):
        return f"{urn_name(parent)}.options"
    return f"pulumi.ResourceOptions(provider={re.sub(r'[^A-Za-z0-9]+', '_', urn_name(provider))})"


def store_secrets(stack: Stack, text: ProgramText) -> None:
    """Puts the value of each placeholder into the stack's config, encrypted."""
    if not text.secrets:
        return
    manager = stack.manager(write=True)
    if not stack.config.salt:
        stack.config.set_salt(manager.salt_text)
        keep_salt_out_of_git(stack.root)
    for key, value in text.secrets.items():
        stack.config.set(key, value, secret=True, manager=manager)
    stack.config.save()


def document(result: Result, text: ProgramText) -> dict[str, Any]:
    return {
        "operation": "import",
        "result": "succeeded",
        "imported": [
            {"urn": step.urn, "type": step.type, "id": step.new.id}
            for step in result.steps
            if step.op == "import" and step.new is not None
        ],
        "program": text.source,
        "secretKeys": sorted(text.secrets),
    }


def new_project(folder: Path, stack: str, api_url: str) -> Stack:
    """An empty project for `--all`; refuses a folder that has anything in it."""
    if folder.exists() and any(folder.iterdir()):
        raise InputError(f"{folder} is not empty", where="--out", remedy="name a new folder")
    (folder / "infra").mkdir(parents=True)
    (folder / "Pulumi.yaml").write_text("name: prefect-infra\nruntime: python\nmain: infra\n")
    (folder / f"Pulumi.{stack}.yaml").write_text(f"config:\n  prefect:apiUrl: {json.dumps(unwrap(api_url))}\n")
    (folder / ".gitignore").write_text(f"{PRIVATE}/\n.venv/\n__pycache__/\n")
    return Stack(folder, stack)
