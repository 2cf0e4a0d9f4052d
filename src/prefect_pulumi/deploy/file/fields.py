"""A deployment as plain fields, in one shape for what the file declares and for what the server has.

    {"description", "tags", "paused", "parameters", "enforce_parameter_schema", "entrypoint", "version",
     "path", "work_pool_name", "work_queue_name", "job_variables", "concurrency_limit", "collision_strategy",
     "grace_period_seconds", "pull_steps", "schedules": {name: as in `schedules.py`},
     "automations": {name: {"enabled", "description", "trigger", "actions"}},
     "sla": {name: {"severity", "enabled", one of "duration", "within" and "stale_after" in seconds}}, on Prefect Cloud,
     "triggers": [as the file declares them], "ui_owns": [what the UI owns of it]}

Names and values are those of the API (`DeploymentResponse`). What is not decided before the deploy stands in the
declared ones as its template (a build step or a Prefect block fills it) or not at all (a version that is inferred).
What the UI owns is in neither.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from pydantic import TypeAdapter, ValidationError

from prefect_pulumi.api.agreements import DEFAULTS
from prefect_pulumi.core import diffs
from prefect_pulumi.core.diffs import ABSENT
from prefect_pulumi.core.values import Secret
from prefect_pulumi.deploy.file.schedules import complete, declared_schedule, live_schedule, named

Fields = dict[str, Any]
Path = tuple[str, ...]
Change = tuple[Any, Any]

UI_FIELDS: dict[str, tuple[str, ...]] = {
    "active": (),
    "paused": ("paused",),
    "parameters": ("parameters",),
    "description": ("description",),
    "tags": ("tags",),
    "concurrency_limit": ("concurrency_limit", "collision_strategy", "grace_period_seconds"),
}
"""What the UI may own -> the fields that this leaves out. `active` is that of every schedule."""

_PLAIN = ("description", "paused", "parameters", "tags", "enforce_parameter_schema", "entrypoint", "path", "version")
_SWITCH: TypeAdapter[Any] = TypeAdapter(bool | None)
_NUMBER: TypeAdapter[Any] = TypeAdapter(int | None)
_SPAN: TypeAdapter[Any] = TypeAdapter(timedelta)
_STEP_OUTPUT = re.compile(r"\{\{(?!\s*(?:\$|prefect\.))")
"""In pull steps other templates stay as they are until a worker fills them."""
_OPEN = ("parameters", "job_variables", "schedules", "automations", "sla")
"""Mappings whose members are fields of their own."""
_VERBATIM = ("pull_steps", "triggers")
"""Their templates are filled when a flow runs, not when it is deployed."""


def declared_fields(entry: Mapping[str, Any], pull: Any, ui: Sequence[str]) -> Fields:
    """From an entry with the environment filled in; `pull`: its own or the file's pull steps, as well."""
    pool = entry.get("work_pool") or {}
    limit = entry.get("concurrency_limit")
    options = limit if isinstance(limit, Mapping) else {"limit": limit}
    fields: Fields = {
        "paused": _read(entry.get("paused"), _SWITCH) or False,
        "parameters": entry.get("parameters") or {},
        "tags": _tags(entry.get("tags")),
        "enforce_parameter_schema": _read(entry.get("enforce_parameter_schema"), _SWITCH) is not False,
        "entrypoint": entry.get("entrypoint"),
        "work_pool_name": pool.get("name"),
        "work_queue_name": pool.get("work_queue_name") or "default",
        "job_variables": pool.get("job_variables") or {},
        "concurrency_limit": _read(options.get("limit"), _NUMBER),
        "collision_strategy": options.get("collision_strategy"),
        "grace_period_seconds": _read(options.get("grace_period_seconds"), _NUMBER),
        "path": None,
        "schedules": named(declared_schedule(schedule) for schedule in entry.get("schedules") or []),
    }
    for name in ("description", "version"):
        if entry.get(name):
            fields[name] = entry[name]
    steps = [pull] if isinstance(pull, Mapping) and pull else pull
    if steps and not _STEP_OUTPUT.search(str(steps)):
        fields["pull_steps"] = steps
    triggers = entry.get("triggers") or []
    if triggers:
        fields["triggers"] = triggers
    fields["automations"] = {
        str(trigger.get("name") or f"{entry.get('name')}__automation_{number}"): {
            "enabled": trigger.get("enabled", True)
        }
        for number, trigger in enumerate(triggers, start=1)
    }
    if entry.get("sla") is not None:
        fields["sla"] = {str(item.get("name")): _agreement(item) for item in entry["sla"] if isinstance(item, Mapping)}
    if ui:
        fields["ui_owns"] = list(ui)
    return without_ui(fields, ui)


def live_fields(
    row: Mapping[str, Any],
    ui: Iterable[str],
    automations: Mapping[str, Any] | None = None,
    schedules: Mapping[str, Fields] | None = None,
) -> Fields:
    """From `DeploymentResponse`; `automations`: name -> the automation's answer, of those that its triggers made;
    `schedules`: those that it is compared with, whose names it takes."""
    limit = row.get("global_concurrency_limit") or {}
    options = row.get("concurrency_options") or {}
    fields: Fields = {
        **{name: row.get(name) for name in _PLAIN},
        "work_pool_name": row.get("work_pool_name"),
        "work_queue_name": row.get("work_queue_name"),
        "job_variables": row.get("job_variables") or {},
        "concurrency_limit": limit.get("limit"),
        "collision_strategy": options.get("collision_strategy"),
        "grace_period_seconds": options.get("grace_period_seconds"),
        "pull_steps": row.get("pull_steps"),
        "schedules": named(map(live_schedule, row.get("schedules") or []), schedules),
    }
    fields["automations"] = {name: _automation(automation) for name, automation in (automations or {}).items()}
    return without_ui(fields, ui)


def without_ui(fields: Fields, ui: Iterable[str]) -> Fields:
    owned = set(ui)
    hidden = {name for owned_name in owned for name in UI_FIELDS[owned_name]}
    kept = {name: value for name, value in fields.items() if name not in hidden}
    if "active" in owned:
        kept["schedules"] = {
            slug: {name: value for name, value in schedule.items() if name != "active"}
            for slug, schedule in kept.get("schedules", {}).items()
        }
    return kept


def renamed(entry: Mapping[str, Any], like: Mapping[str, Any]) -> Fields:
    """An entry of a state, complete where an older version wrote it; schedules are called as those of `like`."""
    schedules, names = complete(entry.get("schedules", {})), complete(like.get("schedules", {}))
    return {"path": None, **entry, "schedules": named(schedules.values(), names)}


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[Path, Change]:
    """Field path -> (old, new), `ABSENT` for what one side has not. Secret marks do not count."""
    items = diffs.differences(old, new, entered=_is_entered, lists=False)
    return {tuple(map(str, item.path)): (item.old, item.new) for item in items}


def changes(live: Mapping[str, Any], declared: Mapping[str, Any]) -> dict[Path, Change]:
    """What a deploy of `declared` would change in `live`: fields that are not declared stay out of it."""
    known = {name: value for name, value in live.items() if name in declared}
    result = differences(known, declared)
    # What a template fills is known only after the deploy.
    return {
        path: (old, new)
        for path, (old, new) in result.items()
        if not _nested_in_automation(path) and (old is ABSENT or path[0] in _VERBATIM or not _template(new))
    }


def dotted(path: Path) -> str:
    """`("schedules", "every-morning", "cron")` -> `schedules.every-morning.cron`."""
    return ".".join(path)


def _nested_in_automation(path: Path) -> bool:
    return path[0] == "automations" and len(path) > 2 and path[2] != "enabled"


def _is_entered(path: diffs.Path) -> bool:
    return not path or (path[0] in _OPEN and len(path) < (3 if path[0] in ("schedules", "automations", "sla") else 2))


def _read(value: Any, kind: TypeAdapter[Any]) -> Any:
    """`value` as Prefect's own model reads it (`'yes'`, `'2'`); what it does not read stays."""
    try:
        return kind.validate_python(value)
    except ValidationError:
        return value


def _tags(value: Any) -> Any:
    """Prefect makes texts of numbers."""
    if isinstance(value, list):
        return [str(tag) if isinstance(tag, int | float) else tag for tag in value]
    return [value] if isinstance(value, str) and "{{" not in value else value or []


def _agreement(item: Mapping[str, Any]) -> Fields:
    """Defaults of Cloud: Prefect sends only what the file says."""
    fields = {name: _seconds(value) for name, value in item.items() if name not in ("name", "severity", "enabled")}
    return {**{name: item.get(name, default) for name, default in DEFAULTS.items()}, **fields}


def _seconds(value: Any) -> Any:
    span = _read(value, _SPAN)
    return span.total_seconds() if isinstance(span, timedelta) else value


def _automation(row: Mapping[str, Any]) -> Fields:
    return {
        "enabled": row.get("enabled"),
        "description": row.get("description") or "",
        "trigger": without_ids(row.get("trigger")),
        "actions": without_ids(row.get("actions")),
    }


def without_ids(value: Any) -> Any:
    """Triggers carry ids that the server creates again with each write."""
    if isinstance(value, Mapping):
        return {key: without_ids(item) for key, item in value.items() if key != "id"}
    if isinstance(value, list):
        return [without_ids(item) for item in value]
    return value


def _template(value: Any) -> bool:
    if isinstance(value, Secret):
        return _template(value.value)
    if isinstance(value, Mapping):
        return any(_template(item) for item in value.values())
    if isinstance(value, list):
        return any(_template(item) for item in value)
    return isinstance(value, str) and "{{" in value
