"""Pulumi property paths (`a.b[0]`, `a["x.y"]`, `list[*].name`) over plain data; pure."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable
from typing import Any

from prefect_pulumi.core.errors import InputError
from prefect_pulumi.core.values import Secret, secret

Segment = str | int
WILDCARD = "*"
_TOKEN = re.compile(r"""\.?([^.\[\]"]+)|\[(\d+)\]|\["((?:\\"|[^"])*)"\]|\[(\*)\]""")


def parse(path: str) -> tuple[Segment, ...]:
    """Segments of a path: names, list indexes, or `*`. As in the official engine, only quotes are escaped."""
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
            segments.append(quoted.replace('\\"', '"'))
        position = match.end()
    return tuple(segments)


def step(key: str) -> str:
    """The spelling of one step into an object: `.name`, or `["any text"]`."""
    return f".{key}" if re.fullmatch(r"[A-Za-z_]\w*", key) else '["' + key.replace('"', '\\"') + '"]'


MISSING: Any = object()
"""What `value_at` gives where nothing is."""


def value_at(props: Any, path: str) -> Any:
    """The value at the path. A value inside of a secret is one; a path that leads nowhere gives `MISSING`."""
    value, hidden = props, False
    for segment in parse(path):
        value, hidden = _open(value, hidden)
        if not _holds(value, segment):
            return MISSING
        value = value[segment]
    return secret(value) if hidden else value


def head(path: str) -> str:
    """The property that a path begins with."""
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def covered(path: str, ignored: Iterable[str]) -> bool:
    """Whether an `ignore_changes` entry stands for the path or for something above it."""
    return any(covers(entry, path) for entry in ignored)


def _open(value: Any, hidden: bool) -> tuple[Any, bool]:
    """What a secret mark holds, and whether the value stands inside of one."""
    return (value.value, True) if isinstance(value, Secret) else (value, hidden)


def reset(
    news: dict[str, Any], olds: dict[str, Any], ignored: Iterable[str], *, left: list[str] | None = None
) -> dict[str, Any]:
    """`news` with every ignored path put back to its old input (removed where the old one had none).

    As in the official engine (`PropertyPath.Reset`), a path cannot be followed through what was added or removed:
    such an element stays as it is in `news`, and the path is added to `left`.
    """
    result = copy.deepcopy(news) if ignored else news
    for path in ignored:
        if not _reset(parse(path), olds, result, was_hidden=False, hidden=False) and left is not None:
            left.append(path)
    return result


def _reset(segments: tuple[Segment, ...], old: Any, new: Any, *, was_hidden: bool, hidden: bool) -> bool:
    """False when an element stands on one side only. A value that was inside of a secret stays one."""
    (old, was_hidden), (new, hidden) = _open(old, was_hidden), _open(new, hidden)
    first, *rest = segments
    if first == WILDCARD:
        keys, whole = _all_keys(old, new, last=not rest)
        done = [_reset((key, *rest), old, new, was_hidden=was_hidden, hidden=hidden) for key in keys]
        return whole and all(done)
    if rest:
        return _reset_below(first, tuple(rest), old, new, was_hidden=was_hidden, hidden=hidden)
    return _reset_here(first, old, new, seals=was_hidden and not hidden)


def _reset_below(
    first: Segment, rest: tuple[Segment, ...], old: Any, new: Any, *, was_hidden: bool, hidden: bool
) -> bool:
    """Follows the path into the element `first`, which both sides must be able to have."""
    kind: Any = dict if isinstance(first, str) else list
    if not isinstance(old, kind) or not isinstance(new, kind):
        return not isinstance(old, kind) and not isinstance(new, kind)
    there, here = _holds(old, first), _holds(new, first)
    if not here or (kind is list and not there):
        return not here and not there
    before = old[first] if there else None
    return _reset(rest, before, new[first], was_hidden=was_hidden, hidden=hidden)


def _reset_here(key: Segment, old: Any, new: Any, *, seals: bool) -> bool:
    """Puts the old element back, or removes the new one. `seals`: the old one was inside of a secret."""
    kind: Any = dict if isinstance(key, str) else list
    there, here = _holds(old, key), _holds(new, key)
    if there and isinstance(new, kind) and (here or kind is dict):
        value = copy.deepcopy(old[key])
        new[key] = secret(value) if seals else value
        return True
    if here and isinstance(new, dict):
        del new[key]
        return True
    return not there and not (here and kind is list)


def _holds(value: Any, key: Segment) -> bool:
    if isinstance(key, str):
        return isinstance(value, dict) and key in value
    return isinstance(value, list) and key < len(value)


def _all_keys(old: Any, new: Any, *, last: bool) -> tuple[list[Segment], bool]:
    """What a wildcard stands for, and whether that is all that is on either side."""
    if isinstance(old, dict) and isinstance(new, dict):
        return (
            (list({**old, **new}), True) if last else ([key for key in old if key in new], not old.keys() - new.keys())
        )
    if isinstance(old, list) and isinstance(new, list):
        return list(range(min(len(old), len(new)))), len(old) == len(new)
    return [], last and isinstance(new, dict | list)


def covers(pattern: str, path: str) -> bool:
    """True when `path` is at or below `pattern`."""
    wanted, segments = parse(pattern), parse(path)
    return len(wanted) <= len(segments) and all(a in (WILDCARD, b) for a, b in zip(wanted, segments, strict=False))
