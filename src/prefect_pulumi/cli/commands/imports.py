"""`infra import`."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prefect_pulumi.cli.parser import Options, add_command
from prefect_pulumi.core.errors import InputError

if TYPE_CHECKING:
    from prefect_pulumi.app.imports.import_objects import ImportRequest, ImportResult
    from prefect_pulumi.app.project import Project


def register(commands: Any, options: Options) -> None:
    about = "import existing objects into the stack, or a whole server as a new project"
    parser = add_command(commands, "import", _import, about, options.stack, in_project=_in_project)
    parser.add_argument("object_kind", nargs="?", default="", metavar="KIND", help="WorkPool, Variable, ...")
    parser.add_argument("ids", nargs="*", metavar="NAME", help="names (pool/queue, slug/name, ...) or UUIDs")
    name = "name of the resource in the program (default: the object's); with --all a pattern of names"
    parser.many("--name", metavar="NAME", help=name)
    parser.add_argument("--provider", help="name of the stack's provider, when it has several")
    parser.flag("--all", help="everything on the server, as a new project; it needs no project here")
    state = "the Prefect objects of a Terraform state, or of a Pulumi state with the bridged provider, as a new project"
    parser.add_argument("--from-terraform", default="", metavar="FILE", help=state)
    parser.many("--kind", metavar="KIND", help="with --all: only objects of this kind")
    parser.many("--tag", metavar="TAG", help="with --all: only objects with this tag")
    parser.add_argument("--out", default="imported", metavar="DIR", help="folder of that project (default: imported)")
    parser.flag("--no-protect", help="allow updates to delete what was imported")


def _in_project(arguments: Namespace) -> bool:
    """A whole server is imported without a project, from the folder's own where there is one."""
    from prefect_pulumi.project.layout import find_project

    return not (arguments.all or arguments.from_terraform) or find_project(Path.cwd()) is not None


def _import(arguments: Namespace, project: Project) -> None:
    from prefect_pulumi.app.documents import import_document
    from prefect_pulumi.app.imports.import_foreign_state import ImportForeignStateRequest
    from prefect_pulumi.app.imports.import_server import ImportServerRequest
    from prefect_pulumi.cli.output.text import print_json

    stack = project.stack(arguments.stack)
    if arguments.from_terraform:
        file, folder = Path(arguments.from_terraform), Path(arguments.out)
        _refuse(
            arguments, {**_OBJECTS, **_SELECTIONS, "name": "--name", "all": "--all"}, "a state is imported as a whole"
        )
        result = stack.import_foreign_state(ImportForeignStateRequest(file, folder, not arguments.no_protect))
    elif arguments.all:
        _refuse(arguments, _OBJECTS, "--all takes the whole server, or what --kind, --name and --tag select")
        request = ImportServerRequest(
            Path(arguments.out),
            tuple(arguments.kind),
            tuple(arguments.name),
            tuple(arguments.tag),
            not arguments.no_protect,
        )
        result = stack.import_server(request)
    else:
        result = stack.import_objects(_objects_request(arguments))
    if arguments.json:
        print_json(import_document(result))
    elif result.folder is not None:
        _show_project(result, arguments.stack)
    else:
        _show_program(result, arguments.stack)


_OBJECTS = {"object_kind": "KIND", "provider": "--provider"}
_SELECTIONS = {"kind": "--kind", "tag": "--tag"}


def _refuse(arguments: Namespace, words: dict[str, str], reason: str, remedy: str = "leave it out") -> None:
    """`words`: attribute of `arguments` -> what the user typed."""
    for attribute, word in words.items():
        if getattr(arguments, attribute):
            raise InputError(reason, where=f"infra import {word}", remedy=remedy)


def _objects_request(arguments: Namespace) -> ImportRequest:
    from prefect_pulumi.app.imports.import_objects import ImportRequest

    _refuse(arguments, _SELECTIONS, "it selects objects of a whole server", "add --all")
    if len(arguments.name) > 1:
        raise InputError("--name is for one object", where="infra import", remedy="import them one by one")
    return ImportRequest(
        arguments.object_kind,
        tuple(arguments.ids),
        name=arguments.name[0] if arguments.name else "",
        provider=arguments.provider or "",
        protect=not arguments.no_protect,
    )


def _show_project(result: ImportResult, stack: str) -> None:
    from prefect_pulumi.core.display_text import printable

    print(f"{len(result.steps)} objects in {result.folder}")
    for item in result.left_out:
        print(printable(f"  left out: {item.kind} {item.human}: {item.reason}"))
    if result.program.secrets:
        print(f"  {len(result.program.secrets)} secrets, encrypted in Pulumi.{stack}.yaml; README.md lists them")
    print(f"next: cd {result.folder} && infra preview -s {stack} --expect-no-changes")


def _show_program(result: ImportResult, stack: str) -> None:
    from prefect_pulumi.core.display_text import printable

    if not result.program.source:
        for step in result.steps:
            sys.stderr.write(printable(f"imported where the program declares it: {step.urn}", kept="") + "\n")
        sys.stderr.write(f"next: infra preview -s {stack}\n")
        return
    sys.stdout.write(result.program.source)
    sys.stderr.write("".join(f"stored encrypted in Pulumi.{stack}.yaml: {key}\n" for key in result.program.secrets))
    sys.stderr.write("add this code to your program; `infra preview` should then report no changes\n")
