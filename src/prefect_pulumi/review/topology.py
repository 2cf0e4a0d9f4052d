"""The picture of an environment: schedules, deployments, queues, pools and workers, and the edges between them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
    """Nodes and edges of live objects, and of items without one: new and missing objects.

    Edges run the way a flow run goes: schedule, deployment, queue, pool, worker.
    """
    nodes, edges = _live_nodes(environment, list(objects))
    known = {node.item for node in nodes.values()}
    for item in environment.items:
        node = _item_node(item)
        if node is not None and node.id not in nodes and node.item not in known:
            nodes[node.id] = node
            known.add(node.item)
            if node.kind == "queue":
                edges.append((node.id, f"pool:{node.pool}"))
    return Topology(tuple(nodes.values()), tuple(edge for edge in edges if edge[0] in nodes and edge[1] in nodes))


def _live_nodes(
    environment: Environment, objects: Sequence[LiveObject]
) -> tuple[dict[str, Node], list[tuple[str, str]]]:
    items = {item.id: item for item in environment.items if item.id}
    items |= {item.key: item for item in environment.items}
    deployments = [row for row in objects if row.kind == "Deployment"]
    names = {row.id: row.name for row in deployments}
    pools = {row.name: row.values.get("work_pool_name") or "" for row in deployments}
    nodes: dict[str, Node] = {}
    edges: list[tuple[str, str]] = []
    for row in objects:
        owner = names.get(str(row.values.get("deployment_id")), "")
        pool = _pool(row, pools.get(owner, ""))
        kind, item = _KINDS[row.kind], items.get(row.id)
        node = Node(f"{kind}:{row.name}", kind, row.name, _detail(row), _state(item), item.key if item else "", pool)
        nodes[node.id] = node
        edges += _edges(row, node.id, owner, pool)
    return nodes, edges


def _item_node(item: Item) -> Node | None:
    """The node of an object that may not be live; None for a kind that the picture does not have."""
    kind = _KINDS.get(item.kind)
    if kind is None:
        return None
    pool = item.name.split("/")[0] if kind in ("pool", "queue") else ""
    return Node(f"{kind}:{item.name}", kind, item.name, str(item.action), _state(item), item.key, pool)


def _state(item: Item | None) -> str:
    if item is None or (item.accepted is not None and not item.accepted.expired):
        return ""
    if item.cls is Class.THIS_CHANGE and item.pending:
        return ""
    return str(item.cls)


def _pool(row: LiveObject, of_deployment: str) -> str:
    if row.kind == "WorkPool":
        return row.name
    if row.kind == "Worker":
        return str(row.values["pool"])
    return of_deployment or str(row.values.get("work_pool_name") or "")


def _edges(row: LiveObject, id: str, owner: str, pool: str) -> list[tuple[str, str]]:
    if row.kind == "DeploymentSchedule":
        return [(id, f"deployment:{owner}")]
    if row.kind == "Deployment" and pool:
        queue = row.values.get("work_queue_name") or "default"
        return [(id, f"queue:{pool}/{queue}")]
    if row.kind == "WorkQueue":
        return [(id, f"pool:{pool}")]
    return [(f"pool:{pool}", id)] if row.kind == "Worker" else []


def _detail(row: LiveObject) -> str:
    values = row.values
    words: list[str] = []
    if row.kind == "WorkPool":
        words = [str(values["type"]), _limit(values.get("concurrency_limit"))]
        words += ["paused"] if values.get("is_paused") else [str(values.get("status") or "").lower().replace("_", " ")]
    elif row.kind == "WorkQueue":
        words = [f"priority {values.get('priority')}", _limit(values.get("concurrency_limit"))]
        words += ["paused"] if values.get("is_paused") else []
    elif row.kind == "Deployment":
        words = ["paused"] if values.get("paused") else []
    elif row.kind == "DeploymentSchedule":
        words = [_when(values.get("schedule") or {}), "" if values.get("active") else "off"]
    elif row.kind == "Worker":
        words = [", ".join(str(name) for name in values["names"])]
    elif row.kind == "GlobalConcurrencyLimit":
        words = [f"{values.get('limit')} slots", "" if values.get("active") else "off"]
    elif row.kind == "TaskRunConcurrencyLimit":
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
