"""Reads `prefect.yaml` into the strict model: every fault of form at once, each with file, line and key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from prefect_pulumi.core.errors import PreflightError
from prefect_pulumi.core.suggestions import closest, is_unknown_key, suggestion, with_hint
from prefect_pulumi.deploy.file.document import Document, Keys, plain, read
from prefect_pulumi.deploy.file.model import PrefectFile
from prefect_pulumi.deploy.file.parts import all_parts, is_tag, part_at


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


def load(path: Path) -> LoadedFile:
    """Raises `PreflightError` with all faults of form at once."""
    return modelled(read(path))


def modelled(document: Document) -> LoadedFile:
    """A document that is well-formed YAML, against the model."""
    data = normal(document.data)
    model, faults = checked(document, data)
    if model is None:
        raise PreflightError([fault.text for fault in faults], where=document.path.name)
    return LoadedFile(document.path, model, plain(data), document)


def normal(data: Mapping[str, Any]) -> dict[str, Any]:
    """With `deployments`: only the key, or every entry commented out, means an empty list."""
    listed = data.get("deployments")
    return {**data, "deployments": [] if listed is None else listed}


FREE = ("x-", ".")
"""How a key of the file may begin that only holds anchors; Prefect reads none of them."""


@dataclass(frozen=True)
class FormFault:
    """What does not fit the model, at `keys`; `text` is `line N: key: message`."""

    line: int
    keys: tuple[str | int, ...]
    text: str


def checked(document: Document, data: Mapping[str, Any]) -> tuple[PrefectFile | None, list[FormFault]]:
    """The model of `data`, whose places are those of `document`; or its faults."""
    kept = {key: value for key, value in data.items() if not str(key).startswith(FREE)}
    try:
        return PrefectFile.model_validate(kept), []
    except ValidationError as error:
        faults = error.errors(include_url=False)
        meant = {(*fault["loc"][:-1], near) for fault in faults if (near := _nearest(fault))}
        form_faults = [
            explain(document, fault) for fault in faults if fault["type"] != "missing" or fault["loc"] not in meant
        ]
        return None, sorted(dict.fromkeys(form_faults), key=lambda fault: fault.line)


def explain(document: Document, fault: Any) -> FormFault:
    """One of pydantic's faults in our words."""
    location: tuple[str | int, ...] = fault["loc"]
    keys = tuple(part for part in location if not is_tag(part))
    words = _unknown_key(location) if is_unknown_key(fault) else _words(fault, location)
    return FormFault(document.line(keys), keys, f"{document.place(keys)}: {words}")


def _nearest(fault: Any) -> str:
    """The known key that an unknown one was meant to be, or ""."""
    if not is_unknown_key(fault):
        return ""
    part = part_at(PrefectFile, fault["loc"][:-1])
    return closest(str(fault["loc"][-1]), part.keys() if part else [])


def _unknown_key(location: Sequence[str | int]) -> str:
    part = part_at(PrefectFile, location[:-1])
    key = str(location[-1])
    known = part.keys() if part else []
    hint = suggestion(key, known)
    if hint:
        return with_hint("unknown key", hint)
    others = {
        name: owner
        for part_type, owner in all_parts(PrefectFile).items()
        if part_type is not part
        for name in part_type.keys()  # noqa: SIM118 - a method of ours
    }
    if key in others:
        owner = others[key]
        return f"unknown key here; it belongs under {owner}" if owner else "unknown key here; it belongs at the top"
    near = closest(key, others, cutoff=0.8)
    if near and others[near]:
        return f"unknown key; did you mean {near}, under {others[near]}?"
    anchors = " (a key that only holds anchors may begin with x-)" if part is PrefectFile else ""
    return f"unknown key; known here: {', '.join(known)}{anchors}"


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
