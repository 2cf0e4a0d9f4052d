"""The one recursive comparison of plain data. What counts as equal, and what is entered, is the caller's policy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from prefect_pulumi.core.property_paths import step
from prefect_pulumi.core.values import has_unknown, same

Path = tuple[str | int, ...]


class _Absent:
    """The type of `ABSENT`."""

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final[Any] = _Absent()
"""Stands for the value of a key that a mapping does not have."""


class DiffOp(StrEnum):
    ADD = "add"
    DELETE = "delete"
    UPDATE = "update"


@dataclass(frozen=True, slots=True)
class DiffItem:
    """One place at which the values are not all the same: keys and list indexes, and each side's value there."""

    path: Path
    sides: tuple[Any, ...]

    @property
    def old(self) -> Any:
        return self.sides[0]

    @property
    def new(self) -> Any:
        return self.sides[-1]

    @property
    def op(self) -> DiffOp:
        if self.old is ABSENT:
            return DiffOp.ADD
        return DiffOp.DELETE if self.new is ABSENT else DiffOp.UPDATE


def is_known_and_same(one: Any, other: Any) -> bool:
    """`values.same`, but an unknown equals nothing, not even itself."""
    return not has_unknown(one) and not has_unknown(other) and same(one, other)


def differences(
    *sides: Any,
    equal: Callable[[Any, Any], bool] = same,
    entered: Callable[[Path], bool] = lambda path: True,
    lists: bool = True,
    sort_keys: bool = False,
) -> Iterator[DiffItem]:
    """The deepest places at which `sides` (old and new, or more than two) differ.

    Mappings are entered where at least two sides have one and the others have nothing (`ABSENT` or None), and only
    below a path that `entered` allows; lists, with `lists`, where all sides have one of the same length. All else is
    one value. A secret mark is a value of its own: unwrap the sides first to look inside.

    `equal(first, other)` compares each side with the first; the default lets secret marks not count. Keys come in the
    order in which the sides have them, with `sort_keys` in that of their text.
    """
    yield from _differences((), sides, _Policy(equal, entered, lists, sort_keys))


def property_path(root: str, path: Path) -> str:
    """Pulumi's spelling of a path below the property `root`: `root.key["a b"][0]`."""
    return root + "".join(f"[{part}]" if isinstance(part, int) else step(part) for part in path)


@dataclass(frozen=True, slots=True)
class _Policy:
    equal: Callable[[Any, Any], bool]
    entered: Callable[[Path], bool]
    lists: bool
    sort_keys: bool


def _differences(path: Path, sides: tuple[Any, ...], policy: _Policy) -> Iterator[DiffItem]:
    first, *others = sides
    if all(policy.equal(first, other) for other in others):
        return
    present = [side for side in sides if side is not ABSENT and side is not None]
    if len(present) > 1 and all(isinstance(side, Mapping) for side in present) and policy.entered(path):
        keys = dict.fromkeys(key for side in present for key in side)
        for key in sorted(keys, key=str) if policy.sort_keys else keys:
            below = tuple(side.get(key, ABSENT) if isinstance(side, Mapping) else ABSENT for side in sides)
            yield from _differences((*path, str(key)), below, policy)
    elif policy.lists and _are_lists_of_one_length(sides):
        for index, below in enumerate(zip(*sides, strict=True)):
            yield from _differences((*path, index), below, policy)
    else:
        yield DiffItem(path, sides)


def _are_lists_of_one_length(sides: tuple[Any, ...]) -> bool:
    return all(isinstance(side, list | tuple) for side in sides) and len({len(side) for side in sides}) == 1
