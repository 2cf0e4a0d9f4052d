"""More acceptances put into the text of `review.yaml`; all else of it stays as it is (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from prefect_pulumi.core import yaml_source
from prefect_pulumi.core.errors import InputError

KEY = "accepted"


def added(text: str, entries: Sequence[Mapping[str, Any]], file: str) -> str:
    """The file with more items in its list `accepted`, which may stand in lines of its own, in brackets or not at all.

    Raises `InputError` for a file in which that list cannot be extended.
    """
    source = yaml_source.parse(text, file)
    new = _extended(text, source.node, [dict(entry) for entry in entries])
    if not _holds(new, source.data, entries, file):
        raise InputError(
            "the list `accepted` cannot be extended as it is written",
            where=file,
            remedy="write it as a list with one `- object: ...` for each entry",
        )
    return new


def _holds(text: str, before: Any, entries: Sequence[Mapping[str, Any]], file: str) -> bool:
    try:
        data = yaml_source.parse(text, file).data
    except InputError:
        return False
    if not isinstance(data, dict):
        return False
    old = before if isinstance(before, dict) else {}
    items, new = old.get(KEY) or [], [dict(entry) for entry in entries]
    return any(data == {**old, KEY: together} for together in ([*new, *items], [*items, *new]))


def _extended(text: str, root: yaml.Node | None, entries: list[dict[str, Any]]) -> str:
    block = yaml.safe_dump(entries, sort_keys=False, allow_unicode=True, width=10**9)
    if root is None:
        return _with_line_end(text) + f"{KEY}:\n{block}"
    if not isinstance(root, yaml.MappingNode):
        return text
    node = next((value for key, value in root.value if key.value == KEY), None)
    if node is None and root.flow_style:
        return _inserted(text, root, f"{KEY}: {_in_brackets(entries)}")
    if node is None:
        end = _with_line_end(text)
        return end + f"{KEY}:\n{block}"
    if isinstance(node, yaml.SequenceNode) and node.value and node.flow_style:
        return _inserted(text, node, _in_brackets(entries)[1:-1])
    if isinstance(node, yaml.SequenceNode) and node.value:
        start = text.rindex("\n", 0, node.start_mark.index) + 1
        indent = " " * (node.start_mark.index - start)
        return text[:start] + "".join(indent + line for line in block.splitlines(keepends=True)) + text[start:]
    if root.flow_style:
        return text[: node.start_mark.index] + _in_brackets(entries) + text[node.end_mark.index :]
    # Nothing, `null` or `[]`: the items follow in lines of their own.
    start, end = node.start_mark.index, node.end_mark.index
    line_end = text.find("\n", end)
    head = text[:start] + text[end:] if line_end < 0 else text[:start].rstrip(" ") + text[end:line_end]
    return head + "\n" + block + ("" if line_end < 0 else text[line_end + 1 :])


def _with_line_end(text: str) -> str:
    return text if not text or text.endswith("\n") else text + "\n"


def _in_brackets(entries: list[dict[str, Any]]) -> str:
    dumped: str = yaml.safe_dump(entries, sort_keys=False, allow_unicode=True, width=10**9, default_flow_style=True)
    return dumped.strip()


def _inserted(text: str, node: yaml.Node, more: str) -> str:
    """`more` before the bracket that closes `node`."""
    end = node.end_mark.index - 1
    before = text[node.start_mark.index + 1 : end]
    comma = "" if not node.value or _without_comments(before).rstrip().endswith(",") else ", "
    return text[:end] + comma + more + text[end:]


def _without_comments(text: str) -> str:
    return "\n".join(line.split(" #")[0] for line in text.splitlines())
