"""What a promotion writes to a stack that the official CLI keeps: updates, and the evidence of a verification.

Through the Automation API, with the program in this process, as `observe.automation_api` reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prefect_pulumi.app.events import Message
from prefect_pulumi.app.observe import automation_api
from prefect_pulumi.app.session.view import StackView
from prefect_pulumi.core.errors import OperationError, StateError
from prefect_pulumi.models.release_record import Verification
from prefect_pulumi.promotion.release_records import TYPE


def up(view: StackView) -> dict[str, int]:
    """Updates the stack; returns operation -> count. A stack that does not exist yet is created."""
    from pulumi.automation import errors

    cli = automation_api.select_stack(view.stack, view.output, create=True)

    def tell(line: str) -> None:
        if line.strip():
            view.sink.emit(Message("info", line.rstrip()))

    try:
        result = cli.up(on_output=tell)
    except errors.CommandError as error:
        raise OperationError(automation_api.error_lines(str(error)), where=f"pulumi up -s {view.name}") from error
    changes: Mapping[str, int] = result.summary.resource_changes or {}
    return {str(getattr(op, "value", op)): count for op, count in changes.items()}


def record_verification(view: StackView, verification: Verification) -> None:
    """Into the outputs of the state's `Release`, by the CLI's export and import."""
    cli = automation_api.select_stack(view.stack, view.output)
    exported = cli.export_stack()
    resources: list[dict[str, Any]] = (exported.deployment or {}).get("resources") or []
    for entry in resources:
        if entry.get("type") == TYPE and not entry.get("delete"):
            outputs = entry.setdefault("outputs", {})
            if verification.release not in {kept.get("id") for kept in outputs.get("kept") or ()}:
                break
            known = outputs.get("verifications") or {}
            outputs["verifications"] = {**known, verification.release: verification.document()}
            cli.import_stack(exported)
            return
    raise StateError(f"the stack no longer keeps {verification.release}: its verification cannot be recorded")
