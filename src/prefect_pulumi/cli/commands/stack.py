"""`infra stack`: a stack as a whole, and its state as one document."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prefect_pulumi.cli.parser import Options, add_command, add_group
from prefect_pulumi.core.errors import InputError

if TYPE_CHECKING:
    from prefect_pulumi.app.project import Project
    from prefect_pulumi.state.stack_objects import HistoryRecord


def register(commands: Any, options: Options) -> None:
    stack = add_group(commands, "stack", "list, create, select, rename or remove stacks; export or import their state")
    add_command(stack, "ls", _ls, "list the stacks that exist; * marks the selected one", options.json)
    init = add_command(stack, "init", _init, "create an empty stack and select it", options.json)
    init.add_argument("name", metavar="NAME", help="name of the new stack")
    init.add_argument("--copy-config-from", default="", metavar="STACK", help="a stack whose config it gets")
    init.flag("--no-select", help="keep the stack that is selected")
    about = "work on this stack where none is named, with both engines"
    add_command(stack, "select", _select, about, options.json).add_argument("name", metavar="NAME", help="the stack")
    about = "remove a stack without resources, with its history and its file"
    remove = add_command(stack, "rm", _rm, about, options.json, options.yes)
    remove.add_argument("name", metavar="NAME", help="the stack")
    remove.flag("--force", help="even if it has resources; the real objects stay")
    remove.flag("--preserve-config", help="keep its stack file")
    remove.flag("--remove-backups", help="also remove the copies of its state")
    rename = add_command(stack, "rename", _rename, "give the stack another name, and select it", options.stack)
    rename.add_argument("name", metavar="NEW_NAME", help="its new name")
    history = add_command(stack, "history", _history, "list what either engine did with the stack", options.stack)
    history.add_argument("--page-size", type=int, default=10, metavar="N", help="operations on a page (default: 10)")
    history.add_argument("--page", type=int, default=1, metavar="N", help="the page, the newest first (default: 1)")
    export = add_command(stack, "export", _export, "print the state as the official CLI does", options.stack)
    export.add_argument("--file", metavar="PATH", help="write it to PATH instead of stdout")
    export.flag("--show-secrets", help="with secret values in plain text")
    replace = add_command(stack, "import", _import, "replace the state with an exported document", options.stack)
    replace.add_argument("--file", metavar="PATH", help="the document (default: standard input)")
    replace.flag("--force", help="even if it names another stack, or empties the state")


def _ls(arguments: Namespace, project: Project) -> None:
    from prefect_pulumi.app.documents import stacks_document
    from prefect_pulumi.cli.output.tables import print_table
    from prefect_pulumi.cli.output.text import print_json

    stacks = project.stacks()
    document = stacks_document(stacks)
    if arguments.json:
        print_json(document)
        return
    if not stacks:
        sys.stderr.write("no stack of this project exists yet: infra up creates one\n")
    rows = [
        (
            shown["name"] + ("*" if shown["current"] else ""),
            shown.get("lastUpdate", "never"),
            str(shown.get("resourceCount", "cannot be read")),
        )
        for shown in document
    ]
    print_table(("NAME", "LAST UPDATE", "RESOURCES"), rows)


def _init(arguments: Namespace, project: Project) -> None:
    from prefect_pulumi.app.stacks import CreateStackRequest
    from prefect_pulumi.cli.output.text import print_json

    request = CreateStackRequest(arguments.copy_config_from, select=not arguments.no_select)
    copied = project.stack(arguments.name).create(request)
    if arguments.json:
        print_json({"created": arguments.name, "copied": copied})
    else:
        print("\n".join([f"created stack {arguments.name}", *(f"copied {key}" for key in copied)]))


def _select(arguments: Namespace, project: Project) -> None:
    from prefect_pulumi.cli.output.text import print_json

    project.stack(arguments.name).select()
    if arguments.json:
        print_json({"selected": arguments.name})
    else:
        print(f"stack {arguments.name} is selected")


def _rm(arguments: Namespace, project: Project) -> None:
    from prefect_pulumi.app.stacks import RemoveStackRequest
    from prefect_pulumi.cli.output.text import print_json

    request = RemoveStackRequest(arguments.force, arguments.preserve_config, arguments.remove_backups)
    files = project.stack(arguments.name).remove(request, confirm=_confirmation(arguments))
    if arguments.json:
        print_json({"removed": arguments.name, "files": [str(file) for file in files]})
    else:
        print("\n".join([f"removed stack {arguments.name}", *(f"removed {file.name}" for file in files)]))


def _confirmation(arguments: Namespace) -> Callable[[int], bool] | None:
    from prefect_pulumi.cli.output.prompt import agreement

    ask = agreement(arguments)
    if ask is None:
        return None
    file = "" if arguments.preserve_config else ", and its stack file"

    def confirm(resources: int) -> bool:
        forgotten = f", which forgets {resources} resources" if resources else ""
        return ask(f"Remove stack {arguments.name} with its history{file}{forgotten}?")

    return confirm


def _rename(arguments: Namespace, project: Project) -> None:
    from prefect_pulumi.cli.output.text import print_json

    left = project.stack(arguments.stack).rename(arguments.name)
    if arguments.json:
        print_json({"renamed": {arguments.stack: arguments.name}, "left": left})
        return
    print(f"renamed stack {arguments.stack} to {arguments.name}")
    print("".join(f"still with the old name: {place}\n" for place in left), end="")


def _history(arguments: Namespace, project: Project) -> None:
    from prefect_pulumi.app.documents import history_document
    from prefect_pulumi.cli.output.tables import print_table
    from prefect_pulumi.cli.output.text import print_json

    if arguments.page_size < 1 or arguments.page < 1:
        raise InputError("--page-size and --page must be at least 1", where="infra stack history")
    records = project.stack(arguments.stack).history(page_size=arguments.page_size, page=arguments.page)
    document = history_document(records)
    if arguments.json:
        print_json(document)
        return
    rows = [_row(record, shown["startTime"]) for record, shown in zip(records, document, strict=True)]
    print_table(("STARTED", "OPERATION", "RESULT", "SECONDS", "CHANGES"), rows)


def _row(record: HistoryRecord, started: str) -> tuple[str, ...]:
    changes = ", ".join(f"{count} {operation}" for operation, count in sorted(record.changes.items()))
    return started, record.kind, record.result, str(max(0, record.end - record.start)), changes


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
