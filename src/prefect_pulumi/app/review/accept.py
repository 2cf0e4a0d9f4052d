"""`infra accept`: writes an acceptance into `review.yaml`, for the next pull request to review."""

from __future__ import annotations

import sys
from argparse import Namespace
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from prefect_pulumi.app.review.adopt import chosen_items
from prefect_pulumi.app.review.drift_report import RULES_FILE, drift_report
from prefect_pulumi.core.errors import ExitCode, InputError
from prefect_pulumi.core.yaml_source import decode
from prefect_pulumi.project.stack import Stack
from prefect_pulumi.review.model import Class, Item
from prefect_pulumi.review.remedies import reference
from prefect_pulumi.review.rules import Rules


def run(arguments: Namespace, stack: Stack) -> ExitCode:
    """Only drift that is there can be accepted, and with the values that are live now."""
    try:
        expires = date.fromisoformat(arguments.expires)
    except ValueError as error:
        raise InputError(
            f"{arguments.expires!r} is no day such as 2026-12-31", where="infra accept --expires"
        ) from error
    path = stack.home / RULES_FILE
    text = decode(path.read_bytes(), RULES_FILE) if path.is_file() else ""
    rules = Rules.parse(text, RULES_FILE)
    if expires < rules.today:
        raise InputError(f"{expires} is over", where="infra accept --expires", remedy="give a day to come")
    items = drift_report(stack).environments[0].items
    unmanaged = [item for item in items if item.cls is Class.UNMANAGED_LIVE and reference(item) in arguments.objects]
    rest = [name for name in arguments.objects if name not in {reference(item) for item in unmanaged}]
    chosen = [*unmanaged, *(chosen_items(items, rest) if rest else [])]
    entries = [_entry(item, arguments.owner, arguments.reason, expires, stack.name) for item in chosen]
    new = added(text, entries)
    Rules.parse(new, RULES_FILE)
    _write(path, new)
    for item in chosen:
        sys.stdout.write(f"accepted until {expires}: {reference(item)} (in {RULES_FILE}; commit it)\n")
    return ExitCode.DONE


def _entry(item: Item, owner: str, reason: str, expires: date, stack: str) -> dict[str, Any]:
    drifted = [change for change in item.fields if change.cls.is_drift]
    fields: dict[str, Any] | list[str] = {change.path: change.live.value for change in drifted}
    if any(change.live.kind == "secret" for change in drifted):
        fields = [change.path for change in drifted]
    entry: dict[str, Any] = {"object": reference(item), "stacks": [stack]}
    return entry | ({"fields": fields} if fields else {}) | {"owner": owner, "reason": reason, "expires": expires}


def added(text: str, entries: list[dict[str, Any]]) -> str:
    """The file with more acceptances, its comments and its other lines as they were."""
    dumped = yaml.safe_dump(entries, sort_keys=False, allow_unicode=True, width=10**9)
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    start = next((i for i, line in enumerate(lines) if line.startswith("accepted:")), None)
    if start is None:
        return "".join(lines) + "accepted:\n" + dumped
    lines[start] = (
        "accepted:\n" if lines[start].split("#")[0].strip() in ("accepted:", "accepted: []") else lines[start]
    )
    first = next((line for line in lines[start + 1 :] if line.lstrip().startswith("- ")), "- ")
    indent = " " * (len(first) - len(first.lstrip()))
    block = "".join(indent + line for line in dumped.splitlines(keepends=True))
    return "".join(lines[: start + 1]) + block + "".join(lines[start + 1 :])


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise InputError(error.strerror or str(error), where=path.name) from error
