"""Patterns of names and of fields as a team writes them; pure. Only `*` is special: it stands for any text."""

from __future__ import annotations

import re
from collections.abc import Iterable


def matches(text: str, pattern: str) -> bool:
    return re.fullmatch(_regex(pattern), text) is not None


def matches_any(text: str, patterns: Iterable[str]) -> bool:
    return any(matches(text, pattern) for pattern in patterns)


def covers(pattern: str, path: str) -> bool:
    """Whether a field's pattern stands for the property path, or for something above it."""
    return re.match(_regex(pattern) + r"(?=$|[.\[])", path) is not None


def _regex(pattern: str) -> str:
    return "(?s:" + ".*".join(map(re.escape, pattern.split("*"))) + ")"
