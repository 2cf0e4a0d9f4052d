"""`infra drift`, `adopt`, `accept` and `review`."""

from __future__ import annotations

import sys
from argparse import Namespace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prefect_pulumi.cli.parser import FORMATS, Options
from prefect_pulumi.core.errors import ExitCode, InputError

if TYPE_CHECKING:
    from prefect_pulumi.app.project import Project
    from prefect_pulumi.review.model import Report


def register(commands: Any, options: Options) -> None:
    drift = commands.add_parser(
        "drift", parents=[options.stack], help="changes made on the server outside the code (drift)"
    )
    drift.set_defaults(handler=_drift)
    review = commands.add_parser("review", help="what this branch changes in each environment, and what drifted there")
    review.add_argument("-s", "--stack", action="append", dest="stacks", metavar="STACK", help="may be repeated")
    review.add_argument("--base", default="main", metavar="REF", help="branch that is compared with (default: main)")
    for parser, default in ((drift, "text"), (review, "markdown")):
        parser.add_argument(
            "--format", choices=FORMATS, help=f"of the report (default: by the file's name, else {default})"
        )
        parser.add_argument(
            "--out", action="append", default=[], metavar="FILE", help="write the report to FILE; may be repeated"
        )
        parser.add_argument("--cli", action="store_true", help="ask the official CLI for code and server")
    review.add_argument("--from", dest="report", metavar="FILE", help="a report's JSON, in place of a new review")
    review.add_argument("--json", action="store_true", help="the same as --format json")
    review.add_argument("--post", action="store_true", help="publish the report in the pull request's comments")
    review.set_defaults(handler=_review, stack="dev")
    adopt = commands.add_parser(
        "adopt", parents=[options.stack], help="write live values back into the code, as a patch for git apply"
    )
    adopt.add_argument("objects", nargs="*", metavar="OBJECT", help="'Kind name', patterns (default: all that drifted)")
    adopt.add_argument("--out", metavar="FILE", help="write the patch to FILE instead of stdout")
    adopt.set_defaults(handler=_adopt)
    accept = commands.add_parser(
        "accept", parents=[options.stack], help="accept drift until a given date (recorded in review.yaml)"
    )
    accept.add_argument("objects", nargs="+", metavar="OBJECT", help="'Kind name'")
    accept.add_argument("--owner", required=True, help="owner of the exception")
    accept.add_argument("--reason", required=True, help="why the drift may stay")
    accept.add_argument("--expires", required=True, metavar="DATE", help="last day of the acceptance (2026-12-31)")
    accept.set_defaults(handler=_accept)


def _drift(arguments: Namespace, project: Project) -> ExitCode:
    """Exit code 0 in sync, 3 drift, 4 could not check."""
    from prefect_pulumi.cli.output.reports import write_report
    from prefect_pulumi.review.model import Status

    report = project.stack(arguments.stack).drift(cli=arguments.cli)
    write_report(report, "json" if arguments.json else arguments.format, arguments.out, default="text")
    codes = {Status.DRIFT: ExitCode.CHANGES_FOUND, Status.CANNOT_CHECK: ExitCode.CANNOT_CHECK}
    return codes.get(report.status, ExitCode.DONE)


def _review(arguments: Namespace, project: Project) -> ExitCode:
    """Exit code 0; 3 when a policy fails; 4 when something could not be checked. Drift alone fails nothing here."""
    from prefect_pulumi.app.review.branch_review import ReviewRequest
    from prefect_pulumi.cli.output.reports import write_report
    from prefect_pulumi.review.model import Status
    from prefect_pulumi.review.renderers.document import from_json

    if arguments.report:
        report = from_json(_read(arguments.report), arguments.report)
    else:
        request = ReviewRequest(tuple(arguments.stacks or ["dev"]), arguments.base, cli=arguments.cli)
        report = project.review(request)
    if arguments.out or not (arguments.report and arguments.post):
        write_report(report, "json" if arguments.json else arguments.format, arguments.out, default="markdown")
    if arguments.post:
        _publish(project, report)
    if report.status is Status.CANNOT_CHECK:
        return ExitCode.CANNOT_CHECK
    return ExitCode.CHANGES_FOUND if any(entry.failed for entry in report.environments) else ExitCode.DONE


def _read(name: str) -> str:
    try:
        return Path(name).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(str(error), where="infra review --from") from error


def _publish(project: Project, report: Report) -> None:
    for stack, done in project.publish(report).items():
        sys.stderr.write(f"{stack}: comment {done}\n")


def _adopt(arguments: Namespace, project: Project) -> ExitCode:
    """Exit code 1 when something of what was asked cannot be adopted."""
    from prefect_pulumi.app.review.adopt import AdoptRequest
    from prefect_pulumi.cli.output.text import write_text

    adoption = project.stack(arguments.stack).adopt(AdoptRequest(tuple(arguments.objects)))
    write_text(adoption.patch, arguments.out)
    for line in adoption.left:
        sys.stderr.write(f"not adopted: {line}\n")
    return ExitCode.FAILED if adoption.left else ExitCode.DONE


def _accept(arguments: Namespace, project: Project) -> ExitCode:
    from prefect_pulumi.app.review.accept import AcceptRequest

    try:
        expires = date.fromisoformat(arguments.expires)
    except ValueError as error:
        raise InputError(
            f"invalid date {arguments.expires!r}; expected YYYY-MM-DD", where="infra accept --expires"
        ) from error
    request = AcceptRequest(tuple(arguments.objects), arguments.owner, arguments.reason, expires)
    for name in project.stack(arguments.stack).accept(request):
        sys.stdout.write(f"accepted until {expires}: {name} (in review.yaml; commit it)\n")
    return ExitCode.DONE
