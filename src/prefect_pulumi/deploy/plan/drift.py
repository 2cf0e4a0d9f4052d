"""What the server has against what was last deployed; pure.

Both sides are in the server's own spelling, so a difference is an edit and never a matter of form.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prefect_pulumi.core.diffs import ABSENT
from prefect_pulumi.deploy.file.fields import Fields, differences, dotted, live_fields, without_ui
from prefect_pulumi.deploy.plan.ownership import Owner, owner_label

UI = "ui_owns"
_FROM_CODE = ("description",)
_CARRIED = ("triggers", UI)
"""Of an entry, what the server does not know: it stays as it was deployed."""


def ui_of(entry: Mapping[str, Any] | None) -> tuple[str, ...]:
    """What the UI owns of a deployment, as its entry in the state says."""
    return tuple((entry or {}).get(UI, ()))


def read_back(
    row: Mapping[str, Any],
    automations: Mapping[str, Any],
    entry: Mapping[str, Any] | None,
    agreements: Mapping[str, Any] | None = None,
) -> Fields:
    """A live deployment as an entry; `entry`: the one that it is compared with, whose schedules give theirs a name;
    `agreements`: as `live.read_agreements` gives them, None where none were read."""
    fields = live_fields(row, ui_of(entry), automations, (entry or {}).get("schedules"))
    if agreements is not None:
        fields["sla"] = dict(agreements)
    return fields | {name: entry[name] for name in _CARRIED if entry and name in entry}


def wanted(declared: Fields, drift: Mapping[str, Any]) -> Fields:
    """What a deploy leads back to: what the file declares, and of what it leaves to the code (a description) what the
    last deploy made of it."""
    applied = drift.get("applied") or {}
    return {**{name: applied[name] for name in _FROM_CODE if name in applied}, **declared}


def drift_of(applied: Fields, live: Fields, row: Mapping[str, Any], owner: Owner, id: str) -> dict[str, Any]:
    """`{"changes": {path: {"applied", "live"}}, "applied": the whole entry, "updated", "updated_by"}`, or {} for none.

    `updated` is the server's time of the last write to the deployment, whoever made it; `updated_by` is known where
    the server has accounts.
    """
    before = without_ui(dict(applied), ui_of(applied))
    changes = {
        dotted(path): {"applied": None if old is ABSENT else old, "live": None if new is ABSENT else new}
        for path, (old, new) in differences(before, live).items()
    }
    if not owner.owns(row, id):
        changes["owner"] = {"applied": f"stack {owner}", "live": owner_label(row)}
    if not changes:
        return {}
    return {
        "changes": changes,
        "applied": applied,
        "updated": row.get("updated"),
        "updated_by": (row.get("updated_by") or {}).get("display_value"),
    }
