"""Plain data as YAML for people (pure)."""

from __future__ import annotations

from typing import Any

import yaml

WIDTH = 118


def yaml_text(document: dict[str, Any], depth: int) -> str:
    """`depth`: levels of the document that stand on lines of their own; what is deeper stands on one line where it
    fits."""
    node = _Representer().represent_data(document)
    _lay_out(node, depth, indent=0, used=0)
    text: str = yaml.serialize(node, Dumper=yaml.SafeDumper, allow_unicode=True, width=WIDTH)
    return text


class _Representer(yaml.representer.SafeRepresenter):
    """Writes equal values out again in place of an alias, and texts of several lines as such."""

    def represent_float(self, data: float) -> yaml.ScalarNode:
        return self.represent_int(int(data)) if data.is_integer() else super().represent_float(data)

    def represent_str(self, data: str) -> yaml.ScalarNode:
        return self.represent_scalar("tag:yaml.org,2002:str", data, style="|" if "\n" in data else None)

    def ignore_aliases(self, data: Any) -> bool:
        return True


_Representer.add_representer(float, _Representer.represent_float)
_Representer.add_representer(str, _Representer.represent_str)


def _lay_out(node: yaml.Node, depth: int, *, indent: int, used: int) -> None:
    """`indent`: of the node's own lines. `used`: characters of its first line that stand before it."""
    if not isinstance(node, yaml.CollectionNode):
        return
    pairs = isinstance(node, yaml.SequenceNode) and any(
        isinstance(item, yaml.MappingNode) and len(item.value) == 1 for item in node.value
    )
    node.flow_style = not node.value or (depth <= 0 and not pairs and used + _length(node) <= WIDTH)
    if node.flow_style:
        return
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _lay_out(item, depth - 1, indent=indent + 2, used=indent + 2)
        return
    for key, value in node.value:
        inside = indent if isinstance(value, yaml.SequenceNode) else indent + 2
        _lay_out(value, depth - 1, indent=inside, used=indent + len(key.value) + 4)


def _length(node: yaml.Node) -> int:
    """Characters of a node on one line; a text of several lines is longer than any."""
    if isinstance(node, yaml.ScalarNode):
        quotes = 2 if any(mark in node.value for mark in ":{}[],&*#?|'\"%@!") or node.value in ("", "null") else 0
        return WIDTH + 1 if "\n" in node.value else len(node.value) + quotes
    if isinstance(node, yaml.SequenceNode):
        return sum(_length(item) + 2 for item in node.value)
    return sum(_length(key) + _length(value) + 4 for key, value in node.value)
