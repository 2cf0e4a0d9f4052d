"""`infra drift`: the report of one stack. Exit code 0 in sync, 3 drift, 4 could not check."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import cast

from prefect_pulumi.cli.project import Stack
from prefect_pulumi.cli.reviewing import drift_report
from prefect_pulumi.errors import ExitCode, InputError
from prefect_pulumi.review.model import Report, Status

EXIT_CODES = {
    Status.IN_SYNC: ExitCode.DONE,
    Status.DRIFT: ExitCode.CHANGES_FOUND,
    Status.CANNOT_CHECK: ExitCode.CANNOT_CHECK,
}


def run(arguments: Namespace, stack: Stack) -> ExitCode:
    format = "json" if arguments.json else arguments.format
    report = drift_report(stack)
    write(report, format, arguments.out)
    return EXIT_CODES[report.status]


def renderer(format: str) -> Callable[[Report], str]:
    """Imports only the renderer that is asked for."""
    if format == "json":
        from prefect_pulumi.review.document import to_json

        return to_json
    module = import_module(f"prefect_pulumi.review.{format}")
    return cast(Callable[[Report], str], module.render)


def write(report: Report, format: str, out: str | None) -> None:
    """To the file, or to stdout. Raises `InputError` when the file cannot be written."""
    text = renderer(format)(report)
    if out is None:
        sys.stdout.write(text)
        return
    try:
        Path(out).write_text(text, "utf-8")
    except OSError as error:
        raise InputError(error.strerror or str(error), where=f"--out {out}") from error
