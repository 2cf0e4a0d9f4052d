"""`infra doctor`."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prefect_pulumi.cli.parser import Options, add_command
from prefect_pulumi.core.errors import ExitCode

if TYPE_CHECKING:
    from prefect_pulumi.app.project import Project


def register(commands: Any, options: Options) -> None:
    about = "check versions, settings, server, credentials, state and workers"
    add_command(commands, "doctor", _doctor, about, options.stack, in_project=_in_project)


def _in_project(_: Namespace) -> bool:
    from prefect_pulumi.project.layout import find_project

    return find_project(Path.cwd()) is not None


def _doctor(arguments: Namespace, project: Project) -> ExitCode:
    """Exit code 1 when a check fails."""
    from prefect_pulumi.app.doctor import Status, examine
    from prefect_pulumi.cli.output.tables import print_table
    from prefect_pulumi.cli.output.text import print_json

    diagnosis = project.stack(arguments.stack).doctor() if _in_project(arguments) else examine(None)
    if arguments.json:
        print_json(diagnosis.document())
    else:
        styles = {Status.OK: "green", Status.WARNING: "yellow", Status.FAILURE: "red"}
        rows = [
            ((str(check.status), styles[check.status]), check.name, check.text, check.remedy)
            for check in diagnosis.checks
        ]
        print_table(("STATUS", "CHECK", "FOUND", "REMEDY"), rows)
    return ExitCode.DONE if diagnosis.healthy else ExitCode.FAILED
