"""Live deployments, read through the list routes: a few calls for any number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from prefect_pulumi.api.agreements import agreements_of, as_agreement
from prefect_pulumi.api.protocol import ApiClient
from prefect_pulumi.core.interruption import thread_pool

COUNTS_AT_ONCE = 8
AUTO = "auto-scheduled"
"""Tag of the runs that schedules make (prefect/server/models/deployments.py); others outlive a deploy."""

Row = dict[str, Any]


def flow_of(name: str) -> str:
    """`flow/deployment` -> flow. Neither part may hold a slash."""
    return name.split("/", 1)[0]


def read_flows(client: ApiClient, names: Iterable[str]) -> dict[str, Row]:
    """Full name -> the server's answer, for every deployment of the flows of `names` (`flow/deployment`): whoever
    made it. POST /flows/filter and /deployments/filter, 200 rows a call."""
    flows = sorted({flow_of(name) for name in names})
    if not flows:
        return {}
    known = {row["id"]: row["name"] for row in client.paged("/flows/filter", {"flows": {"name": {"any_": flows}}})}
    if not known:
        return {}
    rows = client.paged("/deployments/filter", {"flows": {"id": {"any_": sorted(known)}}})
    return {f"{known[row['flow_id']]}/{row['name']}": row for row in rows}


def versions(rows: Mapping[str, Row]) -> dict[str, str]:
    """Full name -> UUID of the present version, of those rows that have one (Prefect Cloud's)."""
    return {name: str(row["version_id"]) for name, row in rows.items() if row.get("version_id")}


def read_automations(client: ApiClient, recorded: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, Row]]:
    """Full name -> automation's name -> its answer, for those of `recorded` (full name -> name -> UUID) that exist
    (POST /automations/filter, all of the server: before Prefect 3.8 and on Prefect Cloud no filter takes ids)."""
    if not any(recorded.values()):
        return {}
    by_id = {row["id"]: row for row in client.paged("/automations/filter")}
    return {
        full: {name: by_id[id] for name, id in ids_by_name.items() if id in by_id}
        for full, ids_by_name in recorded.items()
        if ids_by_name
    }


def read_agreements(
    client: ApiClient, rows: Mapping[str, Row], entries: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Row]]:
    """Full name -> agreement's name -> its fields as in `fields.py`, for those of `rows` whose entry has `sla` (Prefect
    Cloud; POST /slas/by-owner/{owner}, one call each)."""
    ids = {name: str(row["id"]) for name, row in rows.items() if entries.get(name, {}).get("sla") is not None}

    def read(name: str) -> dict[str, Row]:
        declared = entries[name]["sla"]
        found = {row["name"]: row for row in agreements_of(client, "", ids[name])}
        return {key: _agreement(row, declared.get(key, {})) for key, row in found.items()}

    if not ids:
        return {}
    with thread_pool(COUNTS_AT_ONCE) as pool:
        return dict(zip(ids, pool.map(read, ids), strict=True))


def _agreement(row: Row, declared: Mapping[str, Any]) -> Row:
    """Nothing is left out as a default."""
    fields = as_agreement(row, {"severity": "", "enabled": "", **declared})
    return {name: value for name, value in fields.items() if name != "name"}


def count_runs(client: ApiClient, ids: Mapping[str, str]) -> dict[str, int]:
    """Full name -> how many runs a write deletes: those that its schedules made for later. One that is due and late
    stays (POST /flow_runs/count, one call each)."""
    now = datetime.now(UTC).isoformat()

    def count(id: str) -> int:
        runs = {
            "state": {"type": {"any_": ["SCHEDULED"]}},
            "tags": {"all_": [AUTO]},
            "next_scheduled_start_time": {"after_": now},
        }
        body = {"deployments": {"id": {"any_": [id]}}, "flow_runs": runs}
        return int(client.request("POST", "/flow_runs/count", json=body))

    with thread_pool(COUNTS_AT_ONCE) as pool:
        return dict(zip(ids, pool.map(count, ids.values()), strict=True))
