"""Schedules as plain fields, and which of two lists are the same ones; pure.

    {"cron" | "interval" (seconds) | "rrule", "timezone", "anchor_date", "day_or", "parameters", "active",
     "max_scheduled_runs", "slug"}

A schedule with a slug is known by it. One without is known by its rule, since the server gives it a new id with every
plain `prefect deploy`.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pydantic import TypeAdapter, ValidationError

from prefect_pulumi.core.values import Secret, same

Fields = dict[str, Any]

_KINDS = ("cron", "interval", "rrule")
_RULE = (*_KINDS, "timezone", "anchor_date", "day_or", "parameters")
_START = "DTSTART"
_DURATION = TypeAdapter(timedelta)


def declared_schedule(schedule: Mapping[str, Any]) -> Fields:
    """From an entry of `schedules` in the file."""
    active = schedule.get("active")
    fields: Fields = {
        "active": True if active is None else active,
        "parameters": schedule.get("parameters") or {},
        "slug": schedule.get("slug") or None,
        "max_scheduled_runs": None,
    }
    rule, zone = _recurrence(schedule.get("rrule"))
    if schedule.get("cron"):
        fields |= {"cron": schedule["cron"], "day_or": schedule.get("day_or") is not False}
    elif rule:
        fields["rrule"] = rule
    elif schedule.get("interval") is not None:
        fields["interval"] = seconds(schedule["interval"])
        if schedule.get("anchor_date"):
            fields["anchor_date"] = moment(schedule["anchor_date"])
    fields["timezone"] = schedule.get("timezone") or zone or "UTC"
    return fields


def live_schedule(row: Mapping[str, Any]) -> Fields:
    """From `DeploymentSchedule`, or from the body of a request that writes one."""
    rule = row.get("schedule") or {}
    active = row.get("active")
    fields: Fields = {
        "active": True if active is None else active,
        "parameters": row.get("parameters") or {},
        "slug": row.get("slug") or None,
        "max_scheduled_runs": row.get("max_scheduled_runs"),
        "timezone": rule.get("timezone") or "UTC",
    }
    for name in ("cron", "rrule"):
        if rule.get(name) is not None:
            fields[name] = rule[name]
    if "cron" in fields:
        fields["day_or"] = rule.get("day_or") is not False
    if rule.get("interval") is not None:
        fields["interval"] = seconds(rule["interval"])
        if rule.get("anchor_date"):
            fields["anchor_date"] = moment(rule["anchor_date"])
    return fields


def named(schedules: Iterable[Fields], reference: Mapping[str, Fields] | None = None) -> dict[str, Fields]:
    """Name -> fields. A name is that of the same schedule in `reference`, else the slug, else the rule: `0 6 * * *`,
    `every 600s`; a second one of that rule is `0 6 * * * (2)`.

    What the server chose for a schedule of the reference that leaves it open is left out.
    """
    listed, wanted = list(schedules), dict(reference or {})
    names = list(wanted)
    partners = {there: names[index] for index, there in pairs(list(wanted.values()), listed).items()}
    result: dict[str, Fields] = {}
    taken = {*partners.values(), *(fields["slug"] for fields in listed if fields.get("slug"))}
    for index, fields in enumerate(listed):
        if index in partners:
            result[partners[index]] = _as_declared(fields, wanted[partners[index]])
            continue
        name = fields.get("slug") or _unused(label(fields), taken)
        taken.add(name)
        result[name] = fields
    return result


def complete(schedules: Mapping[str, Fields]) -> dict[str, Fields]:
    """Schedules of an entry in a state, complete: an older version gave each a slug, noted as its name alone."""
    return {name: {"slug": name, "max_scheduled_runs": None, **fields} for name, fields in schedules.items()}


def pairs(wanted: Sequence[Fields], there: Sequence[Fields]) -> dict[int, int]:
    """Index in `wanted` -> index in `there` of the same schedule.

    By the slug; else, where one of the two has none, by the rule. Of those without a slug then by cron line, interval
    or recurrence alone, and at last one that is left on each side: it was edited.
    """
    result: dict[int, int] = {}
    for is_same in (_has_same_slug, _is_equal, _is_of_rule, _is_of_times):
        for index, fields in enumerate(wanted):
            if index in result:
                continue
            match = next(
                (place for place, other in enumerate(there) if place not in result.values() and is_same(fields, other)),
                None,
            )
            if match is not None:
                result[index] = match
    left = [index for index, fields in enumerate(wanted) if index not in result and not fields.get("slug")]
    free = [place for place, fields in enumerate(there) if place not in result.values() and not fields.get("slug")]
    if len(left) == len(free) == 1:
        result[left[0]] = free[0]
    return result


def has_same_rule(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether both make the same runs: times, time zone and parameters."""
    return all(_same_part(name, one, other) for name in _RULE)


def label(fields: Fields) -> str:
    """What a schedule without a slug is called."""
    for kind in _KINDS:
        value = fields.get(kind)
        if isinstance(value, Secret):
            return kind
        if value is not None:
            text = " ".join(str(value).removesuffix(".0").split())
            return (
                text if kind != "interval" else f"every {text}s" if isinstance(value, int | float) else f"every {text}"
            )
    return "schedule"


def numbered(schedules: Iterable[Any]) -> list[str]:
    """How overrides address the schedules of an entry: by the slug, else by the place in the file, `schedule-1`."""
    listed = list(schedules)
    taken = {schedule.get("slug") for schedule in listed if isinstance(schedule, Mapping)}
    names = []
    for number, schedule in enumerate(listed, start=1):
        slug = schedule.get("slug") if isinstance(schedule, Mapping) else None
        if not slug:
            slug = f"schedule-{number}"
            while slug in taken:
                slug += "-1"
            taken.add(slug)
        names.append(str(slug))
    return names


def seconds(value: Any) -> Any:
    """Seconds, a text such as `PT10M` or `0:10:00`; a template stays as it is."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    try:
        return float(_DURATION.validate_python(value).total_seconds())
    except ValidationError:
        return value


def moment(value: Any) -> Any:
    """One spelling for a moment: RFC 3339 in UTC."""
    if isinstance(value, date) and not isinstance(value, datetime):
        value = value.isoformat()
    try:
        time = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        return value
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC).isoformat()


def without_start(rule: str) -> str:
    """Lines of a recurrence rule but its start, which the server adds where there is none."""
    lines = [line.strip() for line in rule.splitlines() if not line.strip().upper().startswith(_START)]
    return "\n".join(line.removeprefix("RRULE:") for line in lines)


def _recurrence(rule: Any) -> tuple[Any, Any]:
    """Rule and time zone; the file may give both as one JSON object."""
    if isinstance(rule, str) and rule.lstrip().startswith("{"):
        with contextlib.suppress(ValueError, TypeError, KeyError):  # a template, or no rule at all
            document = json.loads(rule)
            return document["rrule"], document.get("timezone")
    return rule, None


def _unused(name: str, taken: set[str]) -> str:
    number, result = 1, name
    while result in taken:
        number += 1
        result = f"{name} ({number})"
    return result


def _as_declared(fields: Fields, wanted: Fields) -> Fields:
    """Without the anchor and the start of a rule that the server set because the file gives none."""
    result = {name: value for name, value in fields.items() if name != "anchor_date" or name in wanted}
    if "rrule" in fields and _same_part("rrule", fields, wanted):
        result["rrule"] = wanted["rrule"]
    return result


def _has_same_slug(wanted: Fields, there: Fields) -> bool:
    return bool(wanted.get("slug")) and wanted.get("slug") == there.get("slug")


def _is_equal(wanted: Fields, there: Fields) -> bool:
    return _is_of_rule(wanted, there) and same(wanted.get("active"), there.get("active"))


def _is_of_rule(wanted: Fields, there: Fields) -> bool:
    return not (wanted.get("slug") and there.get("slug")) and has_same_rule(wanted, there)


def _is_of_times(wanted: Fields, there: Fields) -> bool:
    return not (wanted.get("slug") or there.get("slug")) and all(_same_part(kind, wanted, there) for kind in _KINDS)


def _same_part(name: str, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    first, second = one.get(name), other.get(name)
    if name == "anchor_date":
        return first is None or second is None or same(first, second)
    if name == "rrule" and isinstance(first, str) and isinstance(second, str):
        one_starts, other_starts = (_START in rule.upper() for rule in (first, second))
        if one_starts != other_starts:
            return without_start(first) == without_start(second)
    return same(first, second)
