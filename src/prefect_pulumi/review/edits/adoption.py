"""Writes live values into the code: the file that sets a field, and the edit that sets it to the live value.

An edit is offered only where the file has the value that the code had: a literal.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from prefect_pulumi.core.diffs import ABSENT
from prefect_pulumi.core.values import MASK, same
from prefect_pulumi.models import KINDS
from prefect_pulumi.review.edits import yaml_edit
from prefect_pulumi.review.edits.python_edit import Source
from prefect_pulumi.review.edits.yaml_edit import CannotEditError
from prefect_pulumi.review.impacts import is_schedule
from prefect_pulumi.review.model import Class, DisplayValue, FieldChange, Item

Files = dict[str, str]
Path = list[str | int]
_CONFIG_KEYS = {
    "WorkPool": ("description", "concurrency_limit", "paused", "type", "base_job_template"),
    "WorkQueue": ("priority", "concurrency_limit", "description"),
    "Variable": ("value", "tags"),
    "GlobalConcurrencyLimit": ("limit", "slot_decay_per_second"),
    "TaskRunConcurrencyLimit": ("limit",),
    "BlockType": ("name", "description", "logo_url", "documentation_url", "code_example"),
    "Flow": ("tags",),
    "Automation": ("description", "enabled", "tags"),
}
_TEMPLATE_DEFAULT = re.compile(r"^baseJobTemplate\.variables\.properties\.(\w+)\.default")


@dataclass(frozen=True)
class Code:
    """The files that say what a stack is, path -> text. `config`: the path of the stack's file, "" where it is missing;
    `deploys`: those of the files of deployments; `program`: those of its modules. `project`: its name."""

    project: str
    files: Mapping[str, str]
    config: str = ""
    deploys: Sequence[str] = ()
    program: Sequence[str] = ()

    def deploys_of(self, key: str) -> str:
        """The file of a deployment by its item's key (`urn#flow/deployment`): a resource of `Flows` is called after the
        folder of its file. "" where there is none."""
        resource = key.partition("#")[0].rsplit("::", 1)[-1]
        folders = {path: path.rpartition("/")[0].replace("/", "-") for path in self.deploys}
        nested = [path for path, folder in folders.items() if folder and resource.endswith(f"-{folder}")]
        return max(nested, key=len, default=next((path for path, folder in folders.items() if not folder), ""))


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What is not adopted of an item. `path`: the field's; "" stands for the object itself."""

    key: str
    name: str
    path: str
    reason: str

    @property
    def text(self) -> str:
        return f"{self.path}: {self.reason}" if self.path else self.reason

    def __str__(self) -> str:
        return f"{self.name}: {self.text}"


Target = tuple[str, str]
"""Key of an item and path of its field, "" for the object itself."""


@dataclass
class Adopted:
    """`files`: path -> new text, of those that changed. `targets`: what is adopted. `left`: what is not, and why."""

    files: Files = field(default_factory=dict)
    targets: set[Target] = field(default_factory=set)
    left: list[LeftOut] = field(default_factory=list)

    def text(self, code: Code, path: str) -> str:
        return self.files.get(path, code.files[path])

    def changed(self, code: Code) -> Files:
        return {path: text for path, text in self.files.items() if text != code.files[path]}


def adopt(code: Code, items: Sequence[Item], excluded: Mapping[Target, str] | None = None) -> Adopted:
    """All edits for `items`, each on top of the one before. `excluded`: targets that are not tried, and why."""
    adopted = Adopted()
    for item in items:
        for change in targets(item):
            target = target_of(item, change)
            try:
                if excluded and target in excluded:
                    raise CannotEditError(excluded[target])
                path, text = _edit(code, adopted, item, change)
                _check(path, text)
            except CannotEditError as error:
                adopted.left.append(LeftOut(item.key, f"{item.kind} {item.name}", target[1], str(error)))
                continue
            adopted.files[path] = text
            adopted.targets.add(target)
    return adopted


def targets(item: Item) -> Iterator[FieldChange | None]:
    """What there is to adopt; None stands for the object itself, which is gone."""
    if item.cls is Class.MISSING_LIVE:
        yield None
        return
    for change in item.fields:
        if change.cls in (Class.CHANGED_LIVE, Class.CONFLICT):
            yield change


def target_of(item: Item, change: FieldChange | None) -> Target:
    return item.key, "" if change is None else change.path


def _check(path: str, text: str) -> None:
    """Refuses an edit after which the file cannot be read: what was taken out held an anchor, or all of a block."""
    if path.endswith(".py"):
        Source(text)
    else:
        yaml_edit.get(text, [])


def _edit(code: Code, adopted: Adopted, item: Item, change: FieldChange | None) -> tuple[str, str]:
    """Path and new text. Raises `CannotEditError` with the reason of the place that came nearest."""
    if change is not None and "secret" in (change.code.kind, change.applied.kind, change.live.kind):
        raise CannotEditError("it is secret: give the new value with infra config set --secret, or its variable")
    if change is not None and MASK in json.dumps(change.live.value):
        raise CannotEditError("its live value holds a secret of this stack: edit it by hand")
    if change is not None and change.path == "id":
        raise CannotEditError("nothing to write: infra refresh takes the new id over")
    reasons: list[str] = []
    for editor in (_in_prefect_yaml, _in_config, _in_program):
        try:
            edit = editor(code, adopted, item, change)
        except CannotEditError as error:
            reasons.append(str(error))
            continue
        if edit is not None:
            return edit
    raise CannotEditError(reasons[0] if reasons else "no file says it in a literal: edit it by hand")


# The stack's config


def _in_config(code: Code, adopted: Adopted, item: Item, change: FieldChange | None) -> tuple[str, str] | None:
    if not code.config:
        return None
    text = adopted.text(code, code.config)
    keys = (f"{code.project}:environment", "environment")
    key = next((key for key in keys if yaml_edit.get(text, ["config", key]) is not ABSENT), None)
    place = config_place(item.kind, item.name)
    if key is None or place is None:
        return None
    root: Path = ["config", key]
    if yaml_edit.get(text, [*root, *place]) is ABSENT:
        gone = change is None and yaml_edit.get(code.files[code.config], [*root, *place]) is not ABSENT
        return (code.config, text) if gone else None  # it went with the object that holds it
    if change is None:
        return code.config, _without(text, root, place)
    tail = _key_in_config(item, change, text, [*root, *place])
    if tail is None:
        return None
    return code.config, _put_yaml(text, [*root, *place, *tail], change)


def config_place(kind: str, name: str) -> Path | None:
    """Keys below `environment`; None for a kind that the stack file does not have."""
    if kind == "WorkQueue" and "/" in name:
        pool, queue = name.split("/", 1)
        return ["pools", pool, "queues", queue]
    group = {
        "WorkPool": "pools",
        "Variable": "variables",
        "JsonBlock": "json_blocks",
        "SecretBlock": "secrets",
        "BlockType": "block_types",
        "BlockDocument": "blocks",
        "GlobalConcurrencyLimit": "concurrency_limits",
        "TaskRunConcurrencyLimit": "tag_limits",
        "Flow": "flows",
        "Automation": "automations",
        "Webhook": "webhooks",
        "ManagedAutomation": "managed_automations",
    }.get(kind)
    return [group, name] if group else None


def _without(text: str, root: Path, place: Path) -> str:
    """Without an object, and without its group when there is no other one in it."""
    if len(yaml_edit.get(text, [*root, *place[:-1]])) == 1:
        place = place[:-1]
    return yaml_edit.delete(text, [*root, *place])


def _key_in_config(item: Item, change: FieldChange, text: str, place: Path) -> Path | None:
    head, *tail = steps(change.path)
    if item.kind == "JsonBlock":
        return tail if head == "value" else None
    default = _TEMPLATE_DEFAULT.match(change.path)
    if default and yaml_edit.get(text, [*place, "base_job_template"]) is ABSENT:
        return ["job", default[1], *tail[4:]]
    key = _attribute(item.kind, str(head))
    return [key, *tail] if key in _CONFIG_KEYS.get(item.kind, ()) else None


def _put_yaml(text: str, path: Path, change: FieldChange) -> str:
    there = yaml_edit.get(text, path)
    if not _says(there, change.code) and not (there is ABSENT and change.code.kind in ("value", "any", "absent")):
        raise CannotEditError("the file says it in another way: edit it by hand")
    if change.live.kind == "absent":
        return text if there is ABSENT else yaml_edit.delete(text, path)
    return yaml_edit.put(text, path, change.live.value)


# The program


def _in_program(code: Code, adopted: Adopted, item: Item, change: FieldChange | None) -> tuple[str, str] | None:
    logical = item.key.rsplit("::", 1)[-1]
    for path in code.program:
        source = Source(adopted.text(code, path))
        call = source.resource(item.kind, logical)
        if call is None:
            continue
        if change is None:
            return path, source.remove(call)
        head, *tail = steps(change.path)
        keyword = _attribute(item.kind, str(head))
        there = source.get(call, keyword, tail)
        if not _says(there, change.code) and not (there is ABSENT and change.code.kind in ("value", "any", "absent")):
            raise CannotEditError("the program says it in another way: edit it by hand")
        if change.live.kind == "absent":
            return path, source.drop(call, keyword, tail)
        return path, source.put(call, keyword, tail, change.live.value)
    return None


def _attribute(kind: str, wire: str) -> str:
    model = KINDS.get(f"prefect:index:{kind}")
    spec = model.field(wire) if model is not None else None
    return spec.attribute.rstrip("_") if spec is not None else wire


# prefect.yaml


def _in_prefect_yaml(code: Code, adopted: Adopted, item: Item, change: FieldChange | None) -> tuple[str, str] | None:
    deploys = code.deploys_of(item.key)
    if not deploys or "#" not in item.key or item.kind != "Deployment":
        return None
    text = adopted.text(code, deploys)
    number = entry_number(yaml_edit.get(text, ["deployments"]), item.name)
    if number is None:
        raise CannotEditError(f"{deploys} has no entry for it that can be told from the others")
    place: Path = ["deployments", number]
    if change is None:
        return deploys, yaml_edit.delete(text, place)
    if schedule := is_schedule(change.path):
        return deploys, _with_schedules(text, place, schedule, change)
    return deploys, _put_yaml(text, [*place, *_key_in_entry(text, place, steps(change.path))], change)


def _with_schedules(text: str, place: Path, name: str, change: FieldChange) -> str:
    """The file's text without a schedule, or with one more."""
    if change.live.kind == "absent":
        return yaml_edit.delete(text, [*place, "schedules", _number_of_schedule(text, place, name)])
    if not isinstance(change.live.value, dict) or yaml_edit.get(text, [*place, "schedule"]) is not ABSENT:
        raise CannotEditError("the file says its schedules in another way: edit it by hand")
    return yaml_edit.append(text, [*place, "schedules"], _declared(change.live.value))


def _declared(live: Mapping[str, Any]) -> dict[str, Any]:
    """A live schedule as an entry of the file, without what is the default."""
    if live.get("max_scheduled_runs") is not None:
        raise CannotEditError("prefect.yaml has no key for max_scheduled_runs: `up` takes it away")
    defaults = {"timezone": "UTC", "day_or": True, "active": True, "parameters": {}, "slug": None}
    names = ("slug", "cron", "interval", "rrule", "anchor_date", "timezone", "day_or", "active", "parameters")
    entry = {name: live[name] for name in names if name in live and live[name] != defaults.get(name, ABSENT)}
    if isinstance(entry.get("interval"), float) and entry["interval"].is_integer():
        entry["interval"] = int(entry["interval"])
    return entry


def _number_of_schedule(text: str, place: Path, name: str | int) -> int:
    schedules = yaml_edit.get(text, [*place, "schedules"])
    listed = enumerate(schedules if isinstance(schedules, list) else [])
    hits = [number for number, schedule in listed if isinstance(schedule, dict) and _called(schedule) == name]
    if len(hits) != 1:
        raise CannotEditError(f"the file has no schedule {name!r}: edit it by hand")
    return hits[0]


def entry_number(entries: Any, name: str) -> int | None:
    """Index of a deployment (`flow/name`) in the list of the file; None where it cannot be told from the others."""
    flow, _, deployment = name.partition("/")
    if not isinstance(entries, list):
        return None
    matches = [i for i, entry in enumerate(entries) if isinstance(entry, dict) and entry.get("name") == deployment]
    if len(matches) > 1:
        matches = [i for i in matches if flow in (entries[i].get("flow_name"), _flow_of(entries[i].get("entrypoint")))]
    return matches[0] if len(matches) == 1 else None


def _flow_of(entrypoint: Any) -> str:
    return str(entrypoint).rsplit(":", 1)[-1].rsplit(".", 1)[-1].replace("_", "-")


def _key_in_entry(text: str, place: Path, path: Path) -> Path:
    head, *tail = path
    if head == "schedules" and tail[-1:] == ["max_scheduled_runs"]:
        raise CannotEditError("prefect.yaml has no key for it: `up` takes it away")
    if head == "schedules" and tail:
        return ["schedules", _number_of_schedule(text, place, tail[0]), *tail[1:]]
    if head in ("work_pool_name", "work_queue_name", "job_variables"):
        return ["work_pool", "name" if head == "work_pool_name" else head, *tail]
    if head == "concurrency_limit" and isinstance(yaml_edit.get(text, [*place, head]), dict):
        return [head, "limit"]
    if head in ("collision_strategy", "grace_period_seconds"):
        return ["concurrency_limit", head]
    if head in ("automations", "owner", "path", "pull_steps", "sla"):
        raise CannotEditError("prefect.yaml says it in another way: edit it by hand")
    return path


def _called(schedule: Mapping[str, Any]) -> str:
    """The name of a schedule in a report: its slug, else its rule."""
    named = schedule.get("slug") or schedule.get("cron") or schedule.get("rrule")
    return str(named or f"every {schedule.get('interval')}s")


# Shared


def steps(path: str) -> Path:
    """`a.b[0]["c d"]` -> ["a", "b", 0, "c d"]."""
    keys: Path = []
    for name, index, quoted in re.findall(r'(?:^|\.)([^.\[]+)|\[(\d+)\]|\["((?:[^"\\]|\\")*)"\]', path):
        if quoted:
            keys.append(quoted.replace('\\"', '"'))
        else:
            keys.append(int(index) if index else name)
    return keys


def _says(there: Any, code: DisplayValue) -> bool:
    if there is ABSENT:
        return False
    return code.kind == "value" and same(there, code.value)
