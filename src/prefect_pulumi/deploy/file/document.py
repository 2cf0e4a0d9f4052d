"""A YAML file as plain data with the lines of its keys. Faults of YAML itself say line and column."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from prefect_pulumi.core.errors import PreflightError

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Keys = Sequence[str | int]

LARGEST = 200_000
"""Values that a file may come to once its anchors are written out."""


@dataclass(frozen=True)
class Document:
    """`data` has its anchors and merges resolved. `path` names the file in messages."""

    path: Path
    data: dict[str, Any]
    node: yaml.Node | None
    filled: frozenset[tuple[str | int, ...]] = field(default=frozenset())
    """Places whose value does not come from the file."""

    def place(self, keys: Keys) -> str:
        """`line 12: deployments[0].schedule.cron`; the nearest known line where the key itself is missing."""
        line, shown = self._find(keys)
        return f"line {line}: {dotted(shown)}" if shown else f"line {line}"

    def line(self, keys: Keys) -> int:
        return self._find(keys)[0]

    def _find(self, keys: Keys) -> tuple[int, list[str | int]]:
        node, line, shown = self.node, 1, []
        for key in keys:
            if isinstance(key, int) and isinstance(node, yaml.MappingNode):
                continue  # one item that stands without a list around it
            shown.append(key)
            child = _child(node, key)
            if child is None:
                node = None
                continue
            key_node, node = child
            line = key_node.start_mark.line + 1
        return line, shown


def read(path: Path) -> Document:
    """Raises `PreflightError` for what is no YAML mapping."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError as error:
        raise PreflightError(
            ["there is no such file"],
            where=path.name,
            remedy=f"write one in {path.parent}, or name another as `prefect_file` (and `directory`)",
        ) from error
    except OSError as error:
        raise PreflightError([error.strerror or str(error)], where=path.name) from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise PreflightError([f"line {line}: it is not UTF-8 text; save it as UTF-8"], where=path.name) from error
    return parse(text, path)


def parse(text: str, path: Path) -> Document:
    """As `read`, of a text."""
    try:
        node = yaml.compose(text, _Loader)
        faults = [] if node is None else list(_doubled(node))
        if faults:
            raise PreflightError(faults, where=path.name)
        data = yaml.load(text, _Loader)  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        raise PreflightError([_words(error)], where=path.name) from error
    except (ValueError, RecursionError) as error:
        raise PreflightError([f"line 1: it cannot be read as YAML ({error})"], where=path.name) from error
    if data is None:
        raise PreflightError(
            ["line 1: the file is empty"], where=path.name, remedy="write `deployments: []` when there is none"
        )
    if not isinstance(data, dict):
        kind = "a list" if isinstance(data, list) else "a single value"
        raise PreflightError(
            [f"line 1: it must be a mapping of keys to values, not {kind}; begin with `deployments:`"],
            where=path.name,
        )
    return Document(path, data, node)


def plain(value: Any) -> Any:
    """The JSON value that Prefect makes of a YAML value: dates become texts."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def dotted(keys: Keys) -> str:
    text = ""
    for key in keys:
        text += f"[{key}]" if isinstance(key, int) else f".{key}" if text else key
    return text


def _child(node: yaml.Node | None, key: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        merged: list[yaml.Node] = []
        for key_node, value in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                merged += value.value if isinstance(value, yaml.SequenceNode) else [value]
            elif key_node.value == str(key):
                return key_node, value
        return next((found for each in merged if (found := _child(each, key))), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
        return node.value[key], node.value[key]
    return None


def _doubled(root: yaml.Node) -> Iterator[str]:
    """Keys that a mapping has twice (YAML would take the last), and anchors that hold themselves."""
    done: set[int] = set()
    size = 0

    def walk(node: yaml.Node, path: list[str | int], above: tuple[int, ...]) -> Iterator[str]:
        nonlocal size
        size += 1
        if id(node) in above:
            yield f"line {node.start_mark.line + 1}: {dotted(path)}: the anchor holds itself"
            return
        if size > LARGEST:
            return
        fresh = id(node) not in done
        done.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                yield from walk(item, [*path, index], (*above, id(node)))
        elif isinstance(node, yaml.MappingNode):
            seen: dict[str, int] = {}
            for key, value in node.value:
                name = str(key.value) if isinstance(key, yaml.ScalarNode) else ""
                line = key.start_mark.line + 1
                merge = key.tag == "tag:yaml.org,2002:merge"
                if not isinstance(key, yaml.ScalarNode):
                    yield f"line {line}: {dotted(path)}: put a text that begins with {{{{ in quotes"
                elif name in seen and fresh and not merge:
                    yield f"line {line}: {dotted([*path, name])}: the key is here twice (first: line {seen[name]})"
                seen.setdefault(name, line)
                yield from walk(value, path if merge else [*path, name], (*above, id(node)))

    yield from walk(root, [], ())
    if size > LARGEST:
        yield f"line 1: its anchors come to more than {LARGEST} values when they are written out"


def _words(error: yaml.YAMLError) -> str:
    """PyYAML's own words, with place and remedy."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = str(getattr(error, "problem", None) or getattr(error, "reason", None) or "it is not YAML")
    context = getattr(error, "context", None)
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark is not None else ""
    words = f"{context}: {problem}" if context else problem
    if "undefined alias" in words:
        words += "; an anchor (&name) must stand above its alias (*name)"
    elif "mapping values are not allowed" in words:
        words += "; put a text that holds a colon in quotes"
    elif "expected <block end>" in words or "expected node content" in words or "unexpected end" in words:
        words += "; is the indentation right, and every bracket and quote closed?"
    elif "cannot start any token" in words:
        words += "; indent with spaces, not with tabs, and put a text that begins with @, ` or % in quotes"
    return f"{where}{words}"
