"""A failure as one clear message: on stderr, or as the one document of `--json`."""

from __future__ import annotations

import json
import re
import sys
from typing import Any

from prefect_pulumi.core.errors import DeployError, PartialFailureError, PrefectPulumiError, ProgramError
from prefect_pulumi.core.masking import current
from prefect_pulumi.core.values import mask
from prefect_pulumi.engine.operations import ManyErrors


def show_failure(error: PrefectPulumiError, *, as_json: bool) -> None:
    if as_json:
        document: dict[str, Any] = {
            "result": "failed",
            "exitCode": int(error.exit_code),
            "error": {
                "kind": type(error).__name__,
                "message": error.message,
                "where": error.where,
                "remedy": error.remedy,
            },
        }
        deployments: dict[str, Any] = {}
        for cause in error.errors if isinstance(error, ManyErrors) else (error,):
            if isinstance(cause, DeployError):
                deployments |= cause.results
            elif isinstance(cause, PartialFailureError):
                deployments |= cause.outputs.get("results") or {}
        if deployments:
            document["deployments"] = current().value(mask(deployments))
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
        return
    if isinstance(error, ProgramError) and error.details:
        sys.stderr.write(error.details)
    sys.stderr.write(f"error: {_NAMED.sub(_named, str(error))}\n")


_NAMED = re.compile(r"^urn:pulumi:[^:\n]+::[^:\n]+::([^\n]+?)::([^:\n]+)(?=: )", re.MULTILINE)
"""Whose fault a line of an error's text is: the URN before its first colon and blank."""


def _named(whose: re.Match[str]) -> str:
    """`Deployments flows` for its URN; the whole one is in the document of `--json`."""
    return f"{whose[1].rsplit(':', 1)[-1]} {whose[2]}"
