"""The stacks of a project, and each as a whole: created, selected, renamed, removed; what was done with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from prefect_pulumi.app.config import CopyConfigRequest, copy_config
from prefect_pulumi.app.operations import not_created
from prefect_pulumi.app.session.local_server import LOCAL_SERVER
from prefect_pulumi.app.session.new_stack import NewStack, create_empty
from prefect_pulumi.app.session.recovery import recover_interrupted, refuse_unrecovered
from prefect_pulumi.app.session.view import StackView
from prefect_pulumi.core.errors import InputError, UnsupportedError
from prefect_pulumi.core.folders import make_folder
from prefect_pulumi.project import layout, selection
from prefect_pulumi.project.stack import Stack
from prefect_pulumi.promotion.stages import Stages
from prefect_pulumi.state import stack_objects
from prefect_pulumi.state.journal import Journal
from prefect_pulumi.state.lock import StackLock
from prefect_pulumi.state.stack_objects import HistoryRecord, StackSummary


@dataclass(frozen=True, slots=True)
class ListedStack:
    """A stack that exists; `selected`: commands work on it where none is named."""

    summary: StackSummary
    selected: bool


def list_stacks(root: Path) -> list[ListedStack]:
    """The stacks of the project that exist, in each of its backends, by name."""
    nameless = Stack(root, "")
    names = {"", *Stages.parse(nameless.project.promotion).backends, *layout.stack_names(root)}
    backends = {}
    for stack in (Stack(root, name) for name in sorted(names)):
        _refuse_remote(stack, "ls")
        backends[stack.store.url] = stack.backend
    selected = selection.selected_stack(root)
    listed = []
    for url, backend in backends.items():
        for summary in stack_objects.summaries(backend):
            if Stack(root, summary.name).store.url == url:
                listed.append(ListedStack(summary, summary.name == selected))
    return sorted(listed, key=lambda stack: stack.summary.name)


@dataclass(frozen=True, slots=True)
class CreateStackRequest:
    """`copy_from`: a stack whose config it gets, but for the pinned release. `select`: commands work on it then."""

    copy_from: str = ""
    select: bool = True


def create_stack(view: StackView, request: CreateStackRequest) -> list[str]:
    """Creates the stack, empty, and its file where it has none; returns the keys of its config that were copied.

    Raises `InputError` when it exists, `PassphraseError` when it has no passphrase.
    """
    stack = view.stack
    stack.need_name()
    _refuse_remote(stack, f"init {stack.name}")
    if request.copy_from:
        view.of(request.copy_from).stack.need_file()
    new = stack if stack.config_file.is_file() else NewStack(stack.root, stack.name)
    secrets = new.secrets()
    secrets.manager.verify()
    if not create_empty(new, secrets):
        raise InputError(
            f"there is a stack {stack.name!r} already",
            where=stack.backend.where(stack.name),
            remedy=f"choose another name, or: infra stack select {stack.name}",
        )
    copied = []
    if request.copy_from:
        copied = copy_config(view.of(request.copy_from), CopyConfigRequest(stack.name))
    if request.select:
        selection.select(stack)
    return copied


def select_stack(view: StackView) -> None:
    """Commands of both engines work on the stack where none is named. Raises `ConfigError` when there is no such stack,
    neither a file nor a state."""
    stack = view.stack
    stack.need_name()
    _refuse_remote(stack, f"select {stack.name}")
    if stack.backend.read(stack.name) is None:
        stack.need_file()
    selection.select(stack)


@dataclass(frozen=True, slots=True)
class RemoveStackRequest:
    """`force`: also a stack that still has resources; the real objects stay. `keep_config`: the stack's file stays.
    `backups`: the copies of its state go too."""

    force: bool = False
    keep_config: bool = False
    backups: bool = False


def remove_stack(
    view: StackView, request: RemoveStackRequest, confirm: Callable[[int], bool] | None = None
) -> list[Path]:
    """Removes the stack's state and history, and its file; returns the files that are gone.

    `confirm` gets the number of resources that are forgotten. Raises `InputError` for a stack that has any, unless
    `force`.
    """
    stack = view.stack
    _need_state(view, f"rm {stack.name}")
    _settle(view)
    with StackLock(stack.store, stack.project.name, stack.name):
        resources = stack_objects.resources_of(stack.backend, stack.name)
        if resources and not request.force:
            raise InputError(
                f"stack {stack.name} still has {len(resources)} resources",
                where=stack.backend.where(stack.name),
                remedy=f"infra destroy -s {stack.name}, or give --force: the real objects stay, and nothing knows them",
            )
        if confirm is not None and not confirm(len(resources)):
            return []
        stack_objects.remove(stack.backend, stack.name, backups=request.backups)
        Journal(stack.store, stack.project.name, stack.name, None).clear()
    selection.unselect(stack)
    if request.keep_config or not stack.config_file.is_file():
        return []
    stack.config_file.unlink()
    return [stack.config_file]


def rename_stack(view: StackView, name: str) -> list[str]:
    """Gives the stack another name, with its history, its file and the record of its promotion, and selects it, as the
    official CLI does. Returns what still has the old name.

    Raises `InputError` for a name that is taken, and for a stack with a local server, whose data are in a folder of the
    stack's name.
    """
    stack, new = view.stack, Stack(view.stack.root, name)
    new.need_name()
    _need_state(view, f"rename {name}")
    _refuse_rename(stack, new)
    _settle(view)
    with StackLock(stack.store, stack.project.name, stack.name), StackLock(stack.store, stack.project.name, name):
        stack_objects.rename(stack.backend, stack.name, name)
        if stack.config_file.is_file():
            stack.config_file.rename(new.config_file)
        if stack.passphrase_file.is_file():
            make_folder(new.work_dir)
            stack.passphrase_file.rename(new.passphrase_file)
    selection.unselect(stack)
    selection.select(Stack(stack.root, name))
    promotion = stack.project.promotion
    named = stack.name in Stages.parse(promotion).stacks or bool(stack.own_backend)
    return ["promotion in Pulumi.yaml"] if named else []


def _refuse_rename(stack: Stack, new: Stack) -> None:
    if new.config_file.exists():
        raise InputError("the file exists already", where=new.config_file.name, remedy="choose another name")
    if stack.own_backend != new.own_backend:
        raise InputError(
            f"stack {stack.name} has a backend of its own, and {new.name} another one",
            where="Pulumi.yaml: promotion.backends",
            remedy=f"add {new.name} with the same URL first, and remove {stack.name} afterwards",
        )
    if any(entry.get("type") == LOCAL_SERVER for entry in stack_objects.resources_of(stack.backend, stack.name)):
        raise InputError(
            f"stack {stack.name} has a local server, whose data are in {layout.server_directory(stack.name)}",
            where=stack.backend.where(stack.name),
            remedy=f"infra destroy -s {stack.name} first, or create {new.name} beside it: infra stack init {new.name}",
        )


def stack_history(view: StackView, *, page_size: int = 0, page: int = 1) -> list[HistoryRecord]:
    """What either engine did with the stack, the newest first. Raises `ConfigError` for a stack that was never created,
    `StateError` for a record that cannot be read."""
    _need_state(view, "history")
    return stack_objects.history(view.stack.backend, view.name, page_size=page_size, page=page)


def _need_state(view: StackView, words: str) -> None:
    view.stack.need_name()
    _refuse_remote(view.stack, words)
    if view.stack.backend.read(view.name) is None:
        raise not_created(view.name)


def _refuse_remote(stack: Stack, words: str) -> None:
    if stack.is_remote:
        raise UnsupportedError(
            f"the stacks of {stack.backend_url} are for the official CLI",
            where=stack.config_file.name if stack.name else "Pulumi.yaml",
            remedy=f"pulumi stack {words}",
        )


def _settle(view: StackView) -> None:
    """A run that died is recovered first: what it did is in no state yet. Raises `InputError` when that cannot be."""
    recover_interrupted(view.stack, view.sink)
    refuse_unrecovered(view.stack)
