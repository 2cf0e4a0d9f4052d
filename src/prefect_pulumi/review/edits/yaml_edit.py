"""Edits of YAML that change the lines they mean to, and no other: by the places of nodes in the text."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from prefect_pulumi.core import yaml_source
from prefect_pulumi.core.diffs import ABSENT
from prefect_pulumi.core.yaml_source import YamlError

Step = str | int


class CannotEditError(Exception):
    """The file has no place for the value; the text says why."""


def get(text: str, path: Sequence[Step]) -> Any:
    """The value at a path of keys and indexes; `ABSENT` where there is none."""
    try:
        value = yaml_source.parse(text, "the file").data
    except YamlError as error:
        raise CannotEditError(error.faults[0].message) from error
    for step in path:
        listed = isinstance(value, list) and isinstance(step, int) and step < len(value)
        if listed or (isinstance(value, dict) and step in value):
            value = value[step]
        else:
            return ABSENT
    return value


def put(text: str, path: Sequence[Step], value: Any) -> str:
    """The text with `value` at the path; keys that are not there are added to the deepest mapping that is."""
    node, depth, alias = _walk(text, path)
    if depth == len(path):
        if alias is not None:
            return text[: alias.start()] + _flow(value) + text[alias.end() :]
        return _replaced(text, node, value)
    key = path[depth]
    if alias is not None and isinstance(key, int) and depth == len(path) - 1:
        listed = [*get(text, path[:-1])]  # the shared list written out, with one other entry
        listed[key] = value
        return text[: alias.start()] + _flow(listed) + text[alias.end() :]
    if any(isinstance(step, int) for step in path[depth:]):
        raise CannotEditError(f"there is no entry {key!r} to put it into")
    for step in reversed(path[depth + 1 :]):
        value = {step: value}
    if alias is not None:
        return _over_alias(text, alias, str(key), value)
    if isinstance(node, MappingNode) and isinstance(key, str):
        return _added(text, node, key, value)
    raise CannotEditError(f"there is no mapping to put {key!r} into")


def append(text: str, path: Sequence[Step], value: Any) -> str:
    """The text with one more entry of the list at the path; a list that is not there is added."""
    node, depth, alias = _walk(text, path)
    if depth < len(path) and alias is None:
        return put(text, path, [value])
    if alias is not None or not isinstance(node, SequenceNode):
        raise CannotEditError(f"{path[-1]!r} is not a list of its own")
    if node.flow_style:
        at = node.end_mark.index - 1
        return text[:at].rstrip() + (", " if node.value else "") + _flow(value) + text[at:]
    at = _end(text, node)
    return text[:at] + f"\n{' ' * node.start_mark.column}- {_flow(value)}" + text[at:]


def delete(text: str, path: Sequence[Step]) -> str:
    """The text without the key or the list entry at the path. A mapping or list that is empty then stays as `{}` or
    `[]`: nothing behind a key would be null."""
    parent, depth, alias = _walk(text, path[:-1])
    if depth != len(path) - 1 or alias is not None:
        raise CannotEditError("the part to delete is shared through an anchor")
    last = path[-1]
    if isinstance(parent, MappingNode | SequenceNode) and len(parent.value) == 1 and len(path) > 1:
        if get(text, path) is ABSENT:
            raise CannotEditError(f"there is no {last!r}")
        return put(text, path[:-1], {} if isinstance(parent, MappingNode) else [])
    if isinstance(parent, MappingNode):
        pair = _pair(parent, last)
        if pair is None or parent.flow_style:
            raise CannotEditError(f"{last!r} is not on a line of its own")
        return _cut(text, pair[0].start_mark.index, _end(text, pair[1]))
    if isinstance(parent, SequenceNode) and isinstance(last, int) and not parent.flow_style:
        item = parent.value[last]
        start = text.rindex("-", 0, item.start_mark.index)
        return _cut(text, start, _end(text, item))
    raise CannotEditError(f"{last!r} is not on a line of its own")


def _walk(text: str, path: Sequence[Step]) -> tuple[Node, int, re.Match[str] | None]:
    """The deepest node along the path, how many steps led to it, and the alias that stands in its place, if any."""
    try:
        node = yaml_source.compose(text, "the file")
    except YamlError as error:
        raise CannotEditError(error.faults[0].message) from error
    if node is None:
        raise CannotEditError("the file is empty")
    for depth, step in enumerate(path):
        if isinstance(node, MappingNode):
            pair = _pair(node, step)
            if pair is None:
                return node, depth, None
            key, node = pair
            alias_mark = re.compile(r"\s*:\s*(\*[^\s,\]}]+)").match(text, key.end_mark.index)
            if alias_mark is not None and node.start_mark.index < key.start_mark.index:
                alias = re.compile(r"\*[^\s,\]}]+").match(text, alias_mark.start(1))
                return node, depth + 1, alias
        elif isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
        else:
            return node, depth, None
    return node, len(path), None


def _pair(node: MappingNode, key: Step) -> tuple[Node, Node] | None:
    return next(((k, v) for k, v in node.value if isinstance(k, ScalarNode) and k.value == str(key)), None)


def _replaced(text: str, node: Node, value: Any) -> str:
    start = node.start_mark.index
    if isinstance(node, MappingNode) and not node.flow_style and isinstance(value, dict) and value:
        lines = _block(value, node.start_mark.column)
        return text[:start] + lines.lstrip() + text[_end(text, node) :]
    if isinstance(node, SequenceNode | MappingNode) and not node.flow_style:
        lead = text[text.rfind("\n", 0, start) + 1 : start]
        if not lead.strip():
            start = len(_without_comments(text[:start]))  # it goes up to its key's line
        return text[:start].rstrip(" ") + " " + _flow(value) + text[_end(text, node) :]
    if start == node.end_mark.index:  # `key:` with nothing behind it
        return text[:start].rstrip(" ") + " " + _flow(value) + text[start:]
    return text[:start] + _flow(value) + text[_end(text, node) :]


def _added(text: str, node: MappingNode, key: str, value: Any) -> str:
    if node.flow_style:
        at = node.end_mark.index - 1
        comma = ", " if node.value else ""
        return text[:at].rstrip() + comma + f"{_key(key)}: {_flow(value)}" + text[at:]
    at = _end(text, node)
    indent = " " * node.start_mark.column
    return text[:at] + f"\n{indent}{_key(key)}:{_inline(value, node.start_mark.column)}" + text[at:]


def _over_alias(text: str, alias: re.Match[str], key: str, value: Any) -> str:
    """`work_pool: *etl` becomes a mapping that takes over the alias and sets one key of its own."""
    line = text.rfind("\n", 0, alias.start()) + 1
    lead = re.match(r"[ -]*", text[line:])
    indent = " " * (len(lead[0] if lead else "") + 2)
    body = f"\n{indent}<<: {alias[0]}\n{indent}{_key(key)}:{_inline(value, len(indent))}"
    return text[: alias.start()].rstrip(" ") + body + text[alias.end() :]


def _cut(text: str, start: int, end: int) -> str:
    """Without the lines from `start` to `end`."""
    line = text.rfind("\n", 0, start) + 1
    lead = text[line:start]
    after = text.find("\n", end)
    after = len(text) if after < 0 else after + 1
    if lead.strip() == "-":  # the first key of a list entry: the next one moves up to the dash
        rest = text[after:]
        return text[:line] + lead + rest.lstrip(" ")
    return text[:line] + text[after:]


def _without_comments(text: str) -> str:
    """Without the blank lines and the lines of comments at its end."""
    lines = text.rstrip().split("\n")
    while len(lines) > 1 and lines[-1].lstrip().startswith("#"):
        lines = "\n".join(lines[:-1]).rstrip().split("\n")
    return "\n".join(lines)


def _end(text: str, node: Node) -> int:
    """Where the node's own text ends: a block's end mark stands behind blank lines and comments."""
    if isinstance(node, ScalarNode) and node.style in ("|", ">"):
        return len(text[: node.end_mark.index].rstrip())
    if not isinstance(node, MappingNode | SequenceNode) or node.flow_style:
        return int(node.end_mark.index)
    last = node.value[-1] if node.value else None
    if last is None:
        return int(node.end_mark.index)
    child = last[1] if isinstance(last, tuple) else last
    before = last[0].end_mark.index if isinstance(node, MappingNode) else _start_of_last(text, node)
    if child.start_mark.index < before:  # an alias: its node is where the anchor is
        end = text.find("\n", before)
        return len(text) if end < 0 else end
    return _end(text, child)


def _start_of_last(text: str, node: SequenceNode) -> int:
    """Where the last entry of a list in lines of its own begins. An alias has no place in the tree: the list's end is
    just behind it."""
    last = node.value[-1]
    if last.start_mark.index >= node.start_mark.index:
        return int(last.start_mark.index)
    return text.rindex("*", node.start_mark.index, len(_without_comments(text[: node.end_mark.index])))


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z_][\w.\-]*", key) else json.dumps(key, ensure_ascii=False)


def _flow(value: Any) -> str:
    """On one line; a text is quoted only where it must be."""
    dumped = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10**9, sort_keys=False)
    return dumped.removesuffix("...\n").strip()


def _inline(value: Any, indent: int) -> str:
    """What follows a key and its colon: on the same line, or a block below."""
    return "\n" + _block(value, indent + 2) if isinstance(value, dict) and value else " " + _flow(value)


def _block(value: dict[str, Any], indent: int) -> str:
    return "\n".join(f"{' ' * indent}{_key(str(key))}:{_inline(item, indent)}" for key, item in value.items())
