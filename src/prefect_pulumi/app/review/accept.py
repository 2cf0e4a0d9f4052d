"""Acceptances of drift in `review.yaml`, for the next pull request to review."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from prefect_pulumi.app.review.adopt import chosen_items
from prefect_pulumi.app.review.drift_report import drift_report
from prefect_pulumi.app.session.view import StackView
from prefect_pulumi.core.errors import InputError
from prefect_pulumi.core.yaml_source import decode
from prefect_pulumi.project.stack import RULES_FILE
from prefect_pulumi.review.edits.acceptances import added
from prefect_pulumi.review.model import Class, Item
from prefect_pulumi.review.remedies import reference
from prefect_pulumi.review.rules import Rules


@dataclass(frozen=True, slots=True)
class AcceptRequest:
    """`objects`: names such as `WorkPool etl`. `expires`: the last day on which the acceptance holds."""

    objects: tuple[str, ...]
    owner: str
    reason: str
    expires: date


def accept(view: StackView, request: AcceptRequest) -> list[str]:
    """Accepts drift with its present live values; returns the names of the accepted objects.

    Raises `InputError` for a date in the past, for a name that matches no drift and for a broken `review.yaml`.
    """
    path = view.stack.project_dir / RULES_FILE
    text = decode(path.read_bytes(), RULES_FILE) if path.is_file() else ""
    rules = Rules.parse(text, RULES_FILE)
    if request.expires < rules.today:
        raise InputError(
            f"{request.expires} is in the past", where="infra accept --expires", remedy="give a later date"
        )
    items = drift_report(view, patches=False).environments[0].items
    unmanaged = [item for item in items if item.cls is Class.UNMANAGED_LIVE and reference(item) in request.objects]
    names = [name for name in request.objects if name not in {reference(item) for item in unmanaged}]
    chosen = [*unmanaged, *(chosen_items(items, names) if names else [])]
    new = added(text, [_entry(item, request, view.name) for item in chosen], RULES_FILE)
    Rules.parse(new, RULES_FILE)
    _write(path, new)
    return [reference(item) for item in chosen]


def _entry(item: Item, request: AcceptRequest, stack: str) -> dict[str, Any]:
    drifted = [change for change in item.fields if change.cls.is_drift]
    fields: dict[str, Any] | list[str] = {change.path: change.live.value for change in drifted}
    if any(change.live.kind == "secret" for change in drifted):
        fields = [change.path for change in drifted]
    entry: dict[str, Any] = {"object": reference(item), "stacks": [stack]}
    evidence = {"owner": request.owner, "reason": request.reason, "expires": request.expires}
    return entry | ({"fields": fields} if fields else {}) | evidence


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise InputError(error.strerror or str(error), where=path.name) from error
