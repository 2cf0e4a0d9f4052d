"""How steps are named: sign, colour and words of each operation."""

from __future__ import annotations

from prefect_pulumi.engine.plan.steps import Op, Step

SIGNS = {
    Op.CREATE: ("+", "green", "create", "created"),
    Op.UPDATE: ("~", "yellow", "update", "updated"),
    Op.REPLACE: ("+-", "magenta", "replace", "replaced"),
    Op.DELETE: ("-", "red", "delete", "deleted"),
    Op.DELETE_REPLACED: ("-", "red", "delete for replacement", "deleted for replacement"),
    Op.READ: (">", "cyan", "read", "read"),
    Op.REFRESH: ("~", "cyan", "refresh", "refreshed"),
    Op.DISCARD: ("-", "red", "forget", "forgotten"),
    Op.REMOVE_PENDING: ("-", "red", "forget", "forgotten"),
    Op.IMPORT: ("=", "cyan", "import", "imported"),
    Op.SAME: (" ", "dim", "unchanged", "unchanged"),
}


def kind_of(step: Step) -> str:
    """`prefect:index:WorkPool` -> `WorkPool`."""
    return step.type.rsplit(":", 1)[-1]
