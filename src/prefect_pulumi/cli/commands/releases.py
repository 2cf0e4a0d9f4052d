"""`infra release`, `verify`, `promote` and `rollback`."""

from __future__ import annotations

import sys
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from prefect_pulumi.cli.parser import Options, add_group
from prefect_pulumi.core.errors import ExitCode, InputError, PromotionError

if TYPE_CHECKING:
    from prefect_pulumi.app.project import Project
    from prefect_pulumi.promotion.plan import Plan


def register(commands: Any, options: Options) -> None:
    release = add_group(commands, "release", "the release deployed to a stack, and the releases it can roll back to")
    show = release.add_parser("show", parents=[options.stack], help="show a release and its verification")
    show.add_argument("id", nargs="?", help="another release that the stack keeps")
    show.set_defaults(handler=_show)
    listing = release.add_parser("list", parents=[options.stack], help="list the releases that the stack keeps")
    listing.set_defaults(handler=_list)
    checkout = release.add_parser(
        "checkout", parents=[options.stack], help="print the folder of the pinned release, for pulumi -C"
    )
    checkout.add_argument("commit", nargs="?", help="another commit")
    checkout.set_defaults(handler=_checkout)
    verify = commands.add_parser("verify", parents=[options.stack], help="run the declared checks of the release")
    verify.add_argument("--once", action="store_true", help="skip if the release is already verified")
    verify.set_defaults(handler=_verify)
    promote = commands.add_parser("promote", parents=[options.yes], help="promote a verified release to the next stack")
    promote.add_argument("source", metavar="SOURCE")
    promote.add_argument("target", metavar="TARGET")
    promote.add_argument("--preview", action="store_true", help="only show the plan")
    promote.add_argument("--apply", action="store_true", help="also deploy the release to TARGET now")
    promote.add_argument("--push", metavar="BRANCH", help="commit the pin and push it there, for a pull request")
    promote.add_argument(
        "--force",
        action="append",
        default=[],
        metavar="GATE=REASON",
        help="override a failing gate (GATE=REASON is recorded)",
    )
    promote.add_argument("--commit", default="", metavar="REF", help="a hotfix: a commit that no stage has run")
    promote.add_argument("--format", choices=("text", "markdown", "json"), default="text", help="of the plan")
    promote.add_argument("--out", metavar="FILE", help="write the plan to FILE instead of stdout")
    promote.add_argument("--json", action="store_true", help="the same as --format json")
    promote.set_defaults(handler=_promote, stack="dev", shows_steps=True)
    rollback = commands.add_parser(
        "rollback", parents=[options.stack, options.yes], help="roll a stack back to a release that it keeps"
    )
    rollback.add_argument("--to", default="", metavar="ID", help="one of infra release list (default: the one before)")
    rollback.set_defaults(handler=_rollback, shows_steps=True, program_output="stdout")


def _show(arguments: Namespace, project: Project) -> ExitCode:
    from prefect_pulumi.app.release.records import find_record
    from prefect_pulumi.cli.output import releases

    view = project.view(arguments.stack)
    releases.print_release(view.releases, find_record(view, arguments.id), as_json=arguments.json)
    return ExitCode.DONE


def _list(arguments: Namespace, project: Project) -> ExitCode:
    from prefect_pulumi.cli.output import releases

    releases.print_releases(project.stack(arguments.stack).releases(), as_json=arguments.json)
    return ExitCode.DONE


def _checkout(arguments: Namespace, project: Project) -> ExitCode:
    sys.stdout.write(f"{project.stack(arguments.stack).checkout_release(arguments.commit)}\n")
    return ExitCode.DONE


def _verify(arguments: Namespace, project: Project) -> ExitCode:
    """Exit code 1 when a check fails; the evidence is recorded in either case."""
    from prefect_pulumi.app.release.verify import VerifyRequest
    from prefect_pulumi.cli.output.text import as_json, write_out

    result = project.stack(arguments.stack).verify(VerifyRequest(once=arguments.once))
    verification = result.verification
    if result.skipped:
        sys.stderr.write(f"{verification.release} is verified already, at {verification.ended}\n")
        return ExitCode.DONE
    if arguments.json:
        write_out(as_json(verification.document()))
    if not verification.passed:
        failed = "; ".join(f"{check.name}: {check.text}" for check in verification.failed)
        raise PromotionError(
            failed,
            where=f"verification of {verification.release}",
            remedy=f"infra release show -s {arguments.stack}",
        )
    (sys.stderr if arguments.json else sys.stdout).write(f"{verification.release} is verified\n")
    return ExitCode.DONE


def _promote(arguments: Namespace, project: Project) -> ExitCode:
    """Exit code 1 when a gate is closed."""
    from prefect_pulumi.app.release.promote import PromoteRequest
    from prefect_pulumi.cli.output.prompt import confirmation
    from prefect_pulumi.cli.output.text import write_text
    from prefect_pulumi.promotion.render import FORMATS

    def show(plan: Plan) -> None:
        write_text(FORMATS["json" if arguments.json else arguments.format](plan), arguments.out)

    request = PromoteRequest(
        preview=arguments.preview,
        apply=arguments.apply,
        push=arguments.push or "",
        force=_reasons(arguments.force),
        commit=arguments.commit,
    )
    confirm = confirmation(arguments) if arguments.apply and not arguments.preview else None
    promotion = project.promote(arguments.source, arguments.target, request, show=show, confirm=confirm)
    if promotion.needless:
        sys.stderr.write(f"{arguments.target} already runs {promotion.plan.release.id}; nothing to promote\n")
    return ExitCode.DONE


def _reasons(given: list[str]) -> dict[str, str]:
    reasons = {}
    for text in given:
        gate, equals, reason = text.partition("=")
        if not equals or not reason.strip():
            raise InputError(f"{text!r} is not GATE=REASON", where="infra promote --force")
        reasons[gate] = reason.strip()
    return reasons


def _rollback(arguments: Namespace, project: Project) -> ExitCode:
    from prefect_pulumi.app.release.rollout import RollbackRequest
    from prefect_pulumi.cli.output.prompt import confirmation

    project.stack(arguments.stack).rollback(RollbackRequest(arguments.to), confirm=confirmation(arguments))
    return ExitCode.DONE
