"""`infra import`."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prefect_pulumi.cli.parser import Options, add_command, request_of

if TYPE_CHECKING:
    from prefect_pulumi.app.project import Project


def register(commands: Any, options: Options) -> None:
    parser = add_command(commands, "import", _import, "import existing objects into the stack", options.stack)
    parser.add_argument("kind", nargs="?", default="", metavar="KIND", help="WorkPool, Variable, ...")
    parser.add_argument("ids", nargs="*", metavar="NAME", help="names (pool/queue, slug/name, ...) or UUIDs")
    parser.add_argument("--name", help="name of the resource in the program (default: the object's)")
    parser.add_argument("--provider", help="name of the stack's provider, when it has several")
    parser.flag("--all", help="everything on the server, as a new project")
    parser.add_argument("--out", default="imported", metavar="DIR", help="folder of that project (default: imported)")


def _import(arguments: Namespace, project: Project) -> None:
    from prefect_pulumi.app.documents import import_document
    from prefect_pulumi.app.imports.import_objects import ImportRequest
    from prefect_pulumi.app.imports.import_server import ImportServerRequest
    from prefect_pulumi.cli.output.text import print_json
    from prefect_pulumi.core.display_text import printable

    stack, file = project.stack(arguments.stack), f"Pulumi.{arguments.stack}.yaml"
    if arguments.all:
        result = stack.import_server(ImportServerRequest(Path(arguments.out)))
    else:
        result = stack.import_objects(request_of(ImportRequest, arguments))
    secrets = result.program.secrets
    if arguments.json:
        print_json(import_document(result))
    elif result.folder is not None:
        print(f"{len(result.steps)} objects in {result.folder}")
        print("".join(f"  secret, encrypted in {file}: {key}\n" for key in secrets), end="")
        print(f"next: cd {result.folder} && infra preview -s {arguments.stack} --expect-no-changes")
    elif not result.program.source:
        for step in result.steps:
            sys.stderr.write(printable(f"imported where the program declares it: {step.urn}", kept="") + "\n")
        sys.stderr.write(f"next: infra preview -s {arguments.stack}\n")
    else:
        sys.stdout.write(result.program.source)
        sys.stderr.write("".join(f"stored encrypted in {file}: {key}\n" for key in secrets))
        sys.stderr.write("add this code to your program; `infra preview` should then report no changes\n")
