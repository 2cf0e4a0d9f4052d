"""`infra state`, `infra stack` and `infra cancel`."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterable
from pathlib import Path
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
    document = add_group(commands, "stack", "export or import the stack's state")
    export = add_command(document, "export", _export, "print the state as the official CLI does", options.stack)
    export.add_argument("--file", metavar="PATH", help="write it to PATH instead of stdout")
    export.flag("--show-secrets", help="with secret values in plain text")
    replace = add_command(document, "import", _import, "replace the state with an exported document", options.stack)
    replace.add_argument("--file", metavar="PATH", help="the document (default: standard input)")
    replace.flag("--force", help="even if it names another stack, or empties the state")


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


def _print_edit(arguments: Namespace, verb: str, edited: Any, lines: Iterable[str]) -> None:
    from prefect_pulumi.cli.output.text import print_json

    if arguments.json:
        print_json({verb: edited})
    else:
        print("\n".join(f"{verb} {line}" for line in lines) or "nothing to do")


def _export(arguments: Namespace, project: Project) -> None:
    from prefect_pulumi.cli.output.text import write_text

    document = project.stack(arguments.stack).export_state(show_secrets=arguments.show_secrets)
    write_text(document, arguments.file, option="--file")


def _import(arguments: Namespace, project: Project) -> None:
    from prefect_pulumi.app.state_edits import ImportStateRequest

    origin = arguments.file or "standard input"
    try:
        document = Path(arguments.file).read_bytes() if arguments.file else sys.stdin.buffer.read()
    except OSError as error:
        raise InputError(error.strerror or str(error), where=origin) from error
    count = project.stack(arguments.stack).import_state(ImportStateRequest(document, origin, force=arguments.force))
    print(f"imported {count} resources into stack {arguments.stack}")
