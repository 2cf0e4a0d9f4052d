"""`infra history`."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

from prefect_pulumi.cli.parser import Options, add_command
from prefect_pulumi.core.errors import InputError

if TYPE_CHECKING:
    from prefect_pulumi.app.history import CommandRecord
    from prefect_pulumi.app.project import Project

_STYLES = {"succeeded": "green", "in sync": "green", "failed": "red", "could not check": "red"}


def register(commands: Any, options: Options) -> None:
    about = "what was done with a stack, by whom, and when drift was seen"
    history = add_command(commands, "history", _history, about, options.stack)
    history.add_argument("--limit", type=int, default=20, metavar="N", help="the newest N commands (default: 20)")


def _history(arguments: Namespace, project: Project) -> None:
    from prefect_pulumi.cli.output.tables import print_table
    from prefect_pulumi.cli.output.text import print_json

    if arguments.limit < 1:
        raise InputError("--limit must be at least 1", where="infra history")
    records = project.stack(arguments.stack).commands()[: arguments.limit]
    if arguments.json:
        print_json([record.document() for record in records])
        return
    rows = [
        (
            record.time,
            record.command,
            (record.result, _STYLES.get(record.result, "yellow")),
            record.by,
            record.commit[:12],
            _details(record),
        )
        for record in records
    ]
    print_table(("TIME", "COMMAND", "RESULT", "BY", "COMMIT", "DETAILS"), rows)


def _details(record: CommandRecord) -> str:
    changes = ", ".join(f"{count} {operation}" for operation, count in record.changes.items() if operation != "same")
    parts = (
        changes,
        f"release {record.release}" if record.release else "",
        f"plan {record.plan.removeprefix('sha256:')[:12]}" if record.plan else "",
        f"{len(record.drift)} drifted" if record.drift else "",
        record.text,
    )
    return "; ".join(part for part in parts if part)
