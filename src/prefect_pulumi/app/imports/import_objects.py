"""Existing objects imported into a stack, and the program that declares them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from prefect_pulumi.app.events import WarningCollector
from prefect_pulumi.app.imports.config_secrets import store_secrets
from prefect_pulumi.app.imports.live_objects import LeftOut
from prefect_pulumi.app.imports.program_text import Declared, ProgramText, program
from prefect_pulumi.app.session.context import engine_context
from prefect_pulumi.app.session.read_only import read_only_context
from prefect_pulumi.app.session.view import StackView
from prefect_pulumi.core.errors import InputError, PrefectPulumiError
from prefect_pulumi.engine import imports, operations
from prefect_pulumi.engine.operations import Result
from prefect_pulumi.engine.plan.steps import Step
from prefect_pulumi.engine.run.events import Message
from prefect_pulumi.engine.run.run_state import RunOptions
from prefect_pulumi.models import KINDS, PACKAGE, Kind
from prefect_pulumi.state.entries import ResourceEntry, urn_name, urn_qualified_type

SERVER_COMPONENT = "prefect:components:Server"


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """`kind`: `WorkPool`, `work-pool` or a token. `ids`: names (`pool/queue`, `slug/name`) or UUIDs. `name`: that of
    the resource, for one object. `provider`: name of the stack's provider, where it has several. `protect`: as after
    `pulumi import`, no update deletes it before the program says so; what the program declares has its own option."""

    kind: str
    ids: tuple[str, ...]
    name: str = ""
    provider: str = ""
    protect: bool = True


@dataclass(frozen=True, slots=True)
class ImportResult:
    """`steps`: the imported resources. `program`: the code that declares those that the program did not declare yet,
    and the secrets that it reads from the stack's config. `folder`: that of a new project, None for a stack that
    existed. `left_out`: what such a project does not declare."""

    steps: tuple[Step, ...]
    program: ProgramText
    folder: Path | None = None
    left_out: tuple[LeftOut, ...] = ()


def model_of(text: str) -> type[Kind]:
    """`WorkPool`, `work-pool`, `work_pool` or the token. Raises `InputError` for an unknown kind."""
    wanted = re.sub(r"[^a-z]", "", text.rsplit(":", 1)[-1].lower())
    for model in KINDS.values():
        if model.kind.lower() == wanted and model.on_server:
            return model
    known = ", ".join(model.kind for model in KINDS.values() if model.on_server)
    raise InputError(f"there is no kind {text!r} to import", where="infra import", remedy=f"one of: {known}")


def import_objects(view: StackView, request: ImportRequest) -> ImportResult:
    """Imports what is named into the stack; nothing is written to the server.

    What the program declares is imported where it declares it: the next update continues it.

    Raises `InputError` for bad names, `ProviderError` for an object that the server does not have.
    """
    if not request.kind or not request.ids:
        raise InputError("give KIND and NAME, or --all", where="infra import", remedy="infra import WorkPool etl")
    if request.name and len(request.ids) != 1:
        raise InputError("--name is for one object", where="infra import", remedy="import them one by one")
    model = model_of(request.kind)
    named = bool(request.name)
    wanted = [
        imports.ImportRequest(model.token(), request.name or last_part(id), id, named, request.protect)
        for id in request.ids
    ]
    plan = declared_by_program(view)
    context = engine_context(view.stack, view.sink, write=True)
    snapshot = view.snapshot
    steps = imported_steps(imports.import_resources(context, wanted, request.provider, plan))
    known = {entry.urn for entry in plan.created(model.token())}
    added = [step for step in steps if step.urn not in known]
    if not added:
        return ImportResult(steps, ProgramText(""))
    entries = [*snapshot.resources, *plan.entries]
    options = options_for(imports.provider_urn(entries, PACKAGE, request.provider), entries, request.protect)
    text = program(declared(added), options=options)
    store_secrets(view.stack, text.secrets)
    return ImportResult(steps, text)


def declared_by_program(view: StackView) -> imports.Plan:
    """The plan of the program as it stands; of one that cannot be run nothing is known, which is said."""
    at_pin = view.at_pin()
    context = read_only_context(at_pin.stack, WarningCollector(), view.output or sys.stderr)
    try:
        return imports.Plan(operations.preview(context, RunOptions(), snapshot=view.snapshot).steps)
    except PrefectPulumiError as error:
        text = f"the program's preview failed, so its declarations are not known ({error.first_line})"
        view.sink.emit(Message("warning", text))
        return imports.Plan()


def last_part(id: str) -> str:
    """Resource name of an object: the last part of `pool/queue`, without the place that is named beside it on Prefect
    Cloud (`NAME,WORKSPACE`)."""
    return re.sub(r",[0-9a-f-]{36}(/[0-9a-f-]{36})?$", "", id).rsplit("/", 1)[-1]


def imported_steps(result: Result) -> tuple[Step, ...]:
    return tuple(step for step in result.steps if step.op == "import" and step.new is not None)


def declared(steps: Sequence[Step]) -> list[Declared]:
    entries = [step.new for step in steps if step.new is not None]
    return [Declared.of(entry.type, urn_name(entry.urn), entry.inputs) for entry in entries]


def options_for(provider: str, entries: Iterable[ResourceEntry], protect: bool) -> str:
    """The expression of the options in the program: its provider, and whether it is protected; "" for neither."""
    arguments = ["protect=True"] if protect else []
    parent = next((entry.parent for entry in entries if entry.urn == provider), "")
    if parent and urn_qualified_type(parent).endswith(SERVER_COMPONENT):
        own = f"{urn_name(parent)}.options"
        return f"pulumi.ResourceOptions.merge({own}, pulumi.ResourceOptions(protect=True))" if protect else own
    if provider:
        arguments = [f"provider={re.sub(r'[^A-Za-z0-9]+', '_', urn_name(provider))}", *arguments]
    return f"pulumi.ResourceOptions({', '.join(arguments)})" if arguments else ""
