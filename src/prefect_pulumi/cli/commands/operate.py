"""`infra up`, `preview`, `refresh`, `destroy` and `outputs`."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

from prefect_pulumi.cli.parser import Options
from prefect_pulumi.core.errors import ChangesFound, ExitCode, InputError

if TYPE_CHECKING:
    from prefect_pulumi.app.project import Project
    from prefect_pulumi.engine.operations import Result
    from prefect_pulumi.engine.plan.scope import Selection


def register(commands: Any, options: Options) -> None:
    selecting = [options.stack, options.scope, options.expect]
    up = commands.add_parser(
        "up",
        parents=[*selecting, options.yes, options.refresh, options.replace],
        help="create or update the stack's resources and deployments",
    )
    up.add_argument("--staged", action="store_true", help="after the first stage: deploy only a pinned release")
    up.add_argument(
        "--continue-on-error", action="store_true", help="keep going with resources that do not depend on a failed one"
    )
    preview = commands.add_parser(
        "preview",
        parents=[*selecting, options.refresh, options.replace],
        help="show the planned changes and deployments; change nothing",
    )
    refresh = commands.add_parser(
        "refresh", parents=[*selecting, options.yes], help="update the state from the live objects"
    )
    destroy = commands.add_parser(
        "destroy", parents=[options.stack, options.scope, options.yes], help="delete all resources of the stack"
    )
    for parser, handler in ((up, _up), (preview, _preview), (refresh, _refresh), (destroy, _destroy)):
        parser.set_defaults(handler=handler, shows_steps=True, program_output="stdout")
    outputs = commands.add_parser("outputs", parents=[options.stack], help="print the stack's outputs")
    outputs.add_argument("name", nargs="?", help="only this one")
    outputs.add_argument("--show-secrets", action="store_true", help="print secret values in plain text")
    outputs.set_defaults(handler=_outputs)


def selection_of(arguments: Namespace) -> Selection:
    from prefect_pulumi.engine.plan.scope import Selection

    both = tuple(getattr(arguments, "target_replace", ()))
    return Selection(
        targets=(*arguments.target, *both),
        excludes=tuple(arguments.exclude),
        replace=(*getattr(arguments, "replace", ()), *both),
        target_dependents=arguments.target_dependents,
        exclude_dependents=arguments.exclude_dependents,
    )


def _up(arguments: Namespace, project: Project) -> ExitCode:
    from prefect_pulumi.app.operations import UpRequest
    from prefect_pulumi.cli.output.prompt import confirmation

    request = UpRequest(
        selection_of(arguments),
        arguments.parallel,
        refresh=arguments.refresh,
        expect_no_changes=arguments.expect_no_changes,
        continue_on_error=arguments.continue_on_error,
        staged=arguments.staged,
    )
    result = project.stack(arguments.stack).up(request, confirm=confirmation(arguments))
    if result.result is not None:
        _show(arguments, result.result, "Updated")
    return ExitCode.DONE


def _preview(arguments: Namespace, project: Project) -> ExitCode:
    from prefect_pulumi.app.operations import PreviewRequest
    from prefect_pulumi.cli.output import updates

    request = PreviewRequest(selection_of(arguments), arguments.parallel, refresh=arguments.refresh)
    result = project.stack(arguments.stack).preview(request)
    if arguments.json:
        updates.print_document("preview", arguments.stack, result)
    else:
        updates.print_plan(result)
    if arguments.expect_no_changes and result.changed:
        if arguments.json:
            return ExitCode.CHANGES_FOUND
        raise ChangesFound("changes were found where none were expected")
    return ExitCode.DONE


def _refresh(arguments: Namespace, project: Project) -> ExitCode:
    from prefect_pulumi.app.operations import RefreshRequest

    request = RefreshRequest(selection_of(arguments), arguments.parallel, expect_no_changes=arguments.expect_no_changes)
    _show(arguments, project.stack(arguments.stack).refresh(request), "Refreshed")
    return ExitCode.DONE


def _destroy(arguments: Namespace, project: Project) -> ExitCode:
    from prefect_pulumi.app.operations import DestroyRequest
    from prefect_pulumi.cli.output.prompt import confirmation

    request = DestroyRequest(selection_of(arguments), arguments.parallel)
    result = project.stack(arguments.stack).destroy(request, confirm=confirmation(arguments))
    _show(arguments, result, "Destroyed")
    return ExitCode.DONE


def _show(arguments: Namespace, result: Result, verb: str) -> None:
    from prefect_pulumi.cli.output import updates

    if arguments.json:
        updates.print_document(arguments.command, arguments.stack, result)
    else:
        updates.print_done(result, stack=arguments.stack, verb=verb)


def _outputs(arguments: Namespace, project: Project) -> ExitCode:
    from prefect_pulumi.cli.output.text import as_json, write_out
    from prefect_pulumi.core.values import mask, unwrap

    outputs = project.stack(arguments.stack).outputs()
    shown = unwrap(outputs) if arguments.show_secrets else mask(outputs)
    if arguments.name is not None:
        if arguments.name not in shown:
            raise InputError(f"there is no output {arguments.name!r}", where="infra", remedy=f"one of: {sorted(shown)}")
        shown = shown[arguments.name]
    write_out(shown if isinstance(shown, str) and not arguments.json else as_json(shown))
    return ExitCode.DONE
