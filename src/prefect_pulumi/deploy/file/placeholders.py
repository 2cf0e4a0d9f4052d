"""`{{ }}` in `prefect.yaml`, as Prefect finds and fills them (prefect/utilities/templating); pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from prefect_pulumi.models.work_pool import PLACEHOLDER

BLOCKS = "prefect.blocks."
VARIABLES = "prefect.variables."
RUNTIME = ("ctx.",)
"""What the worker fills in when a run starts."""


class Source(Enum):
    """Where a placeholder's value comes from."""

    ENVIRONMENT = "environment"
    BLOCK = "block"
    VARIABLE = "variable"
    STEP = "step"
    RUNTIME = "runtime"


@dataclass(frozen=True)
class Placeholder:
    """`text` is the whole `{{ ... }}`; `name` what follows the prefix of its source."""

    text: str
    name: str
    source: Source

    @property
    def block(self) -> tuple[str, str, str]:
        """Block type slug, name, and path inside the block ("" for the whole)."""
        slug, _, rest = self.name.partition(".")
        name, _, path = rest.partition(".")
        return slug, name, path

    @property
    def step(self) -> tuple[str, str]:
        """Id of the step (or name of an output), and the rest of the path."""
        head, _, rest = self.name.partition(".")
        return head.split("[", 1)[0], rest


def find(text: str) -> list[Placeholder]:
    """Those of one text, in order."""
    return [_parsed(match.group(0), match.group(1)) for match in PLACEHOLDER.finditer(text)]


def _parsed(text: str, name: str) -> Placeholder:
    if name.startswith("$"):
        return Placeholder(text, name.lstrip("$"), Source.ENVIRONMENT)
    if name.startswith(BLOCKS):
        return Placeholder(text, name.removeprefix(BLOCKS), Source.BLOCK)
    if name.startswith(VARIABLES):
        return Placeholder(text, name.removeprefix(VARIABLES), Source.VARIABLE)
    if name.startswith(RUNTIME):
        return Placeholder(text, name, Source.RUNTIME)
    return Placeholder(text, name, Source.STEP)


def texts(value: Any, keys: Sequence[str | int] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every text in a value with its place."""
    if isinstance(value, str):
        yield tuple(keys), value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from texts(item, (*keys, str(key)))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from texts(item, (*keys, index))


def walk(value: Any, keys: Sequence[str | int] = ()) -> Iterator[tuple[tuple[str | int, ...], Placeholder]]:
    """Every placeholder in a value with the place of its text."""
    for place, text in texts(value, keys):
        for placeholder in find(text):
            yield place, placeholder


def filled(value: Any, lookup: Callable[[Placeholder], Any]) -> Any:
    """`value` with what `lookup` knows; it answers with KeyError for what it does not know, which then stays.

    A text that is one placeholder takes the value's own type, except that the environment gives texts only.
    """
    if isinstance(value, Mapping):
        return {key: filled(item, lookup) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, lookup) for item in value]
    if not isinstance(value, str):
        return value
    placeholders = find(value)
    for placeholder in placeholders:
        try:
            known = lookup(placeholder)
        except KeyError:
            continue
        if len(placeholders) == 1 and placeholder.text == value:
            return known
        value = value.replace(placeholder.text, str(known))
    return value


def filled_from(value: Any, env: Mapping[str, str]) -> Any:
    """`value` with the environment variables that are set; others stay as they are."""

    def lookup(placeholder: Placeholder) -> str:
        if placeholder.source is not Source.ENVIRONMENT:
            raise KeyError(placeholder.name)
        return env[placeholder.name]

    return filled(value, lookup)


def open_template(value: Any) -> bool:
    """Whether a placeholder is left anywhere in a value."""
    return any(find(text) for _, text in texts(value))
