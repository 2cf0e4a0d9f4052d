"""Reports of drift and reviews, in the format that is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import cast

from prefect_pulumi.cli.output.text import write_text
from prefect_pulumi.review.model import Report

SUFFIXES = {".txt": "text", ".json": "json", ".md": "markdown", ".html": "html", ".xml": "junit"}


def write_report(report: Report, format: str | None, files: Sequence[str], *, default: str) -> None:
    """To each file, in the format that is asked for or that its name ends with; without files to stdout.

    Raises `InputError` when a file cannot be written.
    """
    if not files:
        write_text(_renderer(format or default)(report), None)
    for name in files:
        chosen = format or SUFFIXES.get(Path(name).suffix, default)
        write_text(_renderer(chosen)(report), name)


def _renderer(format: str) -> Callable[[Report], str]:
    """Imports only the renderer that is asked for."""
    if format == "json":
        from prefect_pulumi.review.renderers.document import to_json

        return to_json
    module = import_module(f"prefect_pulumi.review.renderers.{format}")
    return cast(Callable[[Report], str], module.render)
