"""Hints for names that do not exist: "did you mean", and what an unknown key of a settings file may have meant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

CUTOFF = 0.6
"""Similarity from 0 to 1 (`difflib.SequenceMatcher.ratio`) from which a name may have been meant."""


def closest(name: str, known: Iterable[str], cutoff: float = CUTOFF) -> str:
    """The known name that `name` is most like; "" when none is like it."""
    import difflib  # only a fault needs it

    return next(iter(difflib.get_close_matches(name, list(known), n=1, cutoff=cutoff)), "")


def suggestion(name: str, known: Iterable[str], otherwise: str = "") -> str:
    """`did you mean x?`, else `otherwise`."""
    near = closest(name, known)
    return f"did you mean {near}?" if near else otherwise


def nearest(name: str, known: Iterable[str], words: str = "known") -> str:
    """`did you mean x?`, else all known names: `known: a, b`."""
    names = sorted(known)
    return suggestion(name, names, f"{words}: {', '.join(names) or 'none'}")


def with_hint(message: str, hint: str) -> str:
    """`message; hint`; the message alone without a hint."""
    return f"{message}; {hint}" if hint else message


def is_unknown_key(fault: Mapping[str, Any]) -> bool:
    """Whether a fault of pydantic's (an item of `ValidationError.errors()`) is about a key that a model lacks."""
    return bool(fault["type"] == "extra_forbidden")


def explain(fault: Mapping[str, Any], known: Iterable[str], under: str = "") -> str:
    """`path.of.key: what is wrong` of a fault of pydantic's. `known`: the keys that exist; `under`: where the model
    stands in its file."""
    location = [str(part) for part in fault["loc"] if part != "[key]"]  # where a key itself is refused
    path = ".".join([under, *location] if under else location)
    if is_unknown_key(fault):
        return f"{path}: {with_hint('unknown key', suggestion(location[-1], known))}"
    return f"{path}: {str(fault['msg']).removeprefix('Value error, ')}"
