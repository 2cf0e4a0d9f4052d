"""The requests by which a deploy writes a deployment, as far as its declared fields decide them; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]


def requests_of(fields: Mapping[str, Any]) -> list[tuple[str, str, Any]]:
    """Method, route and body of those whose fields not every server takes. `fields` are those of an entry, as
    `deploy.file.fields` describes them, without secrets."""
    schedules = [
        {name: schedule.get(name) for name in ("active", "parameters", "slug", "max_scheduled_runs")}
        for schedule in fields.get("schedules", {}).values()
    ]
    options = {
        name: fields[name] for name in ("collision_strategy", "grace_period_seconds") if fields.get(name) is not None
    }
    body = {
        name: fields.get(name)
        for name in ("concurrency_limit", "description", "enforce_parameter_schema", "job_variables", "parameters")
    }
    body |= {name: fields.get(name) for name in ("paused", "pull_steps", "tags", "version")}
    body |= {"concurrency_options": options, "schedules": schedules}
    return [
        ("POST", "/deployments/", body),
        ("PATCH", "/deployments/{id}", {**body, "schedules": None, "parameter_openapi_schema": {"type": "object"}}),
        ("POST", "/deployments/{id}/schedules", schedules),
        *(("POST", "/automations/", _automation(trigger)) for trigger in fields.get("triggers", ())),
    ]


def _automation(trigger: Mapping[str, Any]) -> Json:
    """`prefect deploy` takes some keys of a trigger for the automation, and some for its action."""
    action = {key: trigger[key] for key in ("parameters", "job_variables", "schedule_after") if key in trigger}
    own = {"name", "description", "enabled", *action}
    return {
        "trigger": {key: value for key, value in trigger.items() if key not in own},
        "actions": [{"type": "run-deployment", **action}],
    }
