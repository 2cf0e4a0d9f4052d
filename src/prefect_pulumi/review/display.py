"""Values for eyes: secrets masked, three sides compared leaf by leaf."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from prefect_pulumi.core.masking import Masker
from prefect_pulumi.core.property_paths import step
from prefect_pulumi.core.values import Secret, Unknown, has_unknown, mask, same
from prefect_pulumi.review.model import ABSENT, ANY, SECRET, UNKNOWN, Shown

GONE: Any = object()
"""There is no value."""
SERVERS: Any = object()
"""The code leaves the value to the server."""


SHORTEST_IN_REPORTS = 6
"""Characters: a shorter secret is a word or a number that a report shows everywhere."""


def report_masker(secrets: Iterable[Any] = ()) -> Masker:
    """Masks the texts of secret values wherever else they turn up: a colleague may have pasted one into a
    description."""
    return Masker(secrets, shortest=SHORTEST_IN_REPORTS)


def shown(value: Any, *, secret: bool, masker: Masker) -> Shown:
    if value is GONE or value is None:
        return ABSENT
    if value is SERVERS:
        return ANY
    if isinstance(value, Unknown):
        return UNKNOWN
    if secret or isinstance(value, Secret):
        return SECRET
    return Shown("value", masker.value(mask(value)))


def leaves(path: str, sides: tuple[Any, ...]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """The paths below `path` at which the sides are not all the same, with each side's value there.

    An object is entered when two sides or more have one and the others have nothing; a list when all have the same
    length; all else is one value. A secret is never entered: what lies in it has no path.
    """
    if all(equal(sides[0], side) for side in sides[1:]):
        return
    present = [side for side in sides if side is not GONE and side is not None]
    if len(present) > 1 and all(isinstance(side, Mapping) for side in present):
        for key in sorted({key for side in present for key in side}, key=str):
            below = tuple(side.get(key, GONE) if isinstance(side, Mapping) else GONE for side in sides)
            yield from leaves(f"{path}{step(str(key))}", below)
    elif all(isinstance(side, list | tuple) for side in sides) and len({len(side) for side in sides}) == 1:
        for index, below in enumerate(zip(*sides, strict=True)):
            yield from leaves(f"{path}[{index}]", below)
    else:
        yield path, sides


def equal(one: Any, other: Any) -> bool:
    """Deep equality in which an unknown equals nothing and an absent value is None."""
    one, other = (None if value is GONE else value for value in (one, other))
    if has_unknown(one) or has_unknown(other):
        return False
    return same(one, other)
