"""`infra drift`: the report of one stack. Exit code 0 in sync, 3 drift, 4 could not check."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import cast

from prefect_pulumi.app.review.drift_report import drift_report
from prefect_pulumi.core.errors import ExitCode, InputError
from prefect_pulumi.project.stack import Stack
from prefect_pulumi.review.model import Report, Status

EXIT_CODES = {
    Status.IN_SYNC: ExitCode.DONE,
    Status.DRIFT: ExitCode.CHANGES_FOUND,
    Status.CANNOT_CHECK: ExitCode.CANNOT_CHECK,
}


def run(arguments: Namespace, stack: Stack) -> ExitCode:
    report = drift_report(stack, cli=arguments.cli)
    write(report, "json" if arguments.json else arguments.format, arguments.out, usual="text")
    return EXIT_CODES[report.status]


def renderer(format: str) -> Callable[[Report], str]:
    """Imports only the renderer that is asked for."""
    if format == "json":
        from prefect_pulumi.review.renderers.document import to_json

        return to_json
    module = import_module(f"prefect_pulumi.review.renderers.{format}")
    return cast(Callable[[Report], str], module.render)


SUFFIXES = {".txt": "text", ".json": "json", ".md": "markdown", ".html": "html", ".xml": "junit"}


def write(report: Report, format: str | None, files: Sequence[str], *, usual: str) -> None:
    """To each file, in the format that is asked for or that its name ends with; without files to stdout.

    Raises `InputError` when a file cannot be written.
    """
    if not files:
        sys.stdout.write(renderer(format or usual)(report))
    for name in files:
        path = Path(name)
        text = renderer(format or SUFFIXES.get(path.suffix, usual))(report)
        try:
            path.write_text(text, "utf-8")
        except OSError as error:
            raise InputError(error.strerror or str(error), where=f"--out {name}") from error
