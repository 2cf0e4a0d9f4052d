"""Live objects as `environment` of a stack file (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from prefect_pulumi.app.imports.live_objects import LiveObject
from prefect_pulumi.components.templates import TemplateError, base_job_template, merge_patch
from prefect_pulumi.models.worker_types import worker_types

Json = dict[str, Any]
_POOL = {"type": "type", "description": "description", "concurrencyLimit": "concurrency_limit", "paused": "paused"}
_QUEUE = {
    "priority": "priority",
    "concurrencyLimit": "concurrency_limit",
    "description": "description",
    "paused": "paused",
}
_LIMIT = {"limit": "limit", "slotDecayPerSecond": "slot_decay_per_second", "active": "active"}
SECTIONS = {
    "WorkPool": "pools",
    "Variable": "variables",
    "JsonBlock": "json_blocks",
    "SecretBlock": "secrets",
    "GlobalConcurrencyLimit": "concurrency_limits",
}


def settings_objects(objects: Iterable[LiveObject]) -> list[LiveObject]:
    """Those that a stack file can declare: no secret that is no text, no queue without its pool, and no pool whose
    queues would have the resource names of another's (`a-b/c` and `a/b-c`)."""
    listed = list(objects)
    names: dict[str, set[str]] = {}
    for item in listed:
        if item.kind == "WorkQueue":
            names.setdefault(queue_resource(item), set()).add(item.inputs["workPoolName"])
    mixed = {pool for pools in names.values() if len(pools) > 1 for pool in pools}
    pools = {item.human for item in listed if item.kind == "WorkPool"} - mixed
    return [
        item
        for item in listed
        if (item.kind == "WorkPool" and item.human in pools)
        or (item.kind == "WorkQueue" and item.inputs["workPoolName"] in pools)
        or item.kind in ("Variable", "JsonBlock", "GlobalConcurrencyLimit")
        or (item.kind == "SecretBlock" and isinstance(item.inputs["value"], str))
    ]


def queue_resource(item: LiveObject) -> str:
    """Name of the resource that the component `Pool` declares for a queue."""
    return f"{item.inputs['workPoolName']}-{item.inputs['name']}"


def environment(objects: Iterable[LiveObject], api_url: str) -> Json:
    """`objects` are those of `settings_objects`. Secrets have no value here."""
    result: Json = {"server": {"api_url": api_url}, **{section: {} for section in SECTIONS.values()}}
    queues: dict[str, Json] = {}
    for item in objects:
        inputs = item.inputs
        if item.kind == "WorkPool":
            template = template_settings(inputs["type"], inputs.get("baseJobTemplate"))
            result["pools"][item.human] = {**item.values(_POOL), **template}
        elif item.kind == "WorkQueue":
            queues.setdefault(inputs["workPoolName"], {})[inputs["name"]] = item.values(_QUEUE)
        elif item.kind == "Variable":
            tags = {"tags": list(inputs["tags"])} if inputs.get("tags") else {}
            result["variables"][item.human] = {"value": inputs["value"], **tags}
        elif item.kind == "JsonBlock":
            result["json_blocks"][item.human] = inputs["value"]
        elif item.kind == "SecretBlock":
            result["secrets"][item.human] = {}
        else:
            result["concurrency_limits"][item.human] = item.values(_LIMIT)
    for pool, declared in queues.items():
        result["pools"][pool]["queues"] = declared
    return {section: values for section, values in result.items() if values}


def template_settings(worker_type: str, live: Json | None) -> Json:
    """`job` and `template_patch` that make a base job template, or the template as it is where they cannot."""
    if not live:
        return {}
    if worker_type not in worker_types():
        return {"base_job_template": live}
    own = worker_types()[worker_type]["variables"]["properties"]
    job = {
        name: part["default"]
        for name, part in live["variables"]["properties"].items()
        if name in own and isinstance(part, dict) and part.get("default") is not None
        if part["default"] != own[name].get("default") and _without_default(part) == _without_default(own[name])
    }
    try:
        built = base_job_template(worker_type, job)
    except TemplateError:
        job, built = {}, base_job_template(worker_type, {})
    patch = patch_between(built, live)
    if merge_patch(built, patch) != live:
        return {"base_job_template": live}
    return {key: value for key, value in (("job", job), ("template_patch", patch)) if value}


def _without_default(part: Mapping[str, Any]) -> Json:
    return {key: value for key, value in part.items() if key != "default"}


def patch_between(old: Mapping[str, Any], new: Mapping[str, Any]) -> Json:
    """The JSON merge patch (RFC 7396) from one to the other; it cannot express every null."""
    patch: Json = {key: None for key in old if key not in new}
    for key, value in new.items():
        before = old.get(key)
        if isinstance(value, dict) and isinstance(before, dict):
            if inner := patch_between(before, value):
                patch[key] = inner
        elif key not in old or before != value:
            patch[key] = value
    return patch
