"""Remedies for each difference: adopt it, revert it or accept it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from dataclasses import replace

from prefect_pulumi.review.model import DELETED_LIVE, Class, Flag, Item, Remedy


def with_remedies(items: Iterable[Item], stack: str) -> list[Item]:
    return [replace(item, remedies=tuple(_remedies(item, stack))) for item in items]


def with_diff(item: Item, diff: str, left: Iterable[str] = ()) -> Item:
    """The item with the patch that adopts it, and what that leaves out."""
    left = tuple(left)
    remedies = (replace(remedy, diff=diff, left=left) if remedy.kind == "adopt" else remedy for remedy in item.remedies)
    return replace(item, remedies=tuple(remedies))


def reference(item: Item) -> str:
    """`Kind name`, as commands and `review.yaml` call an object."""
    return f"{item.kind} {item.name}"


def _remedies(item: Item, stack: str) -> Iterator[Remedy]:
    if not item.drifted:
        return
    target, name = shlex.quote(item.key), shlex.quote(reference(item))
    if item.cls is Class.UNMANAGED_LIVE:
        yield Remedy(
            "import", "import it into the stack", f"infra import {item.kind} {shlex.quote(item.name)} -s {stack}"
        )
        yield _accept(name, stack)
        return
    offline = any(impact.flag is Flag.WORKER_OFFLINE for impact in item.impacts)
    if offline:
        yield Remedy("restart", "start the worker again", f"infra up -s {stack} --refresh --target {target}")
        return
    if item.note == DELETED_LIVE:
        yield Remedy("adopt", "drop it from the code")
    else:
        yield Remedy("adopt", "write the live value into the code", f"infra adopt {name} -s {stack}")
    word = (
        "recreate it"
        if item.cls is Class.MISSING_LIVE or item.note == DELETED_LIVE
        else "set it back to the code's value"
    )
    yield Remedy("revert", word, f"infra up -s {stack} --refresh --target {target}")
    yield _accept(name, stack)


def _accept(name: str, stack: str) -> Remedy:
    command = f"infra accept {name} -s {stack} --owner NAME --reason TEXT --expires YYYY-MM-DD"
    return Remedy("accept", "accept it until a date (--expires)", command)
