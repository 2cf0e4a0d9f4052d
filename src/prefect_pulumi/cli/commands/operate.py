"""`infra up`, `preview`, `refresh`, `destroy` and `outputs`."""

from __future__ import annotations

import shlex
import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prefect_pulumi.cli.output.text import write_text
from prefect_pulumi.cli.parser import Options, add_command, request_of
from prefect_pulumi.core.errors import ChangesFound, ExitCode, InputError
from prefect_pulumi.review.renderers.formats import ANNOTATIONS

if TYPE_CHECKING:
    from prefect_pulumi.app.operations import PreviewRequest
    from prefect_pulumi.app.project import Project
    from prefect_pulumi.app.saved_plan import SavedPlan
    from prefect_pulumi.engine.operations import Result
    from prefect_pulumi.engine.plan.scope import Selection


def register(commands: Any, options: Options) -> None:
    shown = {"shows_steps": True, "program_output": "stdout"}
    scope = (options.stack, options.scope, options.expect)
    about = "create or update the stack's resources and deployments"
    up = add_command(commands, "up", _up, about, *scope, options.yes, options.refresh, options.replace, **shown)
    up.flag("--adopt", help="take over objects that the program declares and the server has already")
    up.add_argument(
        "--plan", metavar="FILE", help="carry out this plan of `preview --save-plan`, or refuse; asks nothing"
    )
    up.flag("--staged", help="after the first stage: deploy only a pinned release")
    up.flag("--continue-on-error", help="keep going with resources that do not depend on a failed one")
    about = "show the planned changes and deployments; change nothing"
    preview = add_command(commands, "preview", _preview, about, *scope, options.refresh, options.replace, **shown)
    preview.flag("--adopt", help="show what `up --adopt` would take over")
    preview.add_argument("--save-plan", metavar="FILE", help="keep the plan, for approval and `up --plan`")
    about = "faults and warnings of files on stdout, for a code host or editor, in place of the program's output"
    preview.add_argument("--annotations", choices=ANNOTATIONS, help=about)
    about = "update the state from the live objects"
    refresh = add_command(commands, "refresh", _refresh, about, *scope, options.yes, **shown)
    refresh.flag("--clear-pending-creates", help="forget interrupted creates whose result is not known")
    about = "delete all resources of the stack"
    add_command(commands, "destroy", _destroy, about, options.stack, options.scope, options.yes, **shown)
    outputs = add_command(commands, "outputs", _outputs, "print the stack's outputs", options.stack)
    outputs.add_argument("name", nargs="?", help="only this one")
    outputs.flag("--show-secrets", help="print secret values in plain text")


def selection_of(arguments: Namespace) -> Selection:
    from prefect_pulumi.engine.plan.scope import Selection

    both = tuple(getattr(arguments, "target_replace", ()))
    replace = (*getattr(arguments, "replace", ()), *both)
    targets, excludes = (*arguments.target, *both), tuple(arguments.exclude)
    return Selection(targets, excludes, replace, arguments.target_dependents, arguments.exclude_dependents)


def _up(arguments: Namespace, project: Project) -> None:
    from prefect_pulumi.app.operations import UpRequest
    from prefect_pulumi.cli.output.prompt import confirmation

    plan = _plan_of(arguments)
    request = request_of(UpRequest, arguments, selection=selection_of(arguments), plan=plan)
    confirm = confirmation(arguments) if plan is None else None  # the plan was approved
    done = project.stack(arguments.stack).up(request, confirm=confirm)
    if done.result is not None:
        _show(arguments, done.result, "Updated")


def _preview(arguments: Namespace, project: Project) -> ExitCode | None:
    from prefect_pulumi.app.operations import PreviewRequest

    request = request_of(PreviewRequest, arguments, selection=selection_of(arguments))
    plan: SavedPlan | None = None
    if arguments.save_plan is not None:
        result, plan = _saved_preview(arguments, project, request)
    elif arguments.annotations is None:
        result = project.stack(arguments.stack).preview(request)
    else:
        result = _annotated_preview(arguments, project, request)
    _show(arguments, result, "")
    if plan is not None and not arguments.json:
        sys.stderr.write(
            f"plan {plan.checksum} is kept in {plan.where}; to carry it out: {_up_with(plan, arguments)}\n"
        )
    if arguments.expect_no_changes and result.changed:
        if arguments.json:
            return ExitCode.CHANGES_FOUND
        raise ChangesFound("changes were found where none were expected")
    return None


def _saved_preview(arguments: Namespace, project: Project, request: PreviewRequest) -> tuple[Result, SavedPlan]:
    if arguments.annotations is not None:
        raise InputError("--save-plan and --annotations cannot be given together", where="infra preview")
    result, plan = project.stack(arguments.stack).plan(request)
    write_text(plan.text, arguments.save_plan, option="--save-plan")
    return result, plan


def _up_with(plan: SavedPlan, arguments: Namespace) -> str:
    return shlex.join(["infra", "up", "-s", arguments.stack, "--plan", plan.where])


def _plan_of(arguments: Namespace) -> SavedPlan | None:
    if arguments.plan is None:
        return None
    from prefect_pulumi.app.saved_plan import SavedPlan

    try:
        text = Path(arguments.plan).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise InputError(f"the plan cannot be read: {reason}", where=f"--plan {arguments.plan}") from error
    return SavedPlan(text, arguments.plan)


def _annotated_preview(arguments: Namespace, project: Project, request: PreviewRequest) -> Result:
    from prefect_pulumi.app.events import DiagnosticCollector
    from prefect_pulumi.cli.output.annotations import annotated

    if arguments.json:
        raise InputError("--json and --annotations cannot be given together", where="infra preview")
    collector = DiagnosticCollector(project.sink)
    with annotated(project.root, [(arguments.annotations, None)], lambda: collector.diagnostics, always=True):
        return project.heard_by(collector).stack(arguments.stack).preview(request)


def _refresh(arguments: Namespace, project: Project) -> None:
    from prefect_pulumi.app.operations import RefreshRequest

    request = request_of(RefreshRequest, arguments, selection=selection_of(arguments))
    _show(arguments, project.stack(arguments.stack).refresh(request), "Refreshed")


def _destroy(arguments: Namespace, project: Project) -> None:
    from prefect_pulumi.app.operations import DestroyRequest
    from prefect_pulumi.cli.output.prompt import confirmation

    request = request_of(DestroyRequest, arguments, selection=selection_of(arguments))
    result = project.stack(arguments.stack).destroy(request, confirm=confirmation(arguments))
    _show(arguments, result, "Destroyed")


def _show(arguments: Namespace, result: Result, verb: str) -> None:
    """`verb`: what was done; "" for a preview."""
    from prefect_pulumi.app.documents import update_document
    from prefect_pulumi.app.update_text import plan_lines, result_lines
    from prefect_pulumi.cli.output.terminal import print_lines
    from prefect_pulumi.cli.output.text import print_json

    if arguments.json:
        print_json(update_document(arguments.command, arguments.stack, result))
    else:
        print_lines(result_lines(result, stack=arguments.stack, verb=verb) if verb else plan_lines(result))


def _outputs(arguments: Namespace, project: Project) -> None:
    from prefect_pulumi.cli.output.text import print_json, write_text
    from prefect_pulumi.core.values import mask, unwrap

    outputs = project.stack(arguments.stack).outputs()
    shown = unwrap(outputs) if arguments.show_secrets else mask(outputs)
    if arguments.name is not None:
        if arguments.name not in shown:
            raise InputError(f"there is no output {arguments.name!r}", where="infra", remedy=f"one of: {sorted(shown)}")
        shown = shown[arguments.name]
    if isinstance(shown, str) and not arguments.json:
        write_text(shown + "\n")
    else:
        print_json(shown)
