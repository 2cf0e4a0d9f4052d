"""A failure as one clear message: on stderr, or as the one document of `--json`."""

from __future__ import annotations

import re
import sys

from prefect_pulumi.core.display_text import printable
from prefect_pulumi.core.errors import PrefectPulumiError, ProgramError


def show_failure(error: PrefectPulumiError, *, as_json: bool) -> None:
    if as_json:
        from prefect_pulumi.app.documents import failure_document
        from prefect_pulumi.cli.output.text import print_json

        print_json(failure_document(error))
        return
    if isinstance(error, ProgramError) and error.details:
        sys.stderr.write(printable(error.details))
    sys.stderr.write(f"error: {printable(_SUBJECT.sub(_short_name, str(error)))}\n")


_SUBJECT = re.compile(r"^urn:pulumi:[^:\n]+::[^:\n]+::([^\n]+?)::([^:\n]+)(?=: )", re.MULTILINE)
"""The resource that a line of an error's text begins with: the URN before its first colon and blank."""


def _short_name(subject: re.Match[str]) -> str:
    """`Deployments flows` for its URN; the whole one is in the document of `--json`."""
    return f"{subject[1].rsplit(':', 1)[-1]} {subject[2]}"
