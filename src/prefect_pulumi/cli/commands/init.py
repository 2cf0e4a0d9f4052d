"""`infra init`."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prefect_pulumi.cli.parser import Options, add_command, request_of

if TYPE_CHECKING:
    from prefect_pulumi.app.project import Project


def register(commands: Any, options: Options) -> None:
    about = "make this repository a project: write the files that are missing"
    init = add_command(commands, "init", _init, about, stack="", in_project=False)
    init.add_argument("--name", default="", help="name of the project (default: pyproject.toml's, else the folder's)")
    server = "address of the Prefect server of prod (default: the active Prefect profile's)"
    init.add_argument("--server", default="", metavar="URL", help=server)
    init.flag("--from-server", help="declare what that server has already, for `infra up -s prod --adopt`")
    state = "declare of it what a Terraform state has, or a Pulumi state with the bridged provider"
    init.add_argument("--from-terraform", default="", metavar="FILE", help=state)
    about = "write its jobs for review, deploy and drift, too"
    init.add_argument("--workflows", default="", choices=("github", "gitlab"), help=about)
    init.flag("--dry-run", help="only show what would be written")
    init.flag("--json", help="one JSON document on stdout")


def _init(arguments: Namespace, project: Project) -> None:
    from prefect_pulumi.app.documents import init_document
    from prefect_pulumi.app.init.initialization import InitRequest, initialize
    from prefect_pulumi.cli.output.text import print_json
    from prefect_pulumi.core.display_text import printable

    request = request_of(InitRequest, arguments, folder=project.root)
    if arguments.from_server or arguments.from_terraform:
        from prefect_pulumi.app.imports.init_from_server import init_from_server

        state = Path(arguments.from_terraform) if arguments.from_terraform else None
        result = init_from_server(request, state)
    else:
        result = initialize(request)
    if arguments.json:
        print_json(init_document(result))
        return
    for change in result.changes:
        print(f"{change.action}  {change.name}")
        if arguments.dry_run and change.text:
            print("".join(f"    {line}\n" for line in change.text.splitlines()), end="")
    sys.stderr.write("".join(f"note: {printable(note)}\n" for note in result.notes))
    sys.stderr.write("next: infra up\n")
