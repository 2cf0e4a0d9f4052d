"""Deployments as flat fields: the server's answer and an entry of `prefect.yaml` in one form, to be compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Fields = dict[str, Any]

_PLAIN = ("description", "entrypoint", "enforce_parameter_schema", "paused")


def of_live(row: Mapping[str, Any]) -> Fields:
    """From `POST /deployments/filter`."""
    limit = row.get("global_concurrency_limit") or {}
    options = row.get("concurrency_options") or {}
    found: Fields = {name: row.get(name) for name in _PLAIN}
    found |= {
        "tags": sorted(row.get("tags") or []),
        "work_pool": row.get("work_pool_name"),
        "work_queue": row.get("work_queue_name"),
        "concurrency_limit": limit.get("limit", row.get("concurrency_limit")),
        "collision_strategy": options.get("collision_strategy"),
    }
    found |= _below("parameters", row.get("parameters"))
    found |= _below("job_variables", row.get("job_variables"))
    for schedule in row.get("schedules") or []:
        rule = schedule.get("schedule") or {}
        found |= _schedule(
            {
                **{key: rule.get(key) for key in ("cron", "rrule", "timezone")},
                "interval": rule.get("interval"),
                "active": schedule.get("active"),
                "slug": schedule.get("slug"),
                "parameters": schedule.get("parameters") or None,
            }
        )
    return {key: value for key, value in found.items() if value is not None}


def of_entry(entry: Mapping[str, Any]) -> Fields:
    """From plain data of `prefect.yaml`, with the stack's own values laid over it. Only what it declares."""
    found: Fields = {name: entry.get(name) for name in _PLAIN}
    pool = entry.get("work_pool") or {}
    limit = entry.get("concurrency_limit")
    tags = entry.get("tags")
    found |= {
        "tags": sorted([tags] if isinstance(tags, str) else tags) if tags is not None else None,
        "work_pool": pool.get("name"),
        "work_queue": pool.get("work_queue_name"),
        "concurrency_limit": limit.get("limit") if isinstance(limit, Mapping) else limit,
        "collision_strategy": limit.get("collision_strategy") if isinstance(limit, Mapping) else None,
    }
    found |= _below("parameters", entry.get("parameters"))
    found |= _below("job_variables", pool.get("job_variables"))
    schedules = entry.get("schedules")
    for schedule in [*([entry["schedule"]] if entry.get("schedule") else []), *(schedules or [])]:
        found |= _schedule(schedule)
    return {key: value for key, value in found.items() if value is not None}


def _below(name: str, values: Any) -> Fields:
    return {f"{name}.{key}": value for key, value in values.items()} if isinstance(values, Mapping) else {}


def _schedule(schedule: Mapping[str, Any]) -> Fields:
    """Known by its slug, else by its rule."""
    interval = schedule.get("interval")
    interval = float(interval) if isinstance(interval, int | float) else interval
    rule = (
        schedule.get("cron")
        or schedule.get("rrule")
        or (f"every {interval:g} s" if isinstance(interval, float) else interval)
    )
    key = f"schedules.{schedule.get('slug') or rule}"
    active = schedule.get("active")
    found: Fields = {
        f"{key}.cron": schedule.get("cron"),
        f"{key}.rrule": schedule.get("rrule"),
        f"{key}.interval": interval,
        f"{key}.timezone": schedule.get("timezone") or "UTC",
        f"{key}.active": True if active is None else active,
        f"{key}.parameters": schedule.get("parameters"),
    }
    return {name: value for name, value in found.items() if value is not None}
