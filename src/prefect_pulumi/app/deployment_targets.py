"""Targets that are single deployments of a deploy step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from prefect_pulumi.engine.plan.scope import Selection, matches
from prefect_pulumi.state.entries import ResourceEntry

DEPLOY_STEP = "prefect:index:Deployments"


def divided(selection: Selection, entries: Iterable[ResourceEntry]) -> tuple[Selection, dict[str, frozenset[str]]]:
    """The selection with the deploy step in place of its deployments, and its URN -> the deployments that were meant.

    A target `flow/deployment` is one that the state knows; `URN#flow/deployment`, as reports call it, may also be a new
    one. A step that is a target itself is meant as a whole.
    """
    if not any("/" in target for target in selection.targets):
        return selection, {}
    steps = {entry.urn: _names(entry) for entry in entries if entry.type == DEPLOY_STEP}
    plain: list[str] = []
    chosen: dict[str, set[str]] = {}
    for target in selection.targets:
        urn, _, name = target.partition("#")
        if name and f"{DEPLOY_STEP}::" in urn:
            hits = {urn: {name}}
        else:
            hits = {step: {target} for step, names in steps.items() if target in names}
        plain += [] if hits else [target]
        for step, names in hits.items():
            chosen.setdefault(step, set()).update(names)
    only = {urn: frozenset(names) for urn, names in chosen.items() if not matches(urn, plain)}
    return replace(selection, targets=(*plain, *only)), only


def _names(entry: ResourceEntry) -> set[str]:
    return {name for props in (entry.inputs, entry.outputs) for name in props.get("entries") or {}}
