"""A fault, warning or note with its place in a file: one value, which `review.renderers.annotations` writes in the
forms that code hosts and editors read."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from prefect_pulumi.core.display_text import printable


class Severity(StrEnum):
    """An error stops the command."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """`file`: relative to the repository, with `/`. `line` and `column` count from 1, in characters. `code`: which
    rule, one of `CODES`. `message`: what is wrong; `remedy`: what to do, where more is to be said."""

    file: str
    line: int
    column: int
    severity: Severity
    code: str
    message: str
    remedy: str = ""

    @property
    def text(self) -> str:
        """Message and remedy, printable."""
        return printable(f"{self.message}\n-> {self.remedy}" if self.remedy else self.message)


CODES = {
    "prefect-yaml": "A deployment file has to deploy as it is written.",
    "project-file": "Pulumi.yaml has to name project, program and backend.",
    "rules-file": "The rules of reviews have to be well-formed.",
    "stack-file": "The config of a stack has to be well-formed and complete.",
}
"""Rules: code -> what they ask for."""


def code_of(file: str) -> str:
    """The rule of a file, by its name; a deployment file may have any name."""
    name = file.rpartition("/")[2]
    if name in {"Pulumi.yaml", "Pulumi.yml"}:
        return "project-file"
    if name.startswith("Pulumi."):
        return "stack-file"
    return "rules-file" if name == "review.yaml" else "prefect-yaml"
