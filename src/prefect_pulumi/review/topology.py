"""The picture of an environment: where runs come from, where they wait, and what takes them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from prefect_pulumi.review.classify import LiveObject
from prefect_pulumi.review.model import Class, Environment, Item, Node, Topology

_KINDS = {
    "WorkPool": "pool",
    "WorkQueue": "queue",
    "Deployment": "deployment",
    "DeploymentSchedule": "schedule",
    "GlobalConcurrencyLimit": "limit",
    "TaskRunConcurrencyLimit": "limit",
    "Worker": "worker",
    "ProcessWorker": "worker",
    "WorkerOnline": "worker",
}


def picture(environment: Environment, objects: Iterable[LiveObject]) -> Topology:
    """Nodes and edges from what is live, and from items that are not: new and missing objects.

    Edges run the way a flow run goes: schedule, deployment, queue, pool, worker.
    """
    found = list(objects)
    states = {item.id: item for item in environment.items if item.id}
    states |= {item.key: item for item in environment.items}
    nodes: dict[str, Node] = {}
    edges: list[tuple[str, str]] = []
    names = {each.id: each.name for each in found if each.kind == "Deployment"}
    places = {each.name: each.values.get("work_pool_name") or "" for each in found if each.kind == "Deployment"}
    for each in found:
        owner = names.get(str(each.values.get("deployment_id")), "")
        pool = _pool(each, places.get(owner, ""))
        id = f"{_KINDS[each.kind]}:{each.name}"
        item = states.get(each.id)
        nodes[id] = Node(id, _KINDS[each.kind], each.name, _detail(each), _state(item), item.key if item else "", pool)
        edges += _edges(each, id, owner, pool)
    for item in environment.items:
        kind = _KINDS.get(item.kind)
        id = f"{kind}:{item.name}"
        if kind is not None and id not in nodes and item.key not in {node.item for node in nodes.values()}:
            pool = item.name.split("/")[0] if kind in ("pool", "queue") else ""
            nodes[id] = Node(id, kind, item.name, str(item.action), _state(item), item.key, pool)
            if kind == "queue":
                edges.append((id, f"pool:{pool}"))
    return Topology(tuple(nodes.values()), tuple(edge for edge in edges if edge[0] in nodes and edge[1] in nodes))


def _state(item: Item | None) -> str:
    if item is None or (item.accepted is not None and not item.accepted.expired):
        return ""
    if item.cls is Class.THIS_CHANGE and item.pending:
        return ""
    return str(item.cls)


def _pool(each: LiveObject, of_deployment: str) -> str:
    if each.kind == "WorkPool":
        return each.name
    if each.kind == "Worker":
        return str(each.values["pool"])
    return of_deployment or str(each.values.get("work_pool_name") or "")


def _edges(each: LiveObject, id: str, owner: str, pool: str) -> list[tuple[str, str]]:
    if each.kind == "DeploymentSchedule":
        return [(id, f"deployment:{owner}")]
    if each.kind == "Deployment" and pool:
        queue = each.values.get("work_queue_name") or "default"
        return [(id, f"queue:{pool}/{queue}")]
    if each.kind == "WorkQueue":
        return [(id, f"pool:{pool}")]
    return [(f"pool:{pool}", id)] if each.kind == "Worker" else []


def _detail(each: LiveObject) -> str:
    values = each.values
    words: list[str] = []
    if each.kind == "WorkPool":
        words = [str(values["type"]), _limit(values.get("concurrency_limit"))]
        words += ["paused"] if values.get("is_paused") else [str(values.get("status") or "").lower().replace("_", " ")]
    elif each.kind == "WorkQueue":
        words = [f"priority {values.get('priority')}", _limit(values.get("concurrency_limit"))]
        words += ["paused"] if values.get("is_paused") else []
    elif each.kind == "Deployment":
        words = ["paused"] if values.get("paused") else []
    elif each.kind == "DeploymentSchedule":
        words = [_when(values.get("schedule") or {}), "" if values.get("active") else "off"]
    elif each.kind == "Worker":
        words = [", ".join(str(name) for name in values["names"])]
    elif each.kind == "GlobalConcurrencyLimit":
        words = [f"{values.get('limit')} slots", "" if values.get("active") else "off"]
    elif each.kind == "TaskRunConcurrencyLimit":
        words = [f"{values.get('concurrency_limit')} slots, by tag"]
    return ", ".join(word for word in words if word)


def _limit(value: Any) -> str:
    return "" if value is None else f"limit {value}"


def _when(schedule: dict[str, Any]) -> str:
    if schedule.get("cron"):
        return str(schedule["cron"])
    if schedule.get("interval"):
        return f"every {schedule['interval']:g} s"
    return str(schedule.get("rrule") or "").splitlines()[-1] if schedule.get("rrule") else ""
