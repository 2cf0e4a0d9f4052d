"""Everything that a server has, in a form in which two servers can be compared: by name, without ids and times."""

from __future__ import annotations

import re
from typing import Any

from prefect_pulumi.api.blocking import BlockingClient

UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
LISTS = {
    "pool": "/work_pools/filter",
    "queue": "/work_queues/filter",
    "variable": "/variables/filter",
    "limit": "/v2/concurrency_limits/filter",
    "block type": "/block_types/filter",
    "block schema": "/block_schemas/filter",
    "block": "/block_documents/filter",
    "flow": "/flows/filter",
    "deployment": "/deployments/filter",
    "automation": "/automations/filter",
}
RUNTIME = frozenset(
    {
        *("id", "created", "updated", "created_by", "updated_by", "status", "last_polled", "active_slots"),
        *("denied_slots", "occupancy_seconds_per_slot", "avg_slot_occupancy_seconds"),
    }
)
"""What runs and clocks change."""
UNORDERED = frozenset({"capabilities", "schedules"})


def contents(api_url: str) -> dict[str, Any]:
    """Kind and name -> the object; UUIDs inside are names, schedules are sorted by their rules."""
    client = BlockingClient(api_url)
    names: dict[str, str] = {}
    rows: dict[str, Any] = {}
    try:
        for kind, route in LISTS.items():
            for row in client.paged(route, {"include_secrets": True} if kind == "block" else {}):
                place = names.get(str(row.get("work_pool_id") or row.get("block_type_id") or row.get("flow_id")), "")
                own = UUID.sub("UUID", str(row.get("name") or row.get("checksum")))
                own += f" {row['trigger']['type']}" if kind == "automation" else ""  # their names are not unique
                name = f"{kind} {place.split(' ', 1)[-1]}/{own}" if place else f"{kind} {own}"
                names[str(row["id"])] = name
                rows[name] = row
    finally:
        client.close()
    return {name: _plain(row, names) for name, row in rows.items()}


def _plain(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        kept = {key: _plain(item, names) for key, item in value.items() if key not in RUNTIME}
        return {key: sorted(item, key=str) if key in UNORDERED and item else item for key, item in kept.items()}
    if isinstance(value, list):
        return [_plain(item, names) for item in value]
    if isinstance(value, str):
        return UUID.sub(lambda match: f"<{names.get(match[0], 'unknown')}>", value)
    return value


def differences(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Name -> field -> both values, of what both have; name -> which has it, of what one has."""
    result: dict[str, Any] = {}
    for name in first.keys() | second.keys():
        one, other = first.get(name), second.get(name)
        if one is None or other is None:
            result[name] = "only in the first" if other is None else "only in the second"
        elif one != other:
            fields = one.keys() | other.keys()
            result[name] = {key: (one.get(key), other.get(key)) for key in fields if one.get(key) != other.get(key)}
    return result
