"""The base of the model's parts, and which keys are known at each place of the file; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Tag


class FileModel(BaseModel):
    """A mapping of the file whose keys are all known."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())

    @classmethod
    def keys(cls) -> list[str]:
        """Its keys as they stand in the file."""
        return [field.alias or name for name, field in cls.model_fields.items()]


def is_tag(part: str | int) -> bool:
    """Whether a part of pydantic's location names the member of a union, and no key of the file."""
    return isinstance(part, str) and part.startswith("<") and part.endswith(">")


def part_at(root: type[FileModel], location: Sequence[str | int]) -> type[FileModel] | None:
    """The part of the model that the mapping at a pydantic location is checked against."""
    annotations: list[Any] = [root]
    for step in location:
        if is_tag(step):
            annotations = [inner for annotation in annotations for inner in _tagged(annotation, str(step))]
        elif isinstance(step, int):
            annotations = [inner for annotation in annotations for inner in _items(annotation)]
        else:
            annotations = [inner for annotation in annotations for inner in _field(annotation, step)]
    return next((part for annotation in annotations for part in _parts(annotation)), None)


def all_parts(root: type[FileModel]) -> dict[type[FileModel], str]:
    """Every part below `root` with the name of the key that it stands under."""
    keys: dict[type[FileModel], str] = {}
    todo = [(root, "")]
    while todo:
        part, key = todo.pop()
        if part in keys:
            continue
        keys[part] = key
        for name, field in part.model_fields.items():
            todo.extend((inner, field.alias or name) for inner in _parts(field.annotation))
    return keys


def _unwrapped(annotation: Any) -> Any:
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    return annotation


def _parts(annotation: Any, depth: int = 0) -> Iterator[type[FileModel]]:
    annotation = _unwrapped(annotation)
    if isinstance(annotation, type) and issubclass(annotation, FileModel):
        yield annotation
    elif depth < 8:
        for inner in get_args(annotation):
            yield from _parts(inner, depth + 1)


def _tagged(annotation: Any, tag: str) -> Iterator[Any]:
    """Members of a union that carry that tag."""
    if get_origin(annotation) is Annotated:
        inner, *marks = get_args(annotation)
        if any(isinstance(mark, Tag) and mark.tag == tag for mark in marks):
            yield inner
        else:
            yield from _tagged(inner, tag)
        return
    for inner in get_args(annotation):
        yield from _tagged(inner, tag)


def _items(annotation: Any) -> Iterator[Any]:
    annotation = _unwrapped(annotation)
    if get_origin(annotation) is list:
        yield get_args(annotation)[0]
        return
    for inner in get_args(annotation):
        yield from _items(inner)


def _field(annotation: Any, key: str) -> Iterator[Any]:
    for part in _parts(annotation):
        for name, field in part.model_fields.items():
            if key in (field.alias or name, name):
                yield Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
