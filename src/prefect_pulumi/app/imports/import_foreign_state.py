"""The objects of another tool's state imported as a new project, whose preview is clean at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from prefect_pulumi.app.imports.foreign_state import read_state
from prefect_pulumi.app.imports.import_objects import ImportResult
from prefect_pulumi.app.imports.import_server import empty_folder, write_project
from prefect_pulumi.app.imports.live_objects import LeftOut, Selection, read_objects
from prefect_pulumi.app.imports.source import source_of
from prefect_pulumi.app.session.view import StackView
from prefect_pulumi.core.errors import InputError


@dataclass(frozen=True, slots=True)
class ImportForeignStateRequest:
    """`file`: the state of Terraform, or of Pulumi with the bridged provider. `folder`: where the new project goes; it
    has to be empty or absent."""

    file: Path
    folder: Path
    protect: bool = True


def import_foreign_state(view: StackView, request: ImportForeignStateRequest) -> ImportResult:
    """Every Prefect object of the state by its id; nothing is written to the server, nor to that state.

    Raises `InputError` for a file that is no such state.
    """
    where = str(request.file)
    state = read_state(request.file)
    folder = empty_folder(request.folder)
    source = source_of(view)
    ids = frozenset(resource.id for resource in state.resources)
    objects, left_out = read_objects(view.stack.root, source, Selection(ids=ids))
    left_out = [item for item in left_out if item.id in ids]
    known = {item.id for item in objects} | {item.id for item in left_out}
    missing = [
        LeftOut(state.tool, resource.address, f"{source.api_url} has no object {resource.id}")
        for resource in state.resources
        if resource.id not in known
    ]
    if not objects:
        text = f"none of its {len(state.resources)} objects is on {source.api_url}"
        raise InputError(text, where=where, remedy="set PREFECT_API_URL to the server of that state")
    everything = (*state.left_out, *missing, *left_out)
    return write_project(view, source, folder, objects, everything, protect=request.protect)
