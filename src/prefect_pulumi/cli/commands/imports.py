"""`infra import`."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prefect_pulumi.cli.parser import Options
from prefect_pulumi.core.errors import ExitCode

if TYPE_CHECKING:
    from prefect_pulumi.app.imports.import_objects import ImportResult
    from prefect_pulumi.app.project import Project


def register(commands: Any, options: Options) -> None:
    parser = commands.add_parser("import", parents=[options.stack], help="import existing objects into the stack")
    parser.add_argument("kind", nargs="?", metavar="KIND", help="WorkPool, Variable, ...")
    parser.add_argument("ids", nargs="*", metavar="NAME", help="names (pool/queue, slug/name, ...) or UUIDs")
    parser.add_argument("--name", help="name of the resource in the program (default: the object's)")
    parser.add_argument("--provider", help="name of the stack's provider, when it has several")
    parser.add_argument("--all", action="store_true", help="everything on the server, as a new project")
    parser.add_argument("--out", default="imported", metavar="DIR", help="folder of that project (default: imported)")
    parser.set_defaults(handler=_import)


def _import(arguments: Namespace, project: Project) -> ExitCode:
    from prefect_pulumi.app.imports.import_objects import ImportRequest
    from prefect_pulumi.app.imports.import_server import ImportServerRequest
    from prefect_pulumi.cli.output.text import as_json, write_out

    stack = project.stack(arguments.stack)
    if arguments.all:
        result = stack.import_server(ImportServerRequest(Path(arguments.out)))
    else:
        result = stack.import_objects(
            ImportRequest(arguments.kind or "", tuple(arguments.ids), arguments.name or "", arguments.provider or "")
        )
    if arguments.json:
        write_out(as_json(_document(result)))
    elif result.folder is not None:
        write_out(f"{len(result.steps)} objects in {result.folder}")
        for key in result.program.secrets:
            write_out(f"  secret, encrypted in Pulumi.{arguments.stack}.yaml: {key}")
        write_out(f"next: cd {result.folder} && infra preview -s {arguments.stack} --expect-no-changes")
    else:
        sys.stdout.write(result.program.source)
        for key in result.program.secrets:
            sys.stderr.write(f"stored encrypted in Pulumi.{arguments.stack}.yaml: {key}\n")
        sys.stderr.write("add this code to your program; `infra preview` should then report no changes\n")
    return ExitCode.DONE


def _document(result: ImportResult) -> dict[str, Any]:
    document: dict[str, Any] = {
        "operation": "import",
        "result": "succeeded",
        "imported": [
            {"urn": step.urn, "type": step.type, "id": step.new.id} for step in result.steps if step.new is not None
        ],
        "program": result.program.source,
        "secretKeys": sorted(result.program.secrets),
    }
    return document | ({"folder": str(result.folder)} if result.folder is not None else {})
