"""What a reviewer should know besides the differences: places and authors in the code, the server's events, notes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

from prefect_pulumi.api.lifecycle_events import LastChange, last_changes
from prefect_pulumi.app.observe.base import Code, Live, managed
from prefect_pulumi.app.review.clear_text import stack_warnings
from prefect_pulumi.app.session.view import StackView
from prefect_pulumi.core.errors import PrefectPulumiError
from prefect_pulumi.core.values import mask
from prefect_pulumi.engine.plan.steps import Op
from prefect_pulumi.project import git
from prefect_pulumi.review.classify import ComparedResource
from prefect_pulumi.review.edits.places import Places
from prefect_pulumi.review.field_policies import Declared
from prefect_pulumi.review.model import Class, Facts, Item
from prefect_pulumi.state.entries import Snapshot

MOST_AUTHORS = 50
"""Lines that git is asked about."""
POLICY_PACK = "PulumiPolicy.yaml"


def with_authors(root: Path, items: Sequence[Item], places: Places | None) -> list[Item]:
    """The items with the place that declares each, and who wrote that line."""
    result, asked = [], 0
    for item in items:
        place = (
            None if places is None or item.cls is Class.UNMANAGED_LIVE else places.find(item.kind, item.name, item.key)
        )
        if place is None:
            result.append(item)
            continue
        asked += 1
        author = git.author_of(root, place.file, place.line) if asked <= MOST_AUTHORS else ""
        result.append(replace(item, place=str(place), author=author))
    return result


def with_last_changes(view: StackView, live: Live, items: Sequence[Item]) -> list[Item]:
    """Drifted items with what the server's events know of them. A server that does not answer leaves them as is."""
    drifted = [(item.kind, item.id) for item in items if item.drifted and item.id]
    if not drifted or not live.server or _is_before_events(live.version):
        return list(items)
    changes: dict[str, LastChange] = {}
    with suppress(PrefectPulumiError), closing(view.client()) as client:
        changes = last_changes(client, drifted)
    return [replace(item, facts=_facts(item, changes[item.id])) if item.id in changes else item for item in items]


def _is_before_events(version: str) -> bool:
    """Prefect 3.7 made the first events of changes; Cloud, which gives no version, has them."""
    parts = [part for part in version.split(".")[:2] if part.isdigit()]
    return len(parts) == 2 and (int(parts[0]), int(parts[1])) < (3, 7)


def _facts(item: Item, change: LastChange) -> Facts:
    if item.cls is Class.MISSING_LIVE:
        if change.action != "deleted":
            return item.facts
        return replace(item.facts, deleted=change.time, deleted_by=change.actor)
    if change.action != "updated":
        return item.facts
    facts = item.facts
    return replace(facts, updated=facts.updated or change.time, updated_by=facts.updated_by or change.actor)


def server_notes(view: StackView, snapshot: Snapshot) -> Iterator[str]:
    """Of a stack whose own server is not on this machine."""
    for entry in managed(snapshot):
        directory = str(entry.inputs.get("directory") or "")
        if entry.type.endswith(":LocalServer") and directory and not (view.stack.project_dir / directory).exists():
            yield (
                f"this clone has no folder {directory}: the server of this stack belongs to another clone, where the "
                "command sees it, or was deleted here"
            )


def project_notes(view: StackView, snapshot: Snapshot, code: Code) -> Iterator[str]:
    stack = view.stack
    yield from server_notes(view, snapshot)
    news = (step.new for step in code.steps.values() if step.new is not None and step.op is not Op.DELETE)
    yield from stack_warnings(view, news)
    packs = sorted(path.parent.relative_to(stack.project_dir).as_posix() for path in _packs(stack.project_dir))
    if packs:
        yield (
            f"policy packs ({', '.join(packs)}) are run by the official engine only "
            "(pulumi preview --policy-pack): they are not part of this report"
        )


def _packs(root: Path) -> Iterable[Path]:
    return (path for pattern in (POLICY_PACK, f"*/{POLICY_PACK}") for path in root.glob(pattern))


def declared_objects(
    subjects: Iterable[ComparedResource], names: Mapping[str, str], places: Places
) -> Iterator[Declared]:
    """What policies about fields judge: objects that the code declares, secrets masked."""
    for subject in subjects:
        if subject.code is None:
            continue
        name = names.get(subject.urn, subject.name)
        place = places.find(subject.kind, name, subject.urn)
        values = {field: mask(value) for field, value in subject.code.items()}
        yield Declared(subject.kind, name, values, str(place or ""))
