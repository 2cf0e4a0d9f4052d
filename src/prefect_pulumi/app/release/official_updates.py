"""What a promotion writes to a stack that the official CLI keeps: updates, and the evidence of a verification.

Through the Automation API, with the program in this process, as `remote` reads.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, TextIO

from prefect_pulumi.app.observe import automation_api
from prefect_pulumi.core.errors import CannotCheckError, OperationError, StateError
from prefect_pulumi.project.stack import Stack
from prefect_pulumi.promotion.release_records import TYPE, Verification
from prefect_pulumi.state.entries import Snapshot


def snapshot(stack: Stack) -> Snapshot:
    """The state, secrets hidden; empty for a stack that is not there yet."""
    try:
        opened = automation_api.opened(stack, sys.stderr)
    except CannotCheckError as error:
        if "no stack named" in error.message:
            return Snapshot.empty()
        raise
    return automation_api.snapshot_of(opened)


def up(stack: Stack, output: TextIO | None) -> dict[str, int]:
    """Brings the stack up; returns operation -> count. A stack that is not there yet is made."""
    from pulumi.automation import errors

    opened = automation_api.opened(stack, output, create=True)
    try:
        result = opened.up(on_output=_said)
    except errors.CommandError as error:
        raise OperationError(automation_api.words(str(error)), where=f"pulumi up -s {stack.name}") from error
    changes: Mapping[str, int] = result.summary.resource_changes or {}
    return {str(getattr(op, "value", op)): count for op, count in changes.items()}


def _said(line: str) -> None:
    if line.strip():
        sys.stderr.write(line.rstrip() + "\n")


def record(stack: Stack, found: Verification) -> None:
    """Into the outputs of the state's `Release`, by the CLI's export and import."""
    opened = automation_api.opened(stack, sys.stderr)
    exported = opened.export_stack()
    resources: list[dict[str, Any]] = (exported.deployment or {}).get("resources") or []
    for entry in resources:
        if entry.get("type") == TYPE and not entry.get("delete"):
            outputs = entry.setdefault("outputs", {})
            if found.release not in {each.get("id") for each in outputs.get("kept") or ()}:
                break
            outputs["verifications"] = {**(outputs.get("verifications") or {}), found.release: found.document()}
            opened.import_stack(exported)
            return
    raise StateError(f"the stack no longer keeps {found.release}: its verification cannot be recorded")
