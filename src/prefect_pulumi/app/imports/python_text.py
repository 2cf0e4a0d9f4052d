"""Values as Python source (pure)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

WIDTH = 120
INDENT = "    "


class Expression(str):
    """Source that stands in a text as it is."""

    __slots__ = ()


def literal(value: Any, indent: str = "", used: int = 0) -> str:
    """Source of plain data with expressions inside, broken into lines as ruff breaks them. `used`: characters of its
    first line that something else takes."""
    line = _one_line(value)
    if len(indent) + used + len(line) <= WIDTH or not value or not isinstance(value, dict | list | tuple):
        return line
    begin, end, inner = line[0], line[-1], indent + INDENT
    if isinstance(value, dict):
        pairs = ((f"{_one_line(key)}: ", item) for key, item in value.items())
        rows = [f"{inner}{key}{literal(item, inner, len(key) + 1)}," for key, item in pairs]
    else:
        rows = [f"{inner}{literal(item, inner, 1)}," for item in value]
    return "\n".join([begin, *rows, f"{indent}{end}"])


def _one_line(value: Any) -> str:
    if isinstance(value, Expression):
        return str(value)
    if isinstance(value, str):
        text = json.dumps(value, ensure_ascii=False)
        return "'" + text[1:-1].replace('\\"', '"') + "'" if '"' in value and "'" not in value else text
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_one_line(key)}: {_one_line(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_one_line(item) for item in value) + "]"
    return repr(int(value) if isinstance(value, float) and value.is_integer() else value)


def call(function: str, positional: Sequence[str], named: Mapping[str, Any], *, used: int = 0) -> str:
    """A call; `positional` is source, `named` are values. `used`: characters before it on its line."""
    line = ", ".join([*positional, *(f"{name}={_one_line(value)}" for name, value in named.items())])
    if used + len(function) + len(line) + 2 <= WIDTH:
        return f"{function}({line})"
    if len(INDENT) + len(line) <= WIDTH:
        return f"{function}(\n{INDENT}{line}\n)"
    rows = [
        *(f"{INDENT}{text}," for text in positional),
        *(f"{INDENT}{name}={literal(value, INDENT, len(name) + 2)}," for name, value in named.items()),
    ]
    return "\n".join([f"{function}(", *rows, ")"])


def import_lines(module: str, names: Iterable[str]) -> str:
    """`from module import a, b`, sorted as ruff sorts names, with brackets where the line is too long."""
    listed = sorted(names, key=lambda name: (not name.isupper(), name[:1].islower(), name))
    line = f"from {module} import {', '.join(listed)}"
    if len(line) <= WIDTH:
        return line
    return "\n".join([f"from {module} import (", *(f"{INDENT}{name}," for name in listed), ")"])
