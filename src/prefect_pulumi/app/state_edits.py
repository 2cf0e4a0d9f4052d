"""The state edited by hand, under the stack's lock, and as one document."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from prefect_pulumi.app.operations import not_created
from prefect_pulumi.app.session.context import engine_context
from prefect_pulumi.app.session.recovery import recover_interrupted
from prefect_pulumi.app.session.view import StackView
from prefect_pulumi.core.errors import InputError, StateError
from prefect_pulumi.engine.update import StackContext, updating
from prefect_pulumi.state import checkpoint, integrity, state_edits
from prefect_pulumi.state.entries import Snapshot
from prefect_pulumi.state.lock import clear_locks

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class DeleteRequest:
    """`resource`: a URN, or a name that only one resource has. `force`: even if it is protected. `dependents`: and
    all that uses it."""

    resource: str
    force: bool = False
    dependents: bool = False


@dataclass(frozen=True, slots=True)
class RenameRequest:
    """`resource`: a URN, or a name that only one resource has. `name`: its new name."""

    resource: str
    name: str


@dataclass(frozen=True, slots=True)
class UnprotectRequest:
    """`resource`: "" for all of them."""

    resource: str = ""


def delete_resource(view: StackView, request: DeleteRequest) -> list[str]:
    """Removes a resource from the state; the real object stays. Returns the URNs that are gone."""

    def edit(snapshot: Snapshot) -> tuple[Snapshot, list[str]]:
        urn = _urn(snapshot, request.resource)
        edited, deleted = state_edits.delete(snapshot, urn, force=request.force, dependents=request.dependents)
        return edited, list(deleted)

    return _edit(view, edit)


def rename_resource(view: StackView, request: RenameRequest) -> dict[str, str]:
    """Returns the old URN and the new one."""

    def edit(snapshot: Snapshot) -> tuple[Snapshot, dict[str, str]]:
        urn = _urn(snapshot, request.resource)
        edited, renamed = state_edits.rename(snapshot, urn, request.name)
        return edited, {urn: renamed}

    return _edit(view, edit)


def unprotect_resources(view: StackView, request: UnprotectRequest) -> list[str]:
    """Returns the URNs that were protected and are no longer."""

    def edit(snapshot: Snapshot) -> tuple[Snapshot, list[str]]:
        urns = [_urn(snapshot, request.resource)] if request.resource else None
        edited, unprotected = state_edits.unprotect(snapshot, urns)
        return edited, list(unprotected)

    return _edit(view, edit)


def _urn(snapshot: Snapshot, text: str) -> str:
    if "::" in text:
        return text
    urns = [entry.urn for entry in snapshot.resources if entry.urn.split("::", 3)[-1] == text]
    if len(urns) > 1:
        raise InputError(f"several resources have the name {text}", where="infra state", remedy=f"one of: {urns}")
    return urns[0] if urns else text


def _edit(view: StackView, edit: Callable[[Snapshot], tuple[Snapshot, T]]) -> T:
    return _edited(engine_context(view.stack, view.sink, write=True), edit)


def _edited(context: StackContext, edit: Callable[[Snapshot], tuple[Snapshot, T]]) -> T:
    with updating(context) as update:
        edited, result = edit(update.snapshot)
        context.keep_secrets()
        update.writer.save(edited, context.manager)
    return result


def export_state(view: StackView, *, show_secrets: bool = False) -> str:
    """The document of `pulumi stack export`, as JSON text. Secrets stay encrypted unless `show_secrets`."""
    stack = view.stack
    reader = stack.backend.reader(stack.name)
    if not reader.exists():
        raise not_created(stack.name)
    manager = stack.manager(write=False)
    deployment = checkpoint.render_deployment(reader.load(manager), manager, show_secrets=show_secrets)
    return json.dumps({"version": checkpoint.VERSION, "deployment": deployment}, indent=4, ensure_ascii=False) + "\n"


@dataclass(frozen=True, slots=True)
class ImportStateRequest:
    """`document`: what `export_state` gives. `origin`: its name in errors. `force`: even if it names another stack."""

    document: bytes
    origin: str
    force: bool = False


def import_state(view: StackView, request: ImportStateRequest) -> int:
    """Takes the document as the stack's state; returns how many resources it has.

    Its pending operations are dropped, as the official CLI does. Raises `InputError` for what is no such document.
    """
    stack = view.stack
    try:
        document = json.loads(request.document)
        deployment = document["deployment"]
        if not isinstance(deployment, dict):
            raise TypeError(deployment)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError("the document is not what `stack export` writes", where=request.origin) from error
    context = engine_context(stack, view.sink, write=True)
    wrapped = {"version": document.get("version", checkpoint.VERSION), "checkpoint": {"latest": deployment}}
    try:
        new = checkpoint.parse(json.dumps(wrapped).encode(), context.manager, request.origin)
    except StateError as error:
        raise InputError(error.message, where=error.where or request.origin, remedy="fix the file") from error
    prefix = f"urn:pulumi:{stack.name}::{stack.project.name}::"
    strangers = [entry.urn for entry in new.resources if not entry.urn.startswith(prefix)]
    if strangers and not request.force:
        raise InputError(
            f"{strangers[0]} belongs to another stack",
            where=request.origin,
            remedy=f"export from {stack.name}, or give --force",
        )
    kept = Snapshot(integrity.sort(new.resources), [], {}, context.manager.salt_text)

    def edit(snapshot: Snapshot) -> tuple[Snapshot, None]:
        if snapshot.resources and not kept.resources and not request.force:
            raise InputError(
                f"the document has no resources, and stack {stack.name} has {len(snapshot.resources)}",
                where=request.origin,
                remedy="give --force to empty the state; the real objects stay",
            )
        return kept, None

    _edited(context, edit)
    return len(kept.resources)


def cancel_update(view: StackView, *, force: bool = False) -> int:
    """Removes the locks of an update that died elsewhere, and recovers what it had done; how many locks there were.

    `force`: also one whose process seems to run on this machine.
    """
    stack = view.stack
    if not stack.backend.reader(stack.need_name()).exists():
        stack.need_file()
    removed = clear_locks(stack.store, stack.project.name, stack.name, force=force)
    recover_interrupted(stack, view.sink)
    return removed
