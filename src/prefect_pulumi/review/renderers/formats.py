"""The formats of a report, and the files that ask for them by their names."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from prefect_pulumi.review.model import Report

ANNOTATIONS = ("github", "sarif", "gitlab", "rdjson")
"""Formats of the diagnostics alone (`annotations.RENDERERS`)."""
FORMATS = ("text", "json", "markdown", "html", "junit", *ANNOTATIONS)
SUFFIXES = {
    ".txt": "text",
    ".json": "json",
    ".md": "markdown",
    ".html": "html",
    ".xml": "junit",
    ".sarif": "sarif",
    ".rdjson": "rdjson",
}


def format_of(file: str, default: str) -> str:
    return SUFFIXES.get(Path(file).suffix, default)


def render(report: Report, format: str) -> str:
    """`format`: one of `FORMATS`; only its renderer is imported."""
    if format == "json":
        from prefect_pulumi.review.renderers.document import to_json

        return to_json(report)
    if format in ANNOTATIONS:
        from prefect_pulumi.review.renderers.annotations import RENDERERS

        said = (diagnostic for environment in report.environments for diagnostic in environment.diagnostics)
        return RENDERERS[format](list(dict.fromkeys(said)))
    module = import_module(f"prefect_pulumi.review.renderers.{format}")
    return cast("Callable[[Report], str]", module.render)(report)
