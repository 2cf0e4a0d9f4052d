"""Values for eyes: secrets masked, three sides compared leaf by leaf."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from prefect_pulumi.core.diffs import ABSENT, differences, is_known_and_same, property_path
from prefect_pulumi.core.masking import Masker
from prefect_pulumi.core.values import Secret, Unknown, mask
from prefect_pulumi.review.model import ANY, NO_VALUE, SECRET, UNKNOWN, DisplayValue

SERVER_DEFAULT: Any = object()
"""The code leaves the value to the server."""


SHORTEST_IN_REPORTS = 6
"""Characters: a shorter secret is a word or a number that a report shows everywhere."""


def report_masker(secrets: Iterable[Any] = ()) -> Masker:
    """Masks the texts of secret values wherever else they turn up: a colleague may have pasted one into a
    description."""
    return Masker(secrets, shortest=SHORTEST_IN_REPORTS)


def display_value(value: Any, *, secret: bool, masker: Masker) -> DisplayValue:
    if value is ABSENT or value is None:
        return NO_VALUE
    if value is SERVER_DEFAULT:
        return ANY
    if isinstance(value, Unknown):
        return UNKNOWN
    if secret or isinstance(value, Secret):
        return SECRET
    return DisplayValue("value", masker.value(mask(value)))


def leaves(name: str, sides: tuple[Any, ...]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """The property paths at and below `name` at which the sides are not all the same, with each side's value there.

    A secret is never entered: what lies in it has no path.
    """
    for item in differences(*sides, equal=equal, sort_keys=True):
        yield property_path(name, item.path), item.sides


def equal(one: Any, other: Any) -> bool:
    """Deep equality in which an unknown equals nothing and an absent value is None."""
    return is_known_and_same(*(None if value is ABSENT else value for value in (one, other)))
