"""Live objects as `environment` of a stack file (pure)."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any

from prefect_pulumi.app.imports.live_objects import LiveObject
from prefect_pulumi.app.imports.secret_fields import Placeholders
from prefect_pulumi.app.imports.settings_objects import RESULT_STORAGE, automation_parts, object_names
from prefect_pulumi.components.templates import TemplateError, base_job_template, merge_patch
from prefect_pulumi.models.automation_names import ObjectName
from prefect_pulumi.models.worker_types import worker_types
from prefect_pulumi.project.object_settings import BLOCK_KEY

Json = dict[str, Any]
_POOL = {"type": "type", "description": "description", "concurrencyLimit": "concurrency_limit", "paused": "paused"}
_QUEUE = {
    "priority": "priority",
    "concurrencyLimit": "concurrency_limit",
    "description": "description",
    "paused": "paused",
}
_LIMIT = {"limit": "limit", "slotDecayPerSecond": "slot_decay_per_second", "active": "active"}
_TYPE = {
    "name": "name",
    "description": "description",
    "logoUrl": "logo_url",
    "documentationUrl": "documentation_url",
    "codeExample": "code_example",
}
_SCHEMA = {"fields": "fields", "capabilities": "capabilities", "version": "version"}
_WEBHOOK = {
    "template": "template",
    "description": "description",
    "enabled": "enabled",
    "serviceAccountId": "service_account",
}
_AUTOMATION = {"description": "description", "enabled": "enabled", "tags": "tags"}
SECTIONS = (
    *("pools", "variables", "json_blocks", "secrets", "block_types", "blocks", "concurrency_limits", "tag_limits"),
    *("flows", "automations", "webhooks", "workspace_access", "managed_automations"),
)


def environment(
    objects: Iterable[LiveObject],
    server: Json,
    secrets: Placeholders | None = None,
    others: Iterable[LiveObject] = (),
) -> Json:
    """`server`: the key of that name. `objects` are those of `settings_objects`; `others`: those that the program
    declares beside them. Secrets have no value here: `secrets` gets those of blocks. The schema of a block type is in a
    file of its own: `schema_files`."""
    listed = list(objects)
    writer = _Writer(server, object_names([*listed, *others]), secrets or Placeholders())
    for item in listed:
        writer.add(item)
    return writer.sections()


class _Writer:
    def __init__(self, server: Json, names: Mapping[str, ObjectName], secrets: Placeholders) -> None:
        self.server = server
        self.names = names
        self.secrets = secrets
        self.result: dict[str, Json] = {section: {} for section in SECTIONS}
        self.queues: dict[str, Json] = {}

    def sections(self) -> Json:
        for pool, declared in self.queues.items():
            self.result["pools"][pool]["queues"] = declared
        filled = {section: values for section, values in self.result.items() if values}
        return {"server": self.server, **filled}

    def add(self, item: LiveObject) -> None:
        inputs = item.inputs
        if item.kind == "WorkPool":
            self.result["pools"][item.human] = self._pool(item)
        elif item.kind == "WorkQueue":
            self.queues.setdefault(inputs["workPoolName"], {})[inputs["name"]] = item.values(_QUEUE)
        elif item.kind == "Variable":
            tags = {"tags": list(inputs["tags"])} if inputs.get("tags") else {}
            self.result["variables"][item.human] = {"value": inputs["value"], **tags}
        elif item.kind == "JsonBlock":
            self.result["json_blocks"][item.human] = inputs["value"]
        elif item.kind == "SecretBlock":
            self.result["secrets"][item.human] = {} if isinstance(inputs["value"], str) else {"format": "json"}
        elif item.kind in ("BlockType", "BlockSchema"):
            self._type(item)
        elif item.kind == "BlockDocument":
            self.result["blocks"][item.human] = {"data": self._data(item)}
        elif item.kind == "TaskRunConcurrencyLimit":
            self.result["tag_limits"][item.human] = item.values({"limit": "limit"})
        elif item.kind == "Flow":
            self.result["flows"][item.human] = item.values({"tags": "tags", "labels": "labels"})
        elif item.kind == "Automation":
            self._automation(item)
        elif item.kind == "Webhook":
            self.result["webhooks"][item.human] = item.values(_WEBHOOK)
        elif item.kind == "WorkspaceAccess":
            self.result["workspace_access"][item.human] = inputs["role"]
        elif item.kind == "ManagedAutomation":
            settings = item.values({"enabled": "enabled", "settings": "settings"})
            self.result["managed_automations"][item.human] = settings
        else:
            self.result["concurrency_limits"][item.human] = item.values(_LIMIT)

    def _pool(self, item: LiveObject) -> Json:
        settings = {**item.values(_POOL), **template_settings(item.inputs["type"], item.inputs.get("baseJobTemplate"))}
        storage = (item.inputs.get("storageConfiguration") or {}).get(RESULT_STORAGE)
        return {**settings, **({"result_storage": self.names[storage].name} if storage else {})}

    def _type(self, item: LiveObject) -> None:
        """A type and its one schema make one entry."""
        slug = item.human
        entry = self.result["block_types"].setdefault(slug, {})
        given = item.values(_TYPE if item.kind == "BlockType" else _SCHEMA)
        if "fields" in given:
            given["fields"] = schema_file(slug)
        entry |= {key: value for key, value in given.items() if not (key == "name" and value == slug)}

    def _data(self, item: LiveObject) -> Json:
        data = self.secrets.within(
            item.inputs["data"], item.secret_fields, str(item.inputs["name"]), self.secrets.setting
        )
        return {key: self._reference(value) for key, value in data.items()}

    def _reference(self, value: Any) -> Any:
        reference = value.get("$ref") if isinstance(value, dict) else None
        name = self.names.get(reference.get("block_document_id", "")) if isinstance(reference, dict) else None
        return value if name is None else {BLOCK_KEY: name.name}

    def _automation(self, item: LiveObject) -> None:
        key = automation_key(item.human, self.result["automations"])
        name = {"name": item.human} if key != item.human else {}
        described = {**name, **item.values(_AUTOMATION)}
        self.result["automations"][key] = {**described, **automation_parts(item, self.names)}


def schema_file(slug: str) -> str:
    """Where the schema of a block type is, from the project's folder."""
    return f"infra/block_types/{slug}.json"


def schema_files(objects: Iterable[LiveObject]) -> Iterator[tuple[str, str]]:
    """Name and text of each schema of the stack file's block types."""
    for item in objects:
        if item.kind == "BlockSchema" and "fields" in item.inputs:
            text = json.dumps(item.inputs["fields"], ensure_ascii=False)
            yield schema_file(item.human), f"{text}\n"


def automation_key(name: str, taken: Container[str]) -> str:
    """The key of an automation in the stack file: its name, numbered where an earlier one has it."""
    key, number = name, 1
    while key in taken:
        number += 1
        key = f"{name}-{number}"
    return key


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
