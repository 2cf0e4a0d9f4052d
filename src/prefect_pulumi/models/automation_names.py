"""Names in place of UUIDs in the triggers and actions of automations (pure).

An action says `deployment: flow/name` for `deployment_id: UUID`. A label of a trigger says `{deployment: flow/name}`
for `prefect.deployment.UUID`, the resource id of Prefect's events.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
UUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
NIL = "00000000-0000-0000-0000-000000000000"
ACTIONS = ("actions", "actions_on_trigger", "actions_on_resolve")
ID_FIELDS = {
    "deployment": "deployment_id",
    "work_pool": "work_pool_id",
    "work_queue": "work_queue_id",
    "block": "block_document_id",
    "automation": "automation_id",
}
"""Key of a name in an action -> the API's field."""
RESOURCES = {
    "deployment": "prefect.deployment.",
    "work_pool": "prefect.work-pool.",
    "work_queue": "prefect.work-queue.",
    "block": "prefect.block-document.",
    "automation": "prefect.automation.",
    "flow": "prefect.flow.",
}
"""Key of a name in a label -> what precedes the UUID in the resource id."""
_LABELS = ("match", "match_related")


@dataclass(frozen=True, slots=True)
class ObjectName:
    """`kind`: a key of `RESOURCES`. `name`: `flow/deployment`, `pool/queue`, `type/block`, or the object's own."""

    kind: str
    name: str


IdOf = Callable[[ObjectName, str], Any]
"""The id of an object behind a prefix: "" or one of `RESOURCES`."""


def with_ids(automation: Mapping[str, Any], id_of: IdOf) -> Json:
    """`trigger` and actions of an automation with ids in place of names. Raises `ValueError` for an action that has
    both."""
    result = dict(automation)
    if isinstance(result.get("trigger"), Mapping):
        result["trigger"] = _trigger(result["trigger"], lambda value: _label_with_id(value, id_of))
    for key in ACTIONS:
        if isinstance(result.get(key), list):
            result[key] = [_action_with_ids(action, id_of) for action in result[key]]
    return result


def with_names(automation: Mapping[str, Any], name_of: Callable[[str], ObjectName | None]) -> Json:
    """The inverse: names for the UUIDs that `name_of` knows, wherever a name can stand."""
    result = dict(automation)
    if isinstance(result.get("trigger"), Mapping):
        result["trigger"] = _trigger(result["trigger"], lambda value: _label_with_name(value, name_of))
    for key in ACTIONS:
        if isinstance(result.get(key), list):
            result[key] = [_action_with_names(action, name_of) for action in result[key]]
    return result


def names_in(automation: Mapping[str, Any]) -> list[ObjectName]:
    """Every object that the automation names, in order."""
    found: list[ObjectName] = []

    def note(name: ObjectName, prefix: str) -> str:
        found.append(name)
        return f"{prefix}{NIL}"

    with_ids(automation, note)
    return found


def _trigger(trigger: Mapping[str, Any], change: Callable[[Any], Any]) -> Json:
    result = dict(trigger)
    for key in _LABELS:
        if key in result:
            result[key] = _labels(result[key], change)
    if isinstance(result.get("triggers"), list):
        parts = result["triggers"]
        result["triggers"] = [_trigger(part, change) if isinstance(part, Mapping) else part for part in parts]
    return result


def _labels(labels: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(labels, list):
        return [_labels(item, change) for item in labels]
    if not isinstance(labels, Mapping):
        return labels
    return {
        label: [change(item) for item in value] if isinstance(value, list) else change(value)
        for label, value in labels.items()
    }


def _label_with_id(value: Any, id_of: IdOf) -> Any:
    if not isinstance(value, Mapping) or len(value) != 1:
        return value
    ((kind, name),) = value.items()
    return id_of(ObjectName(kind, name), RESOURCES[kind]) if kind in RESOURCES and isinstance(name, str) else value


def _label_with_name(value: Any, name_of: Callable[[str], ObjectName | None]) -> Any:
    match = UUID.search(value) if isinstance(value, str) else None
    name = name_of(match[0]) if match is not None else None
    if match is None or name is None or value != f"{RESOURCES[name.kind]}{match[0]}":
        return value
    return {name.kind: name.name}


def _action_with_ids(action: Any, id_of: IdOf) -> Any:
    if not isinstance(action, Mapping):
        return action
    for key in ID_FIELDS.keys() & action.keys():
        if ID_FIELDS[key] in action:
            raise ValueError(f"an action has either {key!r} (a name) or {ID_FIELDS[key]!r} (a UUID)")
    return dict(_fields(action, id_of))


def _fields(action: Mapping[str, Any], id_of: IdOf) -> Iterator[tuple[str, Any]]:
    for key, value in action.items():
        if key in ID_FIELDS and isinstance(value, str):
            yield ID_FIELDS[key], id_of(ObjectName(key, value), "")
        else:
            yield key, value


def _action_with_names(action: Any, name_of: Callable[[str], ObjectName | None]) -> Any:
    if not isinstance(action, Mapping):
        return action
    keys = {field: key for key, field in ID_FIELDS.items()}
    result: Json = {}
    for field, value in action.items():
        name = name_of(value) if field in keys and isinstance(value, str) else None
        if name is not None and name.kind == keys[field]:
            result[name.kind] = name.name
        else:
            result[field] = value
    return result
