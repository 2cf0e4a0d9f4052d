"""Pulumi property paths (`a.b[0]`, `a["x.y"]`, `list[*].name`) over plain data; pure."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator
from typing import Any

from prefect_pulumi.errors import InputError
from prefect_pulumi.values import Secret

Segment = str | int
WILDCARD = "*"
_TOKEN = re.compile(r"""\.?([^.\[\]"]+)|\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|\[(\*)\]""")


def parse(path: str) -> tuple[Segment, ...]:
    """Segments of a path: names, list indexes, or `*`."""
    segments: list[Segment] = []
    position = 0
    while position < len(path):
        match = _TOKEN.match(path, position)
        if match is None:
            raise InputError(f"{path!r} is not a property path", remedy='write it as a.b[0] or a["x.y"]')
        name, index, quoted, star = match.groups()
        if name is not None:
            segments.append(name)
        elif index is not None:
            segments.append(int(index))
        elif star is not None:
            segments.append(WILDCARD)
        else:
            segments.append(quoted.replace('\\"', '"').replace("\\\\", "\\"))
        position = match.end()
    return tuple(segments)


def step(key: str) -> str:
    """The spelling of one step into an object: `.name`, or `["any text"]`."""
    return f".{key}" if re.fullmatch(r"[A-Za-z_]\w*", key) else '["' + key.replace('"', '\\"') + '"]'


def covered(path: str, ignored: Iterable[str]) -> bool:
    """Whether an `ignore_changes` entry stands for the path or for something above it."""
    for entry in ignored:
        pattern = re.escape(entry).replace(r"\[\*\]", r"\[[^\]]*\]").replace(r"\*", r"[^.\[]*")
        if re.match(rf"{pattern}(?=$|[.\[])", path):
            return True
    return False


def _open(value: Any) -> Any:
    return value.value if isinstance(value, Secret) else value


def _expand(segments: tuple[Segment, ...], *trees: Any) -> Iterator[tuple[Segment, ...]]:
    """Concrete paths for a path with wildcards, over the keys that any of the trees has."""
    if WILDCARD not in segments:
        yield segments
        return
    at = segments.index(WILDCARD)
    keys: dict[Segment, None] = {}
    for tree in trees:
        node = _open(tree)
        for segment in segments[:at]:
            node = _child(node, segment)
        if isinstance(node, dict):
            keys.update(dict.fromkeys(node))
        elif isinstance(node, list):
            keys.update(dict.fromkeys(range(len(node))))
    for key in keys:
        yield from _expand((*segments[:at], key, *segments[at + 1 :]), *trees)


def _child(node: Any, segment: Segment) -> Any:
    node = _open(node)
    if isinstance(node, dict) and isinstance(segment, str):
        return _open(node.get(segment))
    if isinstance(node, list) and isinstance(segment, int) and segment < len(node):
        return _open(node[segment])
    return None


def reset(news: dict[str, Any], olds: dict[str, Any], ignored: Iterable[str]) -> dict[str, Any]:
    """`news` with every ignored path put back to its old input (removed where the old one had none)."""
    result = copy.deepcopy(news) if ignored else news
    for path in ignored:
        for segments in _expand(parse(path), olds, result):
            _reset_one(result, olds, segments)
    return result


def _reset_one(news: Any, olds: Any, segments: tuple[Segment, ...]) -> None:
    *heads, last = segments
    for segment in heads:
        news, olds = _child(news, segment), _child(olds, segment)
    if isinstance(news, dict) and isinstance(last, str):
        if isinstance(olds, dict) and last in olds:
            news[last] = copy.deepcopy(olds[last])
        else:
            news.pop(last, None)
    elif (
        isinstance(news, list) and isinstance(olds, list) and isinstance(last, int) and last < min(len(news), len(olds))
    ):
        news[last] = copy.deepcopy(olds[last])


def covers(pattern: str, path: str) -> bool:
    """True when `path` is at or below `pattern`."""
    wanted, found = parse(pattern), parse(path)
    return len(wanted) <= len(found) and all(a in (WILDCARD, b) for a, b in zip(wanted, found, strict=False))
