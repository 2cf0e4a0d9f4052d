"""Reads `prefect.yaml` into the strict model: every fault of form at once, each with file, line and key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from prefect_pulumi.core.errors import PreflightError
from prefect_pulumi.core.suggestions import closest, is_unknown_key, suggestion, with_hint
from prefect_pulumi.deploy.file.document import Document, Finding, Keys, Severity, plain, shared_once
from prefect_pulumi.deploy.file.model import DeploymentEntry, PrefectFile, Schedule
from prefect_pulumi.deploy.file.parts import FileModel, all_parts, is_tag, part_at


@dataclass(frozen=True)
class LoadedFile:
    """The file as a model and as plain JSON data (`raw`, anchors resolved), with the lines of its keys."""

    path: Path
    model: PrefectFile
    raw: dict[str, Any]
    document: Document

    def place(self, keys: Keys) -> str:
        """`line 12: deployments[0].schedule.cron`."""
        return self.document.place(keys)


def modelled(document: Document) -> LoadedFile:
    """A document that is well-formed YAML, against the model. Raises `PreflightError` with all faults of form at
    once."""
    data = normal(document.data)
    form = checked(document, data)
    if form.model is None:
        raise PreflightError([fault.text for fault in shared_once(form.faults, data)], where=document.path.name)
    return LoadedFile(document.path, form.model, plain(form.data), document)


def normal(data: Mapping[str, Any]) -> dict[str, Any]:
    """With `deployments`: only the key, or every entry commented out, means an empty list."""
    listed = data.get("deployments")
    return {**data, "deployments": [] if listed is None else listed}


def with_default_pool(document: Document, pool: str) -> Document:
    """`document` with `pool` (Prefect's setting; "" for none) in the entries that name none, as Prefect does it."""
    listed = document.data.get("deployments")
    if not pool or not isinstance(listed, list):
        return document
    entries = []
    for entry in listed:
        use = entry.get("work_pool", {}) if isinstance(entry, dict) else None
        if isinstance(use, dict) and use.get("name") is None:
            entry = {**entry, "work_pool": {**use, "name": pool}}
        entries.append(entry)
    return replace(document, data={**document.data, "deployments": entries})


FREE = ("x-", ".")
"""How a key of the file may begin that only holds anchors; Prefect reads none of them."""


@dataclass(frozen=True)
class Form:
    """What the model makes of a file. `model` is None where there are faults; `data` is without the keys that Prefect
    ignores, each of which is a warning."""

    model: PrefectFile | None
    data: dict[str, Any]
    faults: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()


def checked(document: Document, data: Mapping[str, Any]) -> Form:
    """`data`, whose places are those of `document`, against the model."""
    kept = {key: value for key, value in data.items() if not str(key).startswith(FREE)}
    try:
        return Form(PrefectFile.model_validate(kept), dict(data))
    except ValidationError as error:
        errors = error.errors(include_url=False)
    idle = {fault["loc"]: words for fault in errors if (words := _idle_key(fault))}
    warnings = [_finding(document, loc, words, Severity.WARNING) for loc, words in idle.items()]
    warnings.sort(key=lambda warning: warning.line)
    rest = [fault for fault in errors if fault["loc"] not in idle]
    if not rest:
        left = reduce(_without, (_keys(loc) for loc in idle), dict(data))
        return replace(checked(document, left), warnings=tuple(warnings))
    meant = {(*fault["loc"][:-1], near) for fault in rest if (near := _nearest(fault))}
    faults = [
        _finding(document, fault["loc"], _explanation(fault))
        for fault in rest
        if fault["type"] != "missing" or fault["loc"] not in meant
    ]
    return Form(None, dict(data), tuple(dict.fromkeys(faults)), tuple(warnings))


def _keys(location: Sequence[str | int]) -> tuple[str | int, ...]:
    return tuple(part for part in location if not is_tag(part))


def _without(value: Any, keys: Sequence[str | int]) -> Any:
    """A copy of `value` that lacks the key at a place."""
    head, *rest = keys
    if isinstance(value, list) and isinstance(head, int):
        return [_without(item, rest) if index == head else item for index, item in enumerate(value)]
    if not rest:
        return {key: item for key, item in value.items() if key != head}
    return {key: _without(item, rest) if key == head else item for key, item in value.items()}


def _finding(
    document: Document, location: Sequence[str | int], message: str, severity: Severity = Severity.FAULT
) -> Finding:
    return document.finding(_keys(location), message, severity)


def _explanation(fault: Any) -> str:
    """One of pydantic's faults in our words."""
    return _unknown_key(fault["loc"]) if is_unknown_key(fault) else _words(fault, fault["loc"])


def _nearest(fault: Any) -> str:
    """The known key that an unknown one was meant to be, or ""."""
    if not is_unknown_key(fault):
        return ""
    part = part_at(PrefectFile, fault["loc"][:-1])
    return closest(str(fault["loc"][-1]), part.keys() if part else [])


LEFTOVERS: dict[str, str] = {
    "is_schedule_active": "write paused for the deployment, or active for one schedule",
    "infra_overrides": "write job_variables under work_pool",
    "infrastructure": "name a work_pool",
    "infrastructure_document_id": "name a work_pool",
    "storage": "write steps under pull",
    "storage_document_id": "write steps under pull",
    "manifest_path": "take it out",
    "timestamp": "take it out",
}
"""Key of a deployment of Prefect 2 -> what says the same today."""

FILE_METADATA = frozenset({"version"})
"""Keys that say something of the file itself at its top, whatever they mean below."""


def _idle_key(fault: Any) -> str:
    """What is said of an unknown key that changes nothing; "" where it was meant to be a known one, which is a fault.

    Prefect refuses the whole file for an unknown key of a schedule.
    """
    if not is_unknown_key(fault):
        return ""
    location, key = fault["loc"], str(fault["loc"][-1])
    part = part_at(PrefectFile, location[:-1])
    if part is Schedule or part is None:
        return ""
    if part is DeploymentEntry and key in LEFTOVERS:
        return f"Prefect 3 ignores this key of Prefect 2; {LEFTOVERS[key]}"
    if part is PrefectFile and key in FILE_METADATA:
        return "Prefect ignores this key; take it out"
    if closest(key, part.keys()) or _elsewhere(part, key):
        return ""
    anchors = ", or let it begin with x- when it only holds anchors" if part is PrefectFile else ""
    return f"Prefect ignores this key; take it out{anchors}"


def _elsewhere(part: type[FileModel] | None, key: str) -> tuple[str, str] | None:
    """The known key of another part that `key` is or was meant to be, and the key that this part stands under."""
    others = {
        name: owner
        for part_type, owner in all_parts(PrefectFile).items()
        if part_type is not part
        for name in part_type.keys()  # noqa: SIM118 - a method of ours
    }
    if key in others:
        return key, others[key]
    near = closest(key, others, cutoff=0.8)
    return (near, others[near]) if near and others[near] else None


def _unknown_key(location: Sequence[str | int]) -> str:
    part = part_at(PrefectFile, location[:-1])
    key = str(location[-1])
    known = part.keys() if part else []
    hint = suggestion(key, known)
    if hint:
        return with_hint("unknown key", hint)
    elsewhere = _elsewhere(part, key)
    if elsewhere is None:
        return f"unknown key, for which Prefect skips the whole file; known here: {', '.join(known)}"
    near, owner = elsewhere
    if near != key:
        return f"unknown key; did you mean {near}, under {owner}?"
    return f"unknown key here; it belongs under {owner}" if owner else "unknown key here; it belongs at the top"


_MISSING = {
    "work_pool": "it is required: name the work pool that runs the deployment",
    "entrypoint": "it is required: path/to/file.py:function of the flow",
    "name": "it is required; without one Prefect skips the deployment and says nothing",
}


def _words(fault: Any, location: Sequence[str | int]) -> str:
    kind, value, context = fault["type"], fault.get("input"), fault.get("ctx", {})
    if kind == "invalid_key":
        return "a key that is not a text; put it in quotes"
    last = str(location[-1]) if location else ""
    if kind == "missing" or (value is None and last in _MISSING and _of_deployment(location)):
        return _MISSING[last] if last in _MISSING and _of_deployment(location) else "it is required"
    if value is None and kind.endswith(("_type", "_parsing")):
        return f"it is empty; give {_wanted(kind)}, or leave the key out: Prefect would skip the whole file"
    if kind == "string_type":
        if isinstance(value, dict | list):
            return f"give a text, not {_kind(value)}"
        return f"{_shown(value)} is {_kind(value)}, and Prefect wants a text; put it in quotes"
    if kind in ("greater_than_equal", "greater_than", "less_than_equal"):
        word = {"greater_than_equal": "at least", "greater_than": "more than", "less_than_equal": "at most"}[kind]
        limit = context.get("ge", context.get("gt", context.get("le")))
        return f"it must be {word} {limit}, not {_shown(value)}"
    if kind in ("literal_error", "enum"):
        choices = context["expected"].replace("'", "")
        return with_hint(f"give {choices}, not {_shown(value)}", suggestion(str(value), choices.split(" or ")))
    if kind == "string_pattern_mismatch":
        return _MISSING.get(last, "it must not be empty")
    if kind == "too_short":
        return "it must not be empty"
    if kind == "trigger":
        return f"{fault['msg']}, not {_shown(value.get('type'))}" if isinstance(value, dict) else fault["msg"]
    if kind.endswith(("_type", "_parsing", "_from_float")) or kind == "model_attributes_type":
        template = "; Prefect reads it before it fills in a {{ }}" if isinstance(value, str) and "{{" in value else ""
        if last == "work_pool" and isinstance(value, str):
            return f"give a mapping, such as {{name: {value}}}"
        return f"give {_wanted(kind)}, not {_shown(value)}{template}"
    if kind == "value_error":
        return str(fault["msg"]).removeprefix("Value error, ")
    return f"{fault['msg'][:1].lower()}{fault['msg'][1:]}"


def _of_deployment(location: Sequence[str | int]) -> bool:
    """Whether a location is that of a key of an entry of `deployments`."""
    return len(location) == 3 and location[0] == "deployments"


_WANTED = {
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "list": "a list",
    "dict": "a mapping of keys to values",
    "model": "a mapping of keys to values",
    "string": "a text",
    "time_delta": "seconds, HH:MM:SS or a duration such as PT15M",
}


def _wanted(kind: str) -> str:
    return next((words for name, words in _WANTED.items() if kind.startswith(name)), "another value")


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "a yes or no"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "a mapping"
    return "a date" if hasattr(value, "isoformat") else "nothing" if value is None else "a text"


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list):
        return _kind(value)
    if isinstance(value, str):
        return repr(value if len(value) <= 60 else f"{value[:57]}...")
    return str(value)
