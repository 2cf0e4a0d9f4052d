"""Entry point of `infra`: arguments in, exit code out. What a command needs is imported when it runs."""

from __future__ import annotations

import gc
import os
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from prefect_pulumi.cli.commands import (
    completion,
    config,
    doctor,
    drift,
    history,
    imports,
    init,
    operate,
    reference,
    releases,
    runs,
    stack,
    state,
)
from prefect_pulumi.cli.parser import DEFAULT, EPILOG, GroupedParser, Options, Version
from prefect_pulumi.core.display_text import printable
from prefect_pulumi.core.errors import ExitCode, InterruptedRun, OperationError, PrefectPulumiError
from prefect_pulumi.core.interruption import PROCESS
from prefect_pulumi.core.masking import Masker, masking
from prefect_pulumi.process.signals import end_process, signals
from prefect_pulumi.process.streams import take_over_streams

GROUPS = {
    "start": (init, imports, doctor, completion),
    "deploy": (operate, runs),
    "drift": (drift, history),
    "release": (releases,),
    "state and config": (config, stack, state),
    "reference": (reference,),
}
"""The commands in the help."""


def make_parser() -> GroupedParser:
    parser = GroupedParser(prog="infra", description="Infrastructure as code for Prefect.", epilog=EPILOG)
    parser.add_argument("--version", action=Version, nargs=0, help="print the version and exit")
    options = Options(parser)
    for title, modules in GROUPS.items():
        with parser.group(title):
            for module in modules:
                module.register(parser.commands, options)
    return parser


def run() -> NoReturn:
    """The command `infra`: a process of its own, from its start to its end."""
    # A run makes hundreds of thousands of objects that live to its end: the default thresholds would look through
    # them again and again, and so would the interpreter once more before it ends.
    gc.set_threshold(500_000, 20, 100)
    # Requests go on while the program's registrations keep the interpreter busy: each takes several turns of it.
    sys.setswitchinterval(0.0005)
    take_over_streams(as_document=any(word == "--json" or word.startswith("--annotations") for word in sys.argv[1:]))
    with signals():
        code = main()
    if PROCESS.requested:
        end_process(code)
    sys.stdout.flush()
    gc.freeze()
    sys.exit(code)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code (`errors.ExitCode`)."""
    with masking() as masker:
        try:
            return _run(argv)
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - a fault of the toolkit itself is one line too
            from prefect_pulumi.cli.output.failure import show_failure

            failure = _failure(error, masker)
            show_failure(failure, as_json="--json" in (sys.argv[1:] if argv is None else argv))
            return int(failure.exit_code)


def _failure(error: Exception | KeyboardInterrupt, masker: Masker) -> PrefectPulumiError:
    """What is shown; of a fault of the toolkit the masked traceback goes into a file that only its owner reads."""
    if isinstance(error, PrefectPulumiError):
        masker.error(error)
        return error
    if isinstance(error, KeyboardInterrupt):
        return InterruptedRun("interrupted: no operation was in progress, the lock is released")
    report = masker.text("".join(traceback.format_exception(error)))
    descriptor, path = tempfile.mkstemp(prefix="infra-", suffix=".log")
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
        file.write(report)
    last_line = report.strip().splitlines()[-1]
    return OperationError(f"unexpected {type(error).__name__}", where="infra", remedy=f"{last_line}; all of it: {path}")


def _run(argv: Sequence[str] | None) -> int:
    arguments = make_parser().parse_args(argv)
    if arguments.printer is not None:
        arguments.printer(arguments)
        return int(ExitCode.DONE)
    from prefect_pulumi.core.folders import protect
    from prefect_pulumi.project.layout import work_folder
    from prefect_pulumi.project.stack import Stack, find_root

    in_project = arguments.in_project(arguments) if callable(arguments.in_project) else arguments.in_project
    root = find_root() if in_project else Path.cwd()
    protect(work_folder(root))
    name = getattr(arguments, "stack", "")
    if name is None:
        name = arguments.stack = _default_stack(root) if in_project else DEFAULT
    if in_project and name:
        Stack(root, name).prefetch_key()  # derived while the modules of the command are imported
    from prefect_pulumi.app.project import Project
    from prefect_pulumi.cli.output.terminal import make_sink

    sink = make_sink(as_json=arguments.json, shows_steps=getattr(arguments, "shows_steps", False))
    is_document = arguments.json or getattr(arguments, "annotations", None) is not None
    to_stdout = getattr(arguments, "program_output", "") == "stdout" and not is_document
    project = Project(root, sink=sink, output=None if to_stdout else sys.stderr)
    try:
        return int(arguments.handler(arguments, project) or ExitCode.DONE)
    finally:
        sink.close()


def _default_stack(root: Path) -> str:
    """The selected stack; it is named when it is another one than the default, since the command line does not."""
    from prefect_pulumi.project.selection import selected_stack

    selected = selected_stack(root)
    if selected not in {"", DEFAULT}:
        sys.stderr.write(f"stack {printable(selected)} is selected; -s names another one\n")
    return selected or DEFAULT


if __name__ == "__main__":
    run()
