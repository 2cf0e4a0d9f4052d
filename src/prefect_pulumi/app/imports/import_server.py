"""A live server, or a part of it, imported as a new project, whose preview is clean at once."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from prefect_pulumi.app.events import WarningCollector
from prefect_pulumi.app.imports.config_secrets import store_secrets
from prefect_pulumi.app.imports.import_objects import ImportResult, imported_steps, model_of
from prefect_pulumi.app.imports.live_objects import LeftOut, LiveObject, Selection, read_objects
from prefect_pulumi.app.imports.program_text import ProgramText
from prefect_pulumi.app.imports.project_folder import ImportedProject
from prefect_pulumi.app.imports.source import source_of
from prefect_pulumi.app.init.repository import project_name
from prefect_pulumi.app.session.connection import Connection
from prefect_pulumi.app.session.context import engine_context
from prefect_pulumi.app.session.read_only import read_only_context
from prefect_pulumi.app.session.view import StackView
from prefect_pulumi.core.errors import InputError
from prefect_pulumi.engine import imports, operations
from prefect_pulumi.engine.run.run_state import RunOptions
from prefect_pulumi.project.passphrase import FILE_VARIABLE, VARIABLE, create_passphrase
from prefect_pulumi.project.stack import Stack
from prefect_pulumi.state.entries import Snapshot


@dataclass(frozen=True, slots=True)
class ImportServerRequest:
    """`folder`: where the new project goes; it has to be empty or absent. `kinds`, `names` and `tags` select objects;
    empty: all. `protect`: as after `pulumi import`, nothing is deleted before the program says so."""

    folder: Path
    kinds: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    protect: bool = True


def import_server(view: StackView, request: ImportServerRequest) -> ImportResult:
    """Writes the project. Nothing is written to the server.

    Raises `InputError` for a folder with files, an unknown kind, and when no server is configured or nothing is
    selected.
    """
    kinds = frozenset(model_of(kind).kind for kind in request.kinds)
    folder = empty_folder(request.folder)
    source = source_of(view)
    selection = Selection(kinds, request.names, request.tags)
    objects, left_out = read_objects(view.stack.root, source, selection)
    if not objects:
        raise InputError(f"nothing on {source.api_url} is selected", where="infra import", remedy="infra import --all")
    return write_project(view, source, folder, objects, left_out, protect=request.protect)


def empty_folder(folder: Path) -> Path:
    """The folder's full path. Raises `InputError` where it has files."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} is not empty", where="--out", remedy="name a new folder")
    return folder.resolve()


def write_project(
    view: StackView,
    source: Connection,
    folder: Path,
    objects: Sequence[LiveObject],
    left_out: Sequence[LeftOut],
    *,
    protect: bool,
) -> ImportResult:
    """Writes a project of these objects with its state; after a failure the folder is as before."""
    project = ImportedProject.of(
        objects,
        left_out,
        name=project_name(folder.name),
        stack=view.name,
        server=source.server_settings,
        protect=protect,
    )
    existed = folder.exists()
    try:
        return _import(view, project, source, folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        if existed:
            folder.mkdir()
        raise


def _import(view: StackView, project: ImportedProject, source: Connection, folder: Path) -> ImportResult:
    for name, text in project.files():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    stack = Stack(folder, view.name)
    if not {VARIABLE, FILE_VARIABLE} & set(os.environ):
        create_passphrase(stack)  # a project of its own gets a passphrase of its own
    credentials = {f"prefect:{name}": value for name, value in source.inputs.items() if name not in ("apiUrl", "cloud")}
    store_secrets(stack, {**credentials, **project.secrets})
    plan = operations.preview(
        read_only_context(stack, WarningCollector(), view.output), RunOptions(), snapshot=Snapshot()
    )
    requests = [
        imports.ImportRequest(place.item.model.token(), place.resource, place.item.id, named=True)
        for place in project.layout.places.values()
    ]
    context = engine_context(stack, view.sink, write=True, output=view.output)
    result = imports.import_resources(context, requests, plan=imports.Plan(plan.steps))
    secrets = ProgramText("", dict(project.secrets))
    return ImportResult(imported_steps(result), secrets, folder, tuple(project.left_out))
