"""`infra review`: what a pull request changes in each environment, and what somebody changed there live."""

from __future__ import annotations

import sys
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

from prefect_pulumi.app.release.releases import at_pin
from prefect_pulumi.app.review.base_branch import base_code, merge_base, worktree
from prefect_pulumi.app.review.drift import write
from prefect_pulumi.app.review.drift_report import environment_of, load_rules, make_report
from prefect_pulumi.core.errors import ExitCode, InputError
from prefect_pulumi.project.stack import Stack
from prefect_pulumi.review.model import Report, Status
from prefect_pulumi.review.renderers.document import from_json
from prefect_pulumi.review.rules import Rules


def run(arguments: Namespace, stack: Stack) -> ExitCode:
    """Exit code 0; 3 when a policy fails; 4 when something could not be checked. Drift alone fails nothing here."""
    if arguments.report:
        report = from_json(_read(arguments.report), arguments.report)
    else:
        report = review_report(stack, arguments.stacks or ["dev"], arguments.base, cli=arguments.cli)
    if arguments.out or not (arguments.report and arguments.post):
        write(report, "json" if arguments.json else arguments.format, arguments.out, usual="markdown")
    if arguments.post:
        from prefect_pulumi.app.review.publish import post

        post(report)
    return exit_code(report)


def _read(name: str) -> str:
    try:
        return Path(name).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(str(error), where="infra review --from") from error


def exit_code(report: Report) -> ExitCode:
    if report.status is Status.CANNOT_CHECK:
        return ExitCode.CANNOT_CHECK
    return ExitCode.CHANGES_FOUND if any(each.failed for each in report.environments) else ExitCode.DONE


def _base_rules(folder: Path) -> Rules:
    try:
        return load_rules(folder)
    except InputError:
        return Rules()  # what was broken there is new here


def review_report(stack: Stack, names: list[str], base: str, *, cli: bool = False) -> Report:
    """`stack` gives the project; `names` are its stacks, each once."""
    rules = load_rules(stack.config_root)
    commit = merge_base(stack.root, base)
    environments = []
    with worktree(stack.root, commit) as folder:
        rules = rules.against(_base_rules(folder))
        for name in dict.fromkeys(names):
            each = replace(stack, name=name)
            code = base_code(each, folder, sys.stderr, cli=cli)
            environments.append(environment_of(at_pin(each), code, output=sys.stderr, rules=rules, cli=cli))
    return make_report("review", stack, environments, base=commit)
