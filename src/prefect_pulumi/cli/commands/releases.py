"""`infra release`, `verify`, `promote` and `rollback`."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from prefect_pulumi.cli.parser import Options, add_command, add_group, request_of
from prefect_pulumi.core.errors import InputError, PromotionError

if TYPE_CHECKING:
    from prefect_pulumi.app.project import Project
    from prefect_pulumi.promotion.plan import Plan


def register(commands: Any, options: Options) -> None:
    release = add_group(commands, "release", "the release deployed to a stack, and the releases it can roll back to")
    show = add_command(release, "show", _show, "show a release and its verification", options.stack)
    show.add_argument("id", nargs="?", help="another release that the stack keeps")
    add_command(release, "list", _list, "list the releases that the stack keeps", options.stack)
    about = "print the folder of the pinned release, for pulumi -C"
    checkout = add_command(release, "checkout", _checkout, about, options.stack)
    checkout.add_argument("commit", nargs="?", help="another commit")
    verify = add_command(commands, "verify", _verify, "run the declared checks of the release", options.stack)
    verify.flag("--once", help="skip if the release is already verified")
    about = "promote a verified release to the next stack"
    promote = add_command(commands, "promote", _promote, about, options.yes, stack="dev", shows_steps=True)
    promote.add_argument("source", metavar="SOURCE", help="the stack whose release moves")
    promote.add_argument("target", metavar="TARGET", help="the next stack")
    promote.flag("--preview", help="only show the plan")
    promote.flag("--apply", help="also deploy the release to TARGET now")
    promote.add_argument("--push", metavar="BRANCH", help="commit the pin and push it there, for a pull request")
    promote.many("--force", metavar="GATE=REASON", help="override a failing gate (GATE=REASON is recorded)")
    promote.add_argument("--commit", metavar="REF", help="a hotfix: a commit that no stage has run")
    promote.add_argument("--format", choices=("text", "markdown", "json"), default="text", help="format of the plan")
    promote.add_argument("--out", metavar="FILE", help="write the plan to FILE instead of stdout")
    promote.flag("--json", help="the same as --format json")
    about, shown = "roll a stack back to a release that it keeps", {"shows_steps": True, "program_output": "stdout"}
    rollback = add_command(commands, "rollback", _rollback, about, options.stack, options.yes, **shown)
    rollback.add_argument("--to", metavar="ID", help="one of infra release list (default: the one before)")


def _show(arguments: Namespace, project: Project) -> None:
    from prefect_pulumi.app.documents import release_document
    from prefect_pulumi.cli.output.text import print_json
    from prefect_pulumi.promotion.release_text import release_text

    releases, record = project.stack(arguments.stack).release(arguments.id)
    if arguments.json:
        print_json(release_document(releases, record))
    else:
        print(release_text(releases, record))


def _list(arguments: Namespace, project: Project) -> None:
    from prefect_pulumi.app.documents import releases_document
    from prefect_pulumi.cli.output.tables import print_table
    from prefect_pulumi.cli.output.text import print_json
    from prefect_pulumi.promotion.release_text import COLUMNS, release_rows

    releases = project.stack(arguments.stack).releases()
    if arguments.json:
        print_json(releases_document(releases))
    else:
        print_table(COLUMNS, release_rows(releases))


def _checkout(arguments: Namespace, project: Project) -> None:
    print(project.stack(arguments.stack).checkout_release(arguments.commit))


def _verify(arguments: Namespace, project: Project) -> None:
    """Exit code 1 when a check fails; the evidence is recorded in either case."""
    from prefect_pulumi.app.release.verify import VerifyRequest
    from prefect_pulumi.cli.output.text import print_json

    result = project.stack(arguments.stack).verify(request_of(VerifyRequest, arguments))
    verification = result.verification
    if verification is None:
        sys.stderr.write(f"stack {arguments.stack} has not been created yet: there is nothing to verify\n")
        return
    if result.skipped:
        sys.stderr.write(f"{verification.release} is verified already, at {verification.ended}\n")
        return
    if arguments.json:
        print_json(verification.document())
    if not verification.passed:
        failed = "; ".join(f"{check.name}: {check.text}" for check in verification.failed)
        where, remedy = f"verification of {verification.release}", f"infra release show -s {arguments.stack}"
        raise PromotionError(failed, where=where, remedy=remedy)
    print(f"{verification.release} is verified", file=sys.stderr if arguments.json else sys.stdout)


def _promote(arguments: Namespace, project: Project) -> None:
    """Exit code 1 when a gate is closed."""
    from prefect_pulumi.app.release.promote import PromoteRequest
    from prefect_pulumi.cli.output.prompt import confirmation
    from prefect_pulumi.cli.output.text import write_text
    from prefect_pulumi.promotion.render import FORMATS

    def show(plan: Plan) -> None:
        write_text(FORMATS["json" if arguments.json else arguments.format](plan), arguments.out)

    request = request_of(PromoteRequest, arguments, force=_reasons(arguments.force))
    confirm = confirmation(arguments) if arguments.apply and not arguments.preview else None
    promotion = project.promote(arguments.source, arguments.target, request, show=show, confirm=confirm)
    if promotion.plan is None:
        sys.stderr.write(f"stack {arguments.source} has not been created yet: there is nothing to promote\n")
    elif promotion.needless:
        sys.stderr.write(f"{arguments.target} runs or pins {promotion.plan.release.id} already; nothing to promote\n")


def _reasons(given: list[str]) -> dict[str, str]:
    reasons = {}
    for text in given:
        gate, equals, reason = text.partition("=")
        if not equals or not reason.strip():
            raise InputError(f"{text!r} is not GATE=REASON", where="infra promote --force")
        reasons[gate] = reason.strip()
    return reasons


def _rollback(arguments: Namespace, project: Project) -> None:
    from prefect_pulumi.app.release.rollout import RollbackRequest
    from prefect_pulumi.cli.output.prompt import confirmation

    request = request_of(RollbackRequest, arguments)
    project.stack(arguments.stack).rollback(request, confirm=confirmation(arguments))
