"""The file as this stack deploys it: the stack's own values laid over the entries, pull steps pinned to a commit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from prefect_pulumi.core.globs import matches
from prefect_pulumi.deploy.file.schedules import numbered

Json = dict[str, Any]

CLONE = "prefect.deployments.steps.git_clone"
COMMIT = re.compile(r"[0-9a-f]{40}")


def pinned(raw: Mapping[str, Any], commit: str | None) -> Json:
    """`raw` (a whole `prefect.yaml` as plain data) with every `git_clone` pull step at `commit` (40 hex digits).

    The step's own `branch` gives way: Prefect takes one of the two. Nothing changes without a commit.
    """
    if not commit:
        return dict(raw)
    entries = [_pinned_part(entry, commit) if isinstance(entry, dict) else entry for entry in raw["deployments"]]
    return {**_pinned_part(raw, commit), "deployments": entries}


def _pinned_part(part: Mapping[str, Any], commit: str) -> Json:
    pull = part.get("pull")
    if isinstance(pull, dict):
        pull = [pull]
    if not isinstance(pull, list):
        return dict(part)
    return {**part, "pull": [_pinned_step(step, commit) for step in pull]}


def _pinned_step(step: Any, commit: str) -> Any:
    inputs = step.get(CLONE) if isinstance(step, dict) else None
    if not isinstance(inputs, dict):
        return step
    return {**step, CLONE: {**{k: v for k, v in inputs.items() if k != "branch"}, "commit_sha": commit}}


def pin_conflicts(raw: Mapping[str, Any], commit: str | None) -> Iterator[tuple[list[str | int], str]]:
    """Pull steps that name another commit than the one that the stack is released from: (keys, its commit)."""
    if not commit:
        return
    places: list[tuple[list[str | int], Any]] = [([], raw)]
    places += [(["deployments", index], entry) for index, entry in enumerate(raw["deployments"])]
    for keys, part in places:
        pull = part.get("pull") if isinstance(part, dict) else None
        for index, step in enumerate(pull if isinstance(pull, list) else [pull]):
            inputs = step.get(CLONE) if isinstance(step, dict) else None
            own = inputs.get("commit_sha") if isinstance(inputs, dict) else None
            if own and own != commit:
                where = [*keys, "pull", *([index] if isinstance(pull, list) else []), CLONE, "commit_sha"]
                yield where, str(own)


def overlaid(entry: Mapping[str, Any], override: Mapping[str, Any]) -> Json:
    """`entry` with `override` laid over it: mappings are merged, all else is replaced.

    In an override `schedules` may be a mapping of slugs (`schedule-2` for the second one when it has none): what it
    gives is laid over that schedule.
    """
    given = override.get("schedules")
    if not isinstance(given, Mapping):
        return merged(entry, override)
    rest = {key: value for key, value in override.items() if key != "schedules"}
    listed = entry.get("schedules") or []
    schedules = [
        merged(schedule, given.get(name, {})) if isinstance(schedule, dict) else schedule
        for name, schedule in zip(numbered(listed), listed, strict=True)
    ]
    return merged({**entry, "schedules": schedules}, rest)


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> Json:
    """Mappings are merged key by key; of anything else `over`'s value stands."""
    result = dict(under)
    for key, value in over.items():
        own = result.get(key)
        if isinstance(value, Mapping) and isinstance(own, Mapping):
            value = merged(own, value)
        result[key] = value
    return result


def override_for(name: str, overrides: Mapping[str, Mapping[str, Any]]) -> Json:
    """What the overrides give to the deployment `name` (`flow/deployment`): patterns first, its own name last."""
    patterns = [pattern for pattern in overrides if pattern != name and matches(name, pattern)]
    override: Json = {}
    for pattern in [
        *sorted(patterns, key=lambda pattern_text: (len(pattern_text), pattern_text)),
        *([name] if name in overrides else []),
    ]:
        override = merged(override, overrides[pattern])
    return override
