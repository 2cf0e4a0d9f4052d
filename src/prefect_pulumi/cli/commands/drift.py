"""`infra drift`, `adopt`, `accept` and `review`."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prefect_pulumi.cli.parser import STACK_HELP, Options, Parser, add_command, request_of
from prefect_pulumi.core.errors import ExitCode, InputError
from prefect_pulumi.review.renderers.formats import ANNOTATIONS, FORMATS, format_of, render

if TYPE_CHECKING:
    from prefect_pulumi.app.project import Project
    from prefect_pulumi.app.saved_plan import SavedPlan
    from prefect_pulumi.review.model import Report


def register(commands: Any, options: Options) -> None:
    about = "changes made on the server outside the code (drift)"
    drift = add_command(commands, "drift", _drift, about, options.stack)
    _report_options(drift, "text")
    drift.flag("--heal", help="set the fields back that review.yaml lists under `heal`, and no others")
    drift.add_argument(
        "--notify",
        metavar="URL",
        help="unless in sync, post a message to this webhook, in Slack's form (default: $INFRA_NOTIFY_URL)",
    )
    about = "what this branch changes in each environment, and what drifted there"
    review = add_command(commands, "review", _review, about, stack=None)
    _report_options(review, "markdown")
    review.add_argument(
        "-s", "--stack", action="append", dest="stacks", metavar="STACK", help=f"{STACK_HELP}; may be repeated"
    )
    review.add_argument("--base", default="main", metavar="REF", help="branch to compare with (default: main)")
    review.add_argument("--from", dest="report", metavar="FILE", help="JSON of a report, in place of a new review")
    review.add_argument("--save-plan", metavar="FILE", help="keep the plan of the one stack, for `up --plan`")
    review.flag("--json", help="the same as --format json")
    review.flag("--post", help="publish the report in the pull request's comments")
    about = "write live values back into the code, as a patch for `git apply`"
    adopt = add_command(commands, "adopt", _adopt, about, options.stack)
    adopt.add_argument("objects", nargs="*", metavar="OBJECT", help="'Kind name', patterns (default: all that drifted)")
    adopt.add_argument("--out", metavar="FILE", help="write the patch to FILE instead of stdout")
    about = "accept drift until a given date (recorded in review.yaml)"
    accept = add_command(commands, "accept", _accept, about, options.stack)
    accept.add_argument("objects", nargs="+", metavar="OBJECT", help="'Kind name'")
    accept.add_argument("--owner", required=True, help="owner of the exception")
    accept.add_argument("--reason", required=True, help="why the drift may stay")
    accept.add_argument("--expires", required=True, metavar="DATE", help="last day of the acceptance (2026-12-31)")


def _report_options(parser: Parser, default: str) -> None:
    format = f"format of the report (default: by the file's name, otherwise {default})"
    parser.add_argument("--format", choices=FORMATS, help=format)
    parser.many("--out", metavar="FILE", help="write the report to FILE; may be repeated")
    parser.flag("--cli", help="ask the official CLI for code and server")


def _write_report(report: Report, arguments: Namespace, default: str) -> None:
    """To stdout, or to each file in the format that its name or `--format` asks for."""
    from prefect_pulumi.cli.output.text import write_text

    for format, file in _targets(arguments, default):
        write_text(render(report, format), file)


def _targets(arguments: Namespace, default: str) -> list[tuple[str, str | None]]:
    """Format and file of each document that is asked for."""
    asked = "json" if arguments.json else arguments.format
    return [(asked or (format_of(file, default) if file else default), file) for file in arguments.out or [None]]


def _annotated(arguments: Namespace, project: Project, default: str) -> AbstractContextManager[None]:
    """Where a report cannot be made, what the error says of files is in the formats of annotations all the same."""
    from prefect_pulumi.cli.output.annotations import annotated

    targets = [(format, file) for format, file in _targets(arguments, default) if format in ANNOTATIONS]
    return annotated(project.root, targets)


def _drift(arguments: Namespace, project: Project) -> ExitCode:
    """Exit code 0 in sync, 3 drift, 4 could not check."""
    from prefect_pulumi.review.model import Status

    with _annotated(arguments, project, "text"):
        report = project.stack(arguments.stack).drift(cli=arguments.cli, heal=arguments.heal)
    _write_report(report, arguments, "text")
    if report.status is not Status.IN_SYNC:
        _notify(report, arguments.notify)
    codes = {Status.DRIFT: ExitCode.CHANGES_FOUND, Status.CANNOT_CHECK: ExitCode.CANNOT_CHECK}
    return codes.get(report.status, ExitCode.DONE)


def _notify(report: Report, url: str | None) -> None:
    from prefect_pulumi.app.review.notification import VARIABLE, notify

    url = url or os.environ.get(VARIABLE)
    if url and (problem := notify(report, url)):
        sys.stderr.write(f"warning: not notified: {problem}\n")


def _review(arguments: Namespace, project: Project) -> ExitCode:
    """Exit code 0; 3 when a policy fails; 4 when something could not be checked. Drift alone fails nothing here."""
    from prefect_pulumi.app.review.branch_review import ReviewRequest
    from prefect_pulumi.review.model import Status
    from prefect_pulumi.review.renderers.document import from_json

    if arguments.report:
        report = from_json(_read(arguments.report), arguments.report)
    else:
        stacks = tuple(arguments.stacks or [arguments.stack])
        with _annotated(arguments, project, "markdown"):
            request = request_of(ReviewRequest, arguments, stacks=stacks)
            report = project.review(request, _keep if request.save_plan else None)
    if arguments.out or not (arguments.report and arguments.post):
        _write_report(report, arguments, "markdown")
    if arguments.post:
        published = project.publish(report)
        sys.stderr.write("".join(f"{stack}: comment {done}\n" for stack, done in published.items()))
    if report.status is Status.CANNOT_CHECK:
        return ExitCode.CANNOT_CHECK
    return ExitCode.CHANGES_FOUND if any(entry.failed for entry in report.environments) else ExitCode.DONE


def _keep(plan: SavedPlan) -> None:
    from prefect_pulumi.cli.output.text import write_text

    write_text(plan.text, plan.where, option="--save-plan")


def _read(name: str) -> str:
    try:
        return Path(name).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(str(error), where="infra review --from") from error


def _adopt(arguments: Namespace, project: Project) -> ExitCode:
    """Exit code 1 when something of what was asked cannot be adopted."""
    from prefect_pulumi.app.review.adopt import AdoptRequest
    from prefect_pulumi.cli.output.text import write_text

    adoption = project.stack(arguments.stack).adopt(request_of(AdoptRequest, arguments))
    write_text(adoption.patch, arguments.out)
    sys.stderr.write("".join(f"not adopted: {line}\n" for line in adoption.left))
    return ExitCode.FAILED if adoption.left else ExitCode.DONE


def _accept(arguments: Namespace, project: Project) -> None:
    from prefect_pulumi.app.review.accept import AcceptRequest

    try:
        expires = date.fromisoformat(arguments.expires)
    except ValueError as error:
        text = f"invalid date {arguments.expires!r}; expected YYYY-MM-DD"
        raise InputError(text, where="infra accept --expires") from error
    accepted = project.stack(arguments.stack).accept(request_of(AcceptRequest, arguments, expires=expires))
    print("\n".join(f"accepted until {expires}: {name} (in review.yaml; commit it)" for name in accepted))
