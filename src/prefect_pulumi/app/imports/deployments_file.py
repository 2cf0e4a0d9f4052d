"""Live deployments as a `prefect.yaml` (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import ValidationError

from prefect_pulumi.app.imports.live_objects import LeftOut, LiveObject
from prefect_pulumi.app.imports.secret_fields import with_variables
from prefect_pulumi.deploy.file.model import DeploymentEntry

Json = dict[str, Any]
_SCHEDULE = {
    "slug": "slug",
    "cron": "cron",
    "interval": "interval",
    "rrule": "rrule",
    "timezone": "timezone",
    "anchorDate": "anchor_date",
    "dayOr": "day_or",
    "active": "active",
    "parameters": "parameters",
}
_RUN = ("parameters", "job_variables", "schedule_after")


def prefect_file(objects: Iterable[LiveObject], name: str) -> tuple[Json, list[LeftOut]]:
    """The file, and the deployments that it cannot have: those without a work pool (`serve()` makes these again) or
    without an entrypoint."""
    listed = list(objects)
    entries: list[Json] = []
    left_out: list[LeftOut] = []
    for item in listed:
        if item.kind == "Deployment":
            entry = _entry(item, listed)
            if reason := _fault(item, entry):
                left_out.append(LeftOut("prefect.yaml", item.human, reason))
            else:
                entries.append(entry)
    pulls = [entry.get("pull") for entry in entries]
    shared = pulls[0] if pulls and all(pull == pulls[0] for pull in pulls) else None
    if shared:
        entries = [{key: value for key, value in entry.items() if key != "pull"} for entry in entries]
    return {"name": name, **({"pull": shared} if shared else {}), "deployments": entries}, left_out


def _fault(item: LiveObject, entry: Json) -> str:
    if "entrypoint" not in entry:
        return "it has no entrypoint"
    if "work_pool" not in entry:
        return "it has no work pool: `serve()` makes it"
    try:
        DeploymentEntry.model_validate(entry)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        return f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"
    return ""


def _entry(item: LiveObject, objects: Sequence[LiveObject]) -> Json:
    inputs = item.inputs
    plain = ("description", "tags", "entrypoint", "parameters")
    entry: Json = {"name": inputs["name"], **{key: inputs[key] for key in plain if key in inputs}}
    if "workPoolName" in inputs:
        pool = {"name": inputs["workPoolName"], "work_queue_name": inputs.get("workQueueName")}
        pool["job_variables"] = inputs.get("jobVariables")
        entry["work_pool"] = {key: value for key, value in pool.items() if value is not None}
    entry |= _limit(item)
    for wire, key in (("enforceParameterSchema", "enforce_parameter_schema"), ("paused", "paused")):
        if wire in inputs:
            entry[key] = inputs[wire]
    own = [other for other in objects if other.inputs.get("deploymentId") == item.id]
    schedules = [schedule.values(_SCHEDULE) for schedule in own]
    triggers = [_trigger(other) for other in objects if other.kind == "Automation" and other.owner == item.id]
    lists = {"schedules": schedules, "triggers": triggers, "pull": inputs.get("pullSteps")}
    whole: Json = with_variables(entry | {key: value for key, value in lists.items() if value})
    return whole


def _limit(item: LiveObject) -> Json:
    inputs = item.inputs
    if "concurrencyLimit" not in inputs:
        return {}
    if "collisionStrategy" not in inputs:
        return {"concurrency_limit": inputs["concurrencyLimit"]}
    names = {
        "concurrencyLimit": "limit",
        "collisionStrategy": "collision_strategy",
        "gracePeriodSeconds": "grace_period_seconds",
    }
    return {"concurrency_limit": item.values(names)}


def _trigger(automation: LiveObject) -> Json:
    """A trigger with the run that its automation starts."""
    inputs = automation.inputs
    action: Json = next((part for part in inputs["actions"] if part.get("type") == "run-deployment"), {})
    described = {key: inputs[key] for key in ("description", "enabled") if key in inputs}
    run = {key: action[key] for key in _RUN if key in action}
    return {"name": inputs["name"], **described, **inputs["trigger"], **run}
