"""`infra run` and `infra status`."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from prefect_pulumi.cli.parser import Options, add_command
from prefect_pulumi.core.errors import ExitCode, FlowRunError, InputError

if TYPE_CHECKING:
    from prefect_pulumi.app.project import Project


def register(commands: Any, options: Options) -> None:
    run = add_command(commands, "run", _run, "run a deployment and follow it to its end", options.stack)
    run.add_argument("deployment", metavar="FLOW/DEPLOYMENT", help="the deployment to run")
    run.many("-p", "--param", metavar="NAME=JSON", help="a parameter of the run; may be repeated")
    limit = "how long the run may take (default: 600)"
    run.add_argument("--timeout", type=float, default=600.0, metavar="SECONDS", help=limit)
    status = add_command(commands, "status", _status, "all stacks at a glance; -s: the pools and workers of one")
    status.add_argument("-s", "--stack", default="", help="only this one, with its pools and workers")
    status.flag("--json", help="one JSON document on stdout")
    status.add_argument(
        "--format", choices=("text", "json", "html"), default="text", help="format of the table of all stacks"
    )
    status.add_argument("--out", metavar="FILE", help="write the table to FILE instead of stdout")
    status.flag("--exit-code", help="exit with 3 when a stack has drifted, is not healthy, or its last change failed")
    status.flag("--no-drift", help="do not run the programs to look for drift")


def _run(arguments: Namespace, project: Project) -> None:
    """Exit code 0 when the run ends Completed, 1 when it ends otherwise or not in time."""
    from prefect_pulumi.app.flow_runs import RunRequest
    from prefect_pulumi.cli.output.text import print_json

    parameters = dict(_parameter(text) for text in arguments.param)
    run = project.stack(arguments.stack).run(RunRequest(arguments.deployment, parameters, arguments.timeout))
    if arguments.json:
        print_json({"id": run.id, "name": run.name, "state": run.state or None})
    where = f"flow run {run.name}"
    if not run.ended:
        obstacle = f": {run.obstacle}" if run.obstacle else ""
        raise FlowRunError(
            f"the run has not ended after {arguments.timeout:g} s; it is {run.state or 'unknown'}{obstacle}",
            where=where,
            remedy=f"infra status -s {arguments.stack} shows pools and workers; raise --timeout if it only takes long",
        )
    if not run.completed:
        raise FlowRunError(f"the run ended {run.state}: {run.message or 'no message'}", where=where)


def _parameter(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise InputError(f"{text!r} is not NAME=JSON", where="infra run --param")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def _status(arguments: Namespace, project: Project) -> ExitCode:
    """Exit code 4 when something of a stack could not be read: its row says why; with `--exit-code` 3 when a stack
    needs attention."""
    if arguments.stack:
        _workers(arguments, project)
        return ExitCode.DONE
    from prefect_pulumi.app.overview import OverviewRequest
    from prefect_pulumi.cli.output.tables import print_table
    from prefect_pulumi.cli.output.text import write_text
    from prefect_pulumi.core.display_text import printable
    from prefect_pulumi.promotion import overview

    rows = project.overview(OverviewRequest(drift=not arguments.no_drift))
    format = "json" if arguments.json else arguments.format
    if format == "text" and arguments.out is None:
        styles = {overview.HEALTHY: "green", overview.NOTICE: "yellow", overview.BAD: "red"}
        cells = [[(text, styles.get(tone, "")) for text, tone in overview.cells(row)] for row in rows]
        print_table(overview.COLUMNS, cells)
        lines = [f"{row.stack}: {line}" + (f" ({url})" if url else "") for row in rows for line, url in row.lines]
        sys.stderr.write("".join(printable(line) + "\n" for line in lines))
    else:
        write_text(overview.RENDERERS[format](rows, project.name, _now().isoformat(timespec="seconds")), arguments.out)
    if any(row.problem for row in rows):
        return ExitCode.CANNOT_CHECK
    attention = arguments.exit_code and any(row.needs_attention for row in rows)
    return ExitCode.CHANGES_FOUND if attention else ExitCode.DONE


def _workers(arguments: Namespace, project: Project) -> None:
    from prefect_pulumi.app import workers
    from prefect_pulumi.app.documents import workers_document
    from prefect_pulumi.cli.output.tables import print_table
    from prefect_pulumi.cli.output.text import print_json

    report = project.stack(arguments.stack).workers()
    if arguments.json:
        print_json(workers_document(report))
        return
    title = f"{report.stack}: Prefect {report.version} at {report.api_url}"
    print_table(workers.COLUMNS, workers.worker_rows(report, _now()), title=title)
    sys.stderr.write("".join(f"warning: {warning}\n" for warning in report.warnings()))


def _now() -> datetime:
    return datetime.now(UTC)
