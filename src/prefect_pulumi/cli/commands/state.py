"""`infra state` and `infra cancel`."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from prefect_pulumi.cli.parser import Options, add_command, add_group
from prefect_pulumi.core.errors import InputError

if TYPE_CHECKING:
    from prefect_pulumi.app.project import Project


def register(commands: Any, options: Options) -> None:
    cancel = add_command(commands, "cancel", _cancel, "remove the lock of an update that died elsewhere", options.stack)
    cancel.flag("--force", help="also a lock whose process seems to run on this machine")
    state, resource = (
        add_group(commands, "state", "edit the state by hand"),
        "URN, or a name that only one resource has",
    )
    about = "remove a resource from the state; the real object stays"
    delete = add_command(state, "delete", _delete, about, options.stack)
    delete.add_argument("urn", metavar="URN", help=resource)
    delete.flag("--force", help="even if it is protected")
    delete.flag("--target-dependents", help="also remove the resources that use it")
    rename = add_command(state, "rename", _rename, "give a resource another name", options.stack)
    rename.add_argument("urn", metavar="URN", help=resource)
    rename.add_argument("name", metavar="NEW_NAME", help="its new name")
    unprotect = add_command(state, "unprotect", _unprotect, "remove a resource's `protect` flag", options.stack)
    unprotect.add_argument("urn", nargs="?", metavar="URN", help=resource)
    unprotect.flag("--all", help="of all resources")
    move = add_command(state, "move", _move, "move the state to another backend, with its history", options.stack)
    move.add_argument("--to", required=True, metavar="URL", help="the new backend, such as s3://bucket/prefix")


def _cancel(arguments: Namespace, project: Project) -> None:
    removed = project.stack(arguments.stack).cancel_update(force=arguments.force)
    print(f"removed {removed} lock{'' if removed == 1 else 's'} of stack {arguments.stack}")


def _delete(arguments: Namespace, project: Project) -> None:
    from prefect_pulumi.app.state_edits import DeleteRequest

    request = DeleteRequest(arguments.urn, force=arguments.force, dependents=arguments.target_dependents)
    deleted = project.stack(arguments.stack).delete_resource(request)
    _print_edit(arguments, "deleted", deleted, deleted)


def _rename(arguments: Namespace, project: Project) -> None:
    from prefect_pulumi.app.state_edits import RenameRequest

    renamed = project.stack(arguments.stack).rename_resource(RenameRequest(arguments.urn, arguments.name))
    _print_edit(arguments, "renamed", renamed, [f"{old} -> {new}" for old, new in renamed.items()])


def _unprotect(arguments: Namespace, project: Project) -> None:
    from prefect_pulumi.app.state_edits import UnprotectRequest

    if bool(arguments.urn) == arguments.all:
        raise InputError("name a resource, or give --all", where="infra state unprotect")
    unprotected = project.stack(arguments.stack).unprotect_resources(UnprotectRequest(arguments.urn or ""))
    _print_edit(arguments, "unprotected", unprotected, unprotected)


def _move(arguments: Namespace, project: Project) -> None:
    from prefect_pulumi.app.state_move import MoveStateRequest
    from prefect_pulumi.cli.output.text import print_json

    moved = project.stack(arguments.stack).move_state(MoveStateRequest(arguments.to))
    if arguments.json:
        print_json({"movedTo": moved.url, "objects": moved.objects})
        return
    print(f"moved the state of stack {arguments.stack} to {moved.url}: {moved.objects} objects")
    print("  -> write its URL into Pulumi.yaml (backend: {url: ...}), or set PULUMI_BACKEND_URL")


def _print_edit(arguments: Namespace, verb: str, edited: Any, lines: Iterable[str]) -> None:
    from prefect_pulumi.cli.output.text import print_json

    if arguments.json:
        print_json({verb: edited})
    else:
        print("\n".join(f"{verb} {line}" for line in lines) or "nothing to do")
