"""`infra state`, `infra stack` and `infra cancel`."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prefect_pulumi.cli.parser import Options, add_group
from prefect_pulumi.core.errors import ExitCode, InputError

if TYPE_CHECKING:
    from prefect_pulumi.app.project import Project


def register(commands: Any, options: Options) -> None:
    cancel = commands.add_parser(
        "cancel", parents=[options.stack], help="remove the lock of an update that died elsewhere"
    )
    cancel.add_argument("--force", action="store_true", help="also a lock whose process seems to run on this machine")
    cancel.set_defaults(handler=_cancel)
    state = add_group(commands, "state", "edit the state by hand")
    delete = state.add_parser(
        "delete", parents=[options.stack], help="remove a resource from the state; the real object stays"
    )
    delete.add_argument("urn", metavar="URN", help="URN, or a name that only one resource has")
    delete.add_argument("--force", action="store_true", help="even if it is protected")
    delete.add_argument("--target-dependents", action="store_true", help="and all that uses it")
    delete.set_defaults(handler=_delete)
    rename = state.add_parser("rename", parents=[options.stack], help="give a resource another name")
    rename.add_argument("urn", metavar="URN", help="URN, or a name that only one resource has")
    rename.add_argument("name", metavar="NEW_NAME", help="its name from now on")
    rename.set_defaults(handler=_rename)
    unprotect = state.add_parser("unprotect", parents=[options.stack], help="remove a resource's `protect` flag")
    unprotect.add_argument("urn", nargs="?", metavar="URN", help="URN, or a name that only one resource has")
    unprotect.add_argument("--all", action="store_true", help="of all resources")
    unprotect.set_defaults(handler=_unprotect)
    document = add_group(commands, "stack", "export or import the stack's state")
    export = document.add_parser("export", parents=[options.stack], help="print the state as the official CLI does")
    export.add_argument("--file", metavar="PATH", help="write it to PATH instead of stdout")
    export.add_argument("--show-secrets", action="store_true", help="with secret values in plain text")
    export.set_defaults(handler=_export)
    importing = document.add_parser("import", parents=[options.stack], help="replace the state by such a document")
    importing.add_argument("--file", metavar="PATH", help="left out: standard input")
    importing.add_argument("--force", action="store_true", help="even if it names another stack")
    importing.set_defaults(handler=_import)


def _cancel(arguments: Namespace, project: Project) -> ExitCode:
    removed = project.stack(arguments.stack).cancel_update(force=arguments.force)
    sys.stdout.write(f"removed {removed} lock{'' if removed == 1 else 's'} of stack {arguments.stack}\n")
    return ExitCode.DONE


def _delete(arguments: Namespace, project: Project) -> ExitCode:
    from prefect_pulumi.app.state_edits import DeleteRequest

    request = DeleteRequest(arguments.urn, force=arguments.force, dependents=arguments.target_dependents)
    deleted = project.stack(arguments.stack).delete_resource(request)
    return _print_edit(arguments, "deleted", deleted, deleted)


def _rename(arguments: Namespace, project: Project) -> ExitCode:
    from prefect_pulumi.app.state_edits import RenameRequest

    renamed = project.stack(arguments.stack).rename_resource(RenameRequest(arguments.urn, arguments.name))
    return _print_edit(arguments, "renamed", renamed, [f"{old} -> {new}" for old, new in renamed.items()])


def _unprotect(arguments: Namespace, project: Project) -> ExitCode:
    from prefect_pulumi.app.state_edits import UnprotectRequest

    if bool(arguments.urn) == arguments.all:
        raise InputError("name a resource, or give --all", where="infra state unprotect")
    unprotected = project.stack(arguments.stack).unprotect_resources(UnprotectRequest(arguments.urn or ""))
    return _print_edit(arguments, "unprotected", unprotected, unprotected)


def _print_edit(arguments: Namespace, verb: str, edited: Any, lines: Iterable[str]) -> ExitCode:
    from prefect_pulumi.cli.output.text import as_json, write_out

    if arguments.json:
        write_out(as_json({verb: edited}))
    else:
        write_out("\n".join(f"{verb} {line}" for line in lines) or "nothing to do")
    return ExitCode.DONE


def _export(arguments: Namespace, project: Project) -> ExitCode:
    from prefect_pulumi.cli.output.text import write_text

    write_text(project.stack(arguments.stack).export_state(show_secrets=arguments.show_secrets), arguments.file)
    return ExitCode.DONE


def _import(arguments: Namespace, project: Project) -> ExitCode:
    from prefect_pulumi.app.state_edits import ImportStateRequest

    origin = arguments.file or "standard input"
    try:
        document = Path(arguments.file).read_bytes() if arguments.file else sys.stdin.buffer.read()
    except OSError as error:
        raise InputError(error.strerror or str(error), where=origin) from error
    count = project.stack(arguments.stack).import_state(ImportStateRequest(document, origin, force=arguments.force))
    sys.stdout.write(f"imported {count} resources into stack {arguments.stack}\n")
    return ExitCode.DONE
