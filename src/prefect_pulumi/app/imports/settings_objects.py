"""Which live objects a stack file can declare, and the names by which it refers to others (pure)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from prefect_pulumi.app.imports.live_objects import LiveObject
from prefect_pulumi.core.values import texts_in
from prefect_pulumi.models.automation_names import UUID, ObjectName, names_in, with_names
from prefect_pulumi.models.block_data import data_faults
from prefect_pulumi.models.block_types import shipped_fields
from prefect_pulumi.project.object_settings import BLOCK_KEY
from prefect_pulumi.project.secret_settings import SECRET_KEY

RESULT_STORAGE = "default_result_storage_block_id"
Json = dict[str, Any]
_NAMED = {
    "WorkPool": "work_pool",
    "WorkQueue": "work_queue",
    "Deployment": "deployment",
    "Flow": "flow",
    "Automation": "automation",
}
_SLUGS = {"SecretBlock": "secret", "JsonBlock": "json"}
_ALWAYS = (
    *("Variable", "JsonBlock", "SecretBlock", "GlobalConcurrencyLimit", "TaskRunConcurrencyLimit", "Flow"),
    *("Webhook", "WorkspaceAccess", "ManagedAutomation"),
)


def object_names(objects: Iterable[LiveObject]) -> dict[str, ObjectName]:
    """UUID -> the name by which a stack file refers to an object. Of automations that share one, none has it."""
    listed = list(objects)
    automations = Counter(item.human for item in listed if item.kind == "Automation")
    names: dict[str, ObjectName] = {}
    for item in listed:
        if item.kind in _SLUGS:
            names[item.id] = ObjectName("block", f"{_SLUGS[item.kind]}/{item.human}")
        elif item.kind == "BlockDocument":
            names[item.id] = ObjectName("block", item.human)
        elif item.kind in _NAMED and automations[item.human] < 2:
            names[item.id] = ObjectName(_NAMED[item.kind], item.human)
    return names


def settings_objects(objects: Iterable[LiveObject], from_file: Iterable[LiveObject] = ()) -> list[LiveObject]:
    """Those that a stack file can declare, in the order given. `from_file`: deployments of a `prefect.yaml`.

    It cannot declare: a queue without its pool; pools whose queues would have the resource names of another's (`a-b/c`
    and `a/b-c`); a block type of which several schemas are in use, and its blocks; what refers to an object of the
    program that is not in the file, or that has no name of its own.
    """
    listed = list(objects)
    chosen = {item.id for item in listed if item.kind in _ALWAYS}
    chosen |= _types(listed)
    chosen |= _blocks(listed, chosen)
    chosen |= _pools(listed, chosen)
    chosen |= _automations(listed, list(from_file), chosen)
    return [item for item in listed if item.id in chosen]


def queue_resource(item: LiveObject) -> str:
    """Name of the resource that the component `Pool` declares for a queue."""
    return f"{item.inputs['workPoolName']}-{item.inputs['name']}"


def _pools(objects: Sequence[LiveObject], chosen: set[str]) -> set[str]:
    """Pools and their queues."""
    names: dict[str, set[str]] = {}
    for item in objects:
        if item.kind == "WorkQueue":
            names.setdefault(queue_resource(item), set()).add(item.inputs["workPoolName"])
    mixed = {pool for pools in names.values() if len(pools) > 1 for pool in pools}
    pools = {
        item.human
        for item in objects
        if item.kind == "WorkPool" and item.human not in mixed and _has_plain_storage(item, chosen)
    }
    return {
        item.id
        for item in objects
        if (item.kind == "WorkPool" and item.human in pools)
        or (item.kind == "WorkQueue" and item.inputs["workPoolName"] in pools)
    }


def _has_plain_storage(pool: LiveObject, chosen: set[str]) -> bool:
    storage = pool.inputs.get("storageConfiguration") or {}
    return not storage or (set(storage) == {RESULT_STORAGE} and storage[RESULT_STORAGE] in chosen)


def _types(objects: Sequence[LiveObject]) -> set[str]:
    """Block types with one schema, and the only schema of a type, be it Prefect's own."""
    types = {item.human: item.id for item in objects if item.kind == "BlockType"}
    schemas = [item for item in objects if item.kind == "BlockSchema"]
    counts = Counter(item.human for item in schemas)
    slugs = {slug for slug in counts if counts[slug] == 1 and (slug in types or shipped_fields(slug) is not None)}
    return {types[slug] for slug in slugs & types.keys()} | {item.id for item in schemas if item.human in slugs}


def _blocks(objects: Sequence[LiveObject], chosen: set[str]) -> set[str]:
    types = {item.human: item.id for item in objects if item.kind == "BlockType"}
    schemas = {item.human: item.id for item in objects if item.kind == "BlockSchema" and item.id in chosen}
    own = {item.id for item in objects}

    def sayable(item: LiveObject, blocks: set[str]) -> bool:
        slug, data = item.inputs["blockTypeSlug"], item.inputs["data"]
        if slug in types and types[slug] not in chosen:
            return False
        references = [
            value["$ref"].get("block_document_id")
            for value in data.values()
            if isinstance(value, dict) and "$ref" in value
        ]
        return (
            item.inputs.get("blockSchemaId") in (None, schemas.get(slug))
            and not _is_mistakable(data)
            and not data_faults(shipped_fields(slug) or {}, data)
            and all(id in blocks or id in chosen or id not in own for id in references)
        )

    return _fixpoint([item for item in objects if item.kind == "BlockDocument"], sayable)


def _is_mistakable(data: Mapping[str, Any]) -> bool:
    """Whether plain data has the form of a placeholder of the stack file."""
    return any(isinstance(value, dict) and set(value) == {BLOCK_KEY} for value in data.values()) or _has_secret_key(
        data
    )


def _has_secret_key(value: Any) -> bool:
    if isinstance(value, dict):
        return set(value) == {SECRET_KEY} or any(_has_secret_key(item) for item in value.values())
    return isinstance(value, list) and any(_has_secret_key(item) for item in value)


def _automations(objects: Sequence[LiveObject], from_file: Sequence[LiveObject], chosen: set[str]) -> set[str]:
    names = object_names([*objects, *from_file])
    deployments = {item.id for item in [*objects, *from_file] if item.kind == "Deployment"}
    own = {item.id for item in objects}
    parts = {item.id: automation_parts(item, names) for item in objects if item.kind == "Automation"}
    ids = {name: id for id, name in names.items()}

    def sayable(item: LiveObject, automations: set[str]) -> bool:
        named = [ids[name] for name in names_in(parts[item.id])]
        return (
            not any(id in own for text in texts_in(parts[item.id]) for id in UUID.findall(text))
            and all(id in chosen or id in deployments or id in automations for id in named)
            and not _reaches(item.id, item.id, parts, ids)
        )

    return _fixpoint([item for item in objects if item.kind == "Automation"], sayable)


def automation_parts(item: LiveObject, names: Mapping[str, ObjectName]) -> Json:
    """Trigger and actions with names in place of UUIDs, under the keys of the stack file."""
    wires = {
        "trigger": "trigger",
        "actions": "actions",
        "actionsOnTrigger": "actions_on_trigger",
        "actionsOnResolve": "actions_on_resolve",
    }
    return with_names(item.values(wires), names.get)


def _reaches(start: str, goal: str, parts: Mapping[str, Json], ids: Mapping[ObjectName, str]) -> bool:
    """Whether an automation refers to another one, over others too."""
    pending, visited = [start], set()
    while pending:
        for name in names_in(parts[pending.pop()]):
            id = ids[name]
            if id == goal:
                return True
            if name.kind == "automation" and id in parts and id not in visited:
                visited.add(id)
                pending.append(id)
    return False


def _fixpoint(items: Sequence[LiveObject], sayable: Callable[[LiveObject, set[str]], bool]) -> set[str]:
    """Those that can be declared when only the others among them are."""
    chosen = {item.id for item in items}
    while True:
        kept = {item.id for item in items if item.id in chosen and sayable(item, chosen)}
        if kept == chosen:
            return chosen
        chosen = kept
