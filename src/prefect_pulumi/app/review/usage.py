"""Who uses an object that a change deletes, or that is gone: live deployments, and the project's own text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from prefect_pulumi.core.display_text import first_few
from prefect_pulumi.project import git, layout
from prefect_pulumi.review.classify import LiveObject
from prefect_pulumi.review.model import Class, Flag, Impact, Item

MOST_FILES = 500
MOST_BYTES = 1_000_000
MOST_NAMED = 5
_TEXT = (".py", ".yaml", ".yml")
_BLOCK_SLUGS = {"SecretBlock": "secret", "JsonBlock": "json"}


def with_users(root: Path, items: Sequence[Item], deployments: Iterable[LiveObject]) -> list[Item]:
    """The items, each that goes with the impact `in use` when something uses it. `deployments`: the live ones."""
    going = [item for item in items if _goes(item)]
    if not going:
        return list(items)
    names = {item.name for item in going if item.kind == "Deployment"}
    alive = [row for row in deployments if row.kind == "Deployment" and row.name not in names]
    texts = dict(_texts(root)) if any(_pattern(item) for item in going) else {}
    return [_with(item, [*_deployments(item, alive), *_places(item, texts)]) if _goes(item) else item for item in items]


def _goes(item: Item) -> bool:
    return item.cls is Class.MISSING_LIVE or (item.changes and item.action.destroys and not item.is_gone_already)


def _with(item: Item, users: list[str]) -> Item:
    if not users:
        return item
    text = f"used by {first_few(users, MOST_NAMED)}"
    return replace(item, impacts=(*item.impacts, Impact(Flag.IN_USE, text)))


def _deployments(item: Item, alive: Iterable[LiveObject]) -> Iterator[str]:
    for row in alive:
        pool, queue = row.values.get("work_pool_name"), row.values.get("work_queue_name") or "default"
        if (item.kind, item.name) in (("WorkPool", pool), ("WorkQueue", f"{pool}/{queue}")):
            yield f"Deployment {row.name}"


def _pattern(item: Item) -> re.Pattern[str] | None:
    """How flows and templates name the object; None for a kind that they do not name."""
    name = re.escape(item.name)
    if item.kind == "Variable":
        return re.compile(rf"prefect\.variables\.{name}\b|Variable\.a?get\(\s*[\"']{name}[\"']")
    if item.kind in _BLOCK_SLUGS:
        return re.compile(rf"prefect\.blocks\.{_BLOCK_SLUGS[item.kind]}\.{name}(?![\w-])|\.a?load\(\s*[\"']{name}[\"']")
    if item.kind == "BlockDocument" and "/" in item.name:
        slug, own = (re.escape(part) for part in item.name.split("/", 1))
        return re.compile(rf"prefect\.blocks\.{slug}\.{own}(?![\w-])|load\(\s*[\"']({slug}/)?{own}[\"']")
    return None


def _places(item: Item, texts: Mapping[str, str]) -> Iterator[str]:
    pattern = _pattern(item)
    for path, text in texts.items() if pattern is not None else ():
        for match in pattern.finditer(text) if pattern is not None else ():
            yield f"{path}:{text.count(chr(10), 0, match.start()) + 1}"


def _texts(root: Path) -> Iterator[tuple[str, str]]:
    names = git.list_files(root)
    if names is None:
        names = [path.relative_to(root).as_posix() for path in sorted(root.rglob("*")) if path.suffix in _TEXT]
    chosen = [name for name in names if name.endswith(_TEXT) and not name.startswith((layout.WORK_FOLDER, ".venv"))]
    for name in chosen[:MOST_FILES]:
        path = root / name
        if path.is_file() and path.stat().st_size <= MOST_BYTES:
            yield name, path.read_text("utf-8", "replace")
