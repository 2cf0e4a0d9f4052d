"""`infra run` and `infra status`."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from prefect_pulumi.cli.parser import Options
from prefect_pulumi.core.errors import ExitCode, FlowRunError, InputError

if TYPE_CHECKING:
    from prefect_pulumi.app.project import Project


def register(commands: Any, options: Options) -> None:
    run = commands.add_parser("run", parents=[options.stack], help="run a deployment and follow it to its end")
    run.add_argument("deployment", metavar="FLOW/DEPLOYMENT")
    run.add_argument("-p", "--param", action="append", default=[], metavar="NAME=JSON", help="a parameter of the run")
    run.add_argument(
        "--timeout", type=float, default=600.0, metavar="SECONDS", help="how long the run may take (default: 600)"
    )
    run.set_defaults(handler=_run)
    status = commands.add_parser("status", help="all stacks at a glance; -s: the pools and workers of one")
    status.add_argument("-s", "--stack", help="only this one, with its pools and workers")
    status.add_argument("--json", action="store_true", help="one JSON document on stdout")
    status.add_argument("--format", choices=("text", "json", "html"), default="text", help="of the table over all")
    status.add_argument("--out", metavar="FILE", help="write the table to FILE instead of stdout")
    status.add_argument("--no-drift", action="store_true", help="do not run the programs to look for drift")
    status.set_defaults(handler=_status)


def _run(arguments: Namespace, project: Project) -> ExitCode:
    """Exit code 0 when the run ends Completed, 1 when it ends otherwise or not in time."""
    from prefect_pulumi.app.flow_runs import RunRequest
    from prefect_pulumi.cli.output.text import as_json, write_out

    parameters = dict(_parameter(text) for text in arguments.param)
    request = RunRequest(arguments.deployment, parameters, arguments.timeout)
    run = project.stack(arguments.stack).run(request)
    if arguments.json:
        write_out(as_json({"id": run.id, "name": run.name, "state": run.state or None}))
    if not run.ended:
        raise FlowRunError(
            f"the run has not ended after {arguments.timeout:g} s; it is {run.state or 'unknown'}",
            where=f"flow run {run.name}",
            remedy="is a worker of its pool online? raise --timeout if it only takes long",
        )
    if not run.completed:
        raise FlowRunError(f"the run ended {run.state}: {run.message or 'no message'}", where=f"flow run {run.name}")
    return ExitCode.DONE


def _parameter(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise InputError(f"{text!r} is not NAME=JSON", where="infra run --param")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _status(arguments: Namespace, project: Project) -> ExitCode:
    """Exit code 4 when something of a stack could not be read: its row says why."""
    from prefect_pulumi.cli.output import status

    if arguments.stack:
        report = project.stack(arguments.stack).workers()
        status.print_workers(report, as_json=arguments.json)
        for warning in () if arguments.json else report.warnings():
            sys.stderr.write(f"warning: {warning}\n")
        return ExitCode.DONE
    from prefect_pulumi.app.overview import OverviewRequest

    rows = project.overview(OverviewRequest(drift=not arguments.no_drift))
    status.print_overview(rows, project.name, "json" if arguments.json else arguments.format, arguments.out)
    return ExitCode.CANNOT_CHECK if any(row.problem for row in rows) else ExitCode.DONE
