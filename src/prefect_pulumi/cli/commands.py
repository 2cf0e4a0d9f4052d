"""The commands of `infra`: each takes the parsed arguments and returns an exit code or raises."""

from __future__ import annotations

import shlex
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

from prefect_pulumi.app.session.recovery import settle, wake_server
from prefect_pulumi.cli.output import render
from prefect_pulumi.core.errors import ChangesFound, ConfigError, ExitCode, InputError
from prefect_pulumi.core.values import mask, unwrap
from prefect_pulumi.engine import operations
from prefect_pulumi.engine.operations import Result, StackContext
from prefect_pulumi.engine.plan.scope import Selection
from prefect_pulumi.engine.plan.steps import STACK_TYPE
from prefect_pulumi.engine.run.events import Event, Message
from prefect_pulumi.engine.run.run_state import Options
from prefect_pulumi.project.stack import PRIVATE, Stack, as_json, keep_salt_out_of_git
from prefect_pulumi.state.entries import Snapshot


class QuietSink:
    """For `--json`: stdout carries the document alone, warnings and errors go to stderr."""

    def emit(self, event: Event) -> None:
        if isinstance(event, Message) and event.severity in {"warning", "error"}:
            sys.stderr.write(f"{event.severity}: {event.text}\n")


RUNS_THE_PROGRAM = ("up", "preview", "refresh", "destroy", "drift", "adopt", "accept")
"""Commands that need the program, or the folder that it was deployed from: a pinned stack's is its release's."""


def run(arguments: Namespace, stack: Stack) -> ExitCode:
    """Dispatches on `arguments.command`."""
    if arguments.command == "config":
        return _config(arguments, stack)
    if stack.name and arguments.command in RUNS_THE_PROGRAM:
        pinned = stack.environment.get("release") is not None
        if arguments.command == "up" and (pinned or stack.promotion_file.is_file()):
            from prefect_pulumi.app.release import apply

            if apply.pending(stack):
                return apply.apply_pin(arguments, stack)
        if pinned:
            from prefect_pulumi.app.release import releases

            stack = releases.at_pin(stack)
        elif arguments.command == "up" and arguments.staged and not _is_first_stage(stack):
            sys.stderr.write(f"stack {stack.name} pins no release: nothing is brought up\n")
            return ExitCode.DONE
    return _COMMANDS[arguments.command](arguments, stack)


def _is_first_stage(stack: Stack) -> bool:
    from prefect_pulumi.promotion.stages import Stages

    return Stages.parse(stack.project.promotion).level(stack.name) == 0


def _options(arguments: Namespace) -> Options:
    if arguments.parallel < 1:
        raise InputError("--parallel must be at least 1", where="infra")
    if arguments.target and arguments.exclude:
        raise InputError("--target and --exclude cannot be given together", where="infra")
    return Options(
        selection=Selection(
            targets=(*arguments.target, *getattr(arguments, "target_replace", [])),
            excludes=tuple(arguments.exclude),
            replace=(*getattr(arguments, "replace", []), *getattr(arguments, "target_replace", [])),
            target_dependents=arguments.target_dependents,
            exclude_dependents=arguments.exclude_dependents,
        ),
        continue_on_error=getattr(arguments, "continue_on_error", False),
        parallel=arguments.parallel,
    )


def _sink(arguments: Namespace) -> Any:
    return QuietSink() if arguments.json else render.TerminalSink()


def _context(arguments: Namespace, stack: Stack, sink: Any, *, write: bool) -> StackContext:
    return stack.context(sink, write=write, output=sys.stderr if arguments.json else None)


def _confirm(arguments: Namespace, sink: Any) -> Any:
    """None with `--yes`; else shows the plan and asks. Without a terminal to ask on, it must be given."""
    if arguments.yes:
        return None
    if arguments.json or not sys.stdin.isatty():
        raise InputError("there is no terminal to ask on", where="infra", remedy="give --yes")

    def ask(result: Result) -> bool:
        render.plan(result, sink)
        return input("Go on? [y/N] ").strip().lower() in {"y", "yes"}

    return ask


def _finish(arguments: Namespace, sink: Any, result: Result, verb: str) -> ExitCode:
    if arguments.json:
        sys.stdout.write(as_json(render.document(arguments.command, arguments.stack, result)) + "\n")
    else:
        sink.close()
        render.done(result, sink, stack=arguments.stack, verb=verb)
    return ExitCode.DONE


def _up(arguments: Namespace, stack: Stack) -> ExitCode:
    sink = _sink(arguments)
    confirm = _confirm(arguments, sink)
    context = _context(arguments, stack, sink, write=True)
    result = operations.up(
        context,
        _options(arguments),
        refresh=arguments.refresh,
        confirm=confirm,
        expect_no_changes=arguments.expect_no_changes,
    )
    return _finish(arguments, sink, result, "Updated")


def _preview(arguments: Namespace, stack: Stack) -> ExitCode:
    sink = _sink(arguments)
    context = _context(arguments, stack, sink, write=False)
    result = operations.preview(context, _options(arguments), refresh=arguments.refresh)
    if arguments.json:
        sys.stdout.write(as_json(render.document("preview", arguments.stack, result)) + "\n")
    else:
        sink.close()
        render.plan(result, sink)
    if arguments.expect_no_changes and result.changed:
        if arguments.json:
            return ExitCode.CHANGES_FOUND
        raise ChangesFound("changes were found where none were expected")
    return ExitCode.DONE


def _refresh(arguments: Namespace, stack: Stack) -> ExitCode:
    sink = _sink(arguments)
    context = _context(arguments, stack, sink, write=True)
    result = operations.refresh(context, _options(arguments), expect_no_changes=arguments.expect_no_changes)
    return _finish(arguments, sink, result, "Refreshed")


def _destroy(arguments: Namespace, stack: Stack) -> ExitCode:
    sink = _sink(arguments)
    confirm = _confirm(arguments, sink)
    context = _context(arguments, stack, sink, write=True)
    wake_server(stack, context.backend.reader(stack.name).load(context.manager))
    result = operations.destroy(context, _options(arguments), confirm=confirm)
    return _finish(arguments, sink, result, "Destroyed")


def _outputs(arguments: Namespace, stack: Stack) -> ExitCode:
    reader = stack.backend.reader(stack.name)
    if not reader.exists():
        raise ConfigError(
            f"stack {stack.name} has not been made yet", where="infra", remedy=f"infra up -s {stack.name}"
        )
    snapshot = reader.load(stack.manager(write=False))
    outputs: dict[str, Any] = next((e.outputs for e in snapshot.resources if e.type == STACK_TYPE), {})
    shown = unwrap(outputs) if arguments.show_secrets else mask(outputs)
    if arguments.name is not None:
        if arguments.name not in shown:
            raise InputError(f"there is no output {arguments.name!r}", where="infra", remedy=f"one of: {sorted(shown)}")
        shown = shown[arguments.name]
    text = shown if isinstance(shown, str) and not arguments.json else as_json(shown)
    sys.stdout.write(text + "\n")
    return ExitCode.DONE


def _run(arguments: Namespace, stack: Stack) -> ExitCode:
    from prefect_pulumi.app import flow_runs

    return flow_runs.follow(arguments, stack)


def _import(arguments: Namespace, stack: Stack) -> ExitCode:
    """What is named, into the stack; with `--all` everything, into a project of its own."""
    from prefect_pulumi.app.imports import import_objects, import_server

    bring = import_server.run if arguments.all else import_objects.run
    return bring(arguments, stack, QuietSink())


def _status(arguments: Namespace, stack: Stack) -> ExitCode:
    if not stack.name:
        from prefect_pulumi.app import overview

        return overview.show(arguments, stack)
    from prefect_pulumi.app import workers

    return workers.show(arguments, stack)


def _drift(arguments: Namespace, stack: Stack) -> ExitCode:
    from prefect_pulumi.app.review import drift

    return drift.run(arguments, stack)


def _adopt(arguments: Namespace, stack: Stack) -> ExitCode:
    from prefect_pulumi.app.review import adopt

    return adopt.run(arguments, stack)


def _accept(arguments: Namespace, stack: Stack) -> ExitCode:
    from prefect_pulumi.app.review import accept

    return accept.run(arguments, stack)


def _review(arguments: Namespace, stack: Stack) -> ExitCode:
    from prefect_pulumi.app.review import branch_review

    return branch_review.run(arguments, stack)


def _release(arguments: Namespace, stack: Stack) -> ExitCode:
    from prefect_pulumi.app.release import releases

    return releases.run(arguments, stack)


def _verify(arguments: Namespace, stack: Stack) -> ExitCode:
    from prefect_pulumi.app.release import verify

    return verify.run(arguments, stack)


def _promote(arguments: Namespace, stack: Stack) -> ExitCode:
    from prefect_pulumi.app.release import promote

    return promote.run(arguments, stack)


def _rollback(arguments: Namespace, stack: Stack) -> ExitCode:
    from prefect_pulumi.app.release import apply

    return apply.rollback(arguments, stack)


def _env(arguments: Namespace, stack: Stack) -> ExitCode:
    """Exports with which the official CLI works on the same state. A stack that is not there yet is made, empty."""
    manager = stack.manager(write=True)
    settle(stack, QuietSink())
    writer = stack.backend.writer(stack.name)
    if not writer.exists():
        writer.save(Snapshot.empty(manager.salt_text), manager)
    keep_salt_out_of_git(stack.root)
    exports = stack.cli_environment
    if arguments.json:
        sys.stdout.write(as_json(exports) + "\n")
        return ExitCode.DONE
    for name, value in exports.items():
        sys.stdout.write(f"export {name}={shlex.quote(value)}\n")
    folders = [stack.root / PRIVATE / "bin", Path(sys.executable).parent]
    sys.stdout.write(f'export PATH={":".join(shlex.quote(str(folder)) for folder in folders)}:"$PATH"\n')
    return ExitCode.DONE


def _state(arguments: Namespace, stack: Stack) -> ExitCode:
    from prefect_pulumi.app import state_edits

    return state_edits.run(arguments, stack, QuietSink())


def _cancel(arguments: Namespace, stack: Stack) -> ExitCode:
    from prefect_pulumi.state.lock import clear_locks

    removed = clear_locks(stack.backend.root, stack.project.name, stack.name, force=arguments.force)
    sys.stdout.write(f"removed {removed} lock{'' if removed == 1 else 's'} of stack {stack.name}\n")
    settle(stack, QuietSink())
    return ExitCode.DONE


def _config(arguments: Namespace, stack: Stack) -> ExitCode:
    key = arguments.key if ":" in arguments.key else f"{stack.project.name}:{arguments.key}"
    if arguments.action == "get":
        values, _ = stack.config.values(stack.manager(write=False))
        if key not in values:
            raise ConfigError("the key is not set", where=f"Pulumi.{stack.name}.yaml: {key}", remedy="infra config set")
        sys.stdout.write(values[key] + "\n")
        return ExitCode.DONE
    value = arguments.value if arguments.value is not None else sys.stdin.read().rstrip("\n")
    manager = None
    if arguments.secret:
        manager = stack.manager(write=True)
        manager.verify()
        if not stack.config.salt:
            stack.config.set_salt(manager.salt_text)
            keep_salt_out_of_git(stack.root)
    stack.config.set(key, value, secret=arguments.secret, manager=manager, path=arguments.path)
    stack.config.save()
    return ExitCode.DONE


_COMMANDS = {
    "up": _up,
    "preview": _preview,
    "refresh": _refresh,
    "destroy": _destroy,
    "outputs": _outputs,
    "run": _run,
    "import": _import,
    "status": _status,
    "drift": _drift,
    "adopt": _adopt,
    "accept": _accept,
    "review": _review,
    "release": _release,
    "verify": _verify,
    "promote": _promote,
    "rollback": _rollback,
    "env": _env,
    "cancel": _cancel,
    "state": _state,
    "stack": _state,
}
