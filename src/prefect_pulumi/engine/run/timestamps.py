"""Timestamps of state entries (`created`, `modified`: RFC 3339, UTC)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from prefect_pulumi.engine.plan.steps import Op
from prefect_pulumi.state.entries import ResourceEntry


def now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def stamped(entry: ResourceEntry, old: ResourceEntry | None, op: Op) -> ResourceEntry:
    """`entry` with the times that `op` gives it, `old` being the entry before."""
    if old is None or op in {Op.CREATE, Op.REPLACE, Op.IMPORT}:
        return replace(entry, created=now(), modified=now())
    if op is Op.UPDATE:
        return replace(entry, created=old.created, modified=now())
    kept = {key: value for key, value in old.extra.items() if key != "hideDiff"}
    return replace(entry, created=old.created, modified=old.modified, extra={**kept, **entry.extra})
