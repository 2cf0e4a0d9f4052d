"""Reads `prefect.yaml` with line numbers: every fault says file, line, key."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from prefect_pulumi.deploy.model import KNOWN_KEYS, PrefectFile
from prefect_pulumi.errors import PreflightError

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Path_ = Sequence[str | int]


@dataclass(frozen=True)
class Loaded:
    """The file as a model and as plain data (`raw`, anchors resolved), with the lines of its keys."""

    path: Path
    model: PrefectFile
    raw: dict[str, Any]
    node: yaml.Node | None

    def place(self, keys: Path_) -> str:
        """`line 12: deployments[0].schedule.cron`."""
        return place(self.node, keys)


def load(path: Path) -> Loaded:
    """Raises `PreflightError` with all faults of form at once."""
    try:
        text = path.read_text("utf-8")
        node = yaml.compose(text, _Loader)
        raw = yaml.load(text, _Loader)  # noqa: S506 - a safe loader
    except OSError as error:
        raise PreflightError(
            [error.strerror or str(error)], where=str(path.name), remedy="name it in `prefect_file`"
        ) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}: " if mark is not None else ""
        raise PreflightError([f"{line}{getattr(error, 'problem', None) or 'not YAML'}"], where=path.name) from error
    if raw is None:
        raw = {}
    if not isinstance(raw, dict):
        raise PreflightError(["line 1: it must be a mapping of keys to values"], where=path.name)
    raw = {**raw, "deployments": raw.get("deployments") or []}
    try:
        model = PrefectFile.model_validate(raw)
    except ValidationError as error:
        raise PreflightError([_explain(node, fault) for fault in error.errors()], where=path.name) from None
    return Loaded(path, model, raw, node)


def place(node: yaml.Node | None, keys: Path_) -> str:
    """Line and dotted path of a key; the nearest known line where the key itself is missing."""
    line = 1
    for key in keys:
        child = _child(node, key)
        if child is None:
            break
        key_node, node = child
        line = key_node.start_mark.line + 1
    return f"line {line}: {dotted(keys)}"


def dotted(keys: Path_) -> str:
    text = ""
    for key in keys:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else key
    return text


def _child(node: yaml.Node | None, key: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key_node, value in node.value:
            if key_node.value == key:
                return key_node, value
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        return node.value[key], node.value[key]
    return None


def _explain(node: yaml.Node | None, fault: Any) -> str:
    # pydantic adds the member of a union it tried; such parts are no keys of the file
    keys = [part for part in fault["loc"] if isinstance(part, int) or part.islower() or "_" in part or "-" in part]
    keys = [key for key in keys if key not in {"int", "str", "float", "bool", "constrained-float", "function-after"}]
    where = place(node, keys)
    if fault["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(fault["loc"][-1]), KNOWN_KEYS, n=1)
        return f"{where}: unknown key" + (f"; did you mean {near[0]}?" if near else "")
    if fault["type"] == "missing":
        return f"{where}: it is required"
    message = str(fault["msg"]).removeprefix("Value error, ")
    return f"{where}: {message[0].lower()}{message[1:]}" if message else where
