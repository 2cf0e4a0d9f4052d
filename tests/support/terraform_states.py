"""States that Terraform's Prefect provider wrote (in `tests/imports/states`, the attributes that count), and servers
that have their objects."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from prefect_pulumi.api.blocking import BlockingClient

Json = dict[str, Any]
FOLDER = Path(__file__).parents[1] / "imports" / "states"
NAMES = ("name", "tag", "work_pool_name", "work_queue_name")
ORDER = (
    *("work_pool", "work_queue", "variable", "global_concurrency_limit", "task_run_concurrency_limit", "block"),
    *("flow", "deployment", "deployment_schedule", "automation"),
)
"""Types in the order in which their objects can be created."""
SIMPLE = {
    "work_pool": ("/work_pools/", ("name", "type", "concurrency_limit", "description")),
    "global_concurrency_limit": ("/v2/concurrency_limits/", ("name", "limit")),
    "task_run_concurrency_limit": ("/concurrency_limits/", ("tag", "concurrency_limit")),
    "flow": ("/flows/", ("name", "tags")),
}


def state_of(name: str, prefix: str, times: int = 1) -> Json:
    """A state with names of its own: each resource `times` times, as with a larger `count`."""
    state: Json = json.loads((FOLDER / f"{name}.tfstate").read_text())
    for resource in state["resources"]:
        instances = resource["instances"]
        resource["instances"] = [
            _renamed(instance, f"{prefix}{number}-", len(instances) * number)
            for number in range(times)
            for instance in instances
        ]
    return state


def _renamed(instance: Json, prefix: str, shift: int) -> Json:
    result = copy.deepcopy(instance)
    if "index_key" in result:
        result["index_key"] += shift
    for key in NAMES:
        if result["attributes"].get(key):
            name = prefix + result["attributes"][key]
            result["attributes"][key] = name.replace("_", "-")
    return result


def attributes(state: Json) -> Iterator[tuple[str, Json]]:
    """Type without its prefix, and attributes, of every resource in the order of creation."""
    resources = sorted(state["resources"], key=lambda resource: ORDER.index(resource["type"].removeprefix("prefect_")))
    for resource in resources:
        for instance in resource["instances"]:
            yield resource["type"].removeprefix("prefect_"), instance["attributes"]


def restore(state: Json, api_url: str) -> None:
    """Makes the objects of a state on a server; the state gets their ids."""
    client = BlockingClient(api_url)
    ids: dict[str, str] = {}
    try:
        for type_, own in attributes(state):
            former = own["id"]
            own["id"] = ids[former] = _create(client, type_, own, ids)
            for key in ("flow_id", "deployment_id"):
                if key in own:
                    own[key] = ids[own[key]]
    finally:
        client.close()


def _create(client: BlockingClient, type_: str, own: Json, ids: dict[str, str]) -> str:
    if type_ in SIMPLE:
        route, keys = SIMPLE[type_]
        body: Any = {key: own[key] for key in keys if own[key] is not None}
    else:
        route, body = globals()[f"_{type_}"](client, own, ids)
    row = client.request("POST", route, json=body, idempotent=True)
    return str((row[0] if isinstance(row, list) else row)["id"])


def _work_queue(client: BlockingClient, own: Json, ids: dict[str, str]) -> tuple[str, Json]:
    return f"/work_pools/{own['work_pool_name']}/queues", {"name": own["name"], "priority": own["priority"]}


def _variable(client: BlockingClient, own: Json, ids: dict[str, str]) -> tuple[str, Json]:
    return "/variables/", {"name": own["name"], "value": own["value"]["value"], "tags": own["tags"]}


def _block(client: BlockingClient, own: Json, ids: dict[str, str]) -> tuple[str, Json]:
    kind = client.request("GET", f"/block_types/slug/{own['type_slug']}")["id"]
    query = {"block_schemas": {"block_type_id": {"any_": [kind]}}, "limit": 1}
    schema = client.request("POST", "/block_schemas/filter", json=query)[0]["id"]
    data = json.loads(own["data"])
    return "/block_documents/", {"name": own["name"], "data": data, "block_type_id": kind, "block_schema_id": schema}


def _deployment(client: BlockingClient, own: Json, ids: dict[str, str]) -> tuple[str, Json]:
    plain = ("name", "work_pool_name", "work_queue_name", "entrypoint", "path", "tags")
    texts = {key: json.loads(own[key]) for key in ("parameters", "job_variables")}
    return "/deployments/", {**{key: own[key] for key in plain}, **texts, "flow_id": ids[own["flow_id"]]}


def _deployment_schedule(client: BlockingClient, own: Json, ids: dict[str, str]) -> tuple[str, list[Json]]:
    rule = {"cron": own["cron"]} if own["cron"] else {"interval": own["interval"]}
    body = {"active": own["active"], "schedule": {**rule, "timezone": own["timezone"]}}
    return f"/deployments/{ids[own['deployment_id']]}/schedules", [body]


def _automation(client: BlockingClient, own: Json, ids: dict[str, str]) -> tuple[str, Json]:
    event = own["trigger"]["event"]
    trigger = {"type": "event", "posture": event["posture"], "expect": event["expect"], "threshold": 1, "within": 0}
    action = {"type": "run-deployment", "source": "selected", "deployment_id": ids[own["actions"][0]["deployment_id"]]}
    return "/automations/", {"name": own["name"], "enabled": False, "trigger": trigger, "actions": [action]}
