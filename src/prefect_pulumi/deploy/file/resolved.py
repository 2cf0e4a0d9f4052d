"""`prefect.yaml` as one stack deploys it: its overrides laid over the entries, pull steps pinned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from prefect_pulumi.core.suggestions import suggestion, with_hint
from prefect_pulumi.deploy.file.document import shared_once
from prefect_pulumi.deploy.file.fields import UI_FIELDS
from prefect_pulumi.deploy.file.loader import LoadedFile, checked
from prefect_pulumi.deploy.file.overrides import overlaid, override_for, pin_conflicts, pinned
from prefect_pulumi.deploy.file.placeholders import filled_from, open_template
from prefect_pulumi.deploy.file.schedules import numbered
from prefect_pulumi.deploy.flows.source import Entrypoint, SourceFault, flow_name

UI_OWNS = "ui_owns"
"""Key of an override beside those of a deployment entry."""

Json = dict[str, Any]


@dataclass(frozen=True)
class StackValues:
    """What the stack's config says about the file. `overrides`: name or pattern of `flow/deployment` -> what is laid
    over that entry; `ui_owns`: what the UI owns where an override does not say; `commit`: 40 hex digits or None."""

    overrides: Mapping[str, Mapping[str, Any]]
    ui_owns: Sequence[str] = ()
    commit: str | None = None


@dataclass(frozen=True)
class ResolvedFile:
    """`loaded` has the stack's values in model and data. `names`: the full name of each entry, "" where its entrypoint
    leads nowhere; `ui`: full name -> what the UI owns of it; `faults`: what is wrong with the stack's values."""

    loaded: LoadedFile
    names: tuple[str, ...]
    ui: Mapping[str, tuple[str, ...]]
    faults: tuple[str, ...]


def resolve_file(
    loaded: LoadedFile,
    root: Path,
    values: StackValues,
    env: Mapping[str, str] | None = None,
    flows: Mapping[str, str] | None = None,
) -> ResolvedFile:
    """`root`: the folder that entrypoints are relative to. `flows`: entrypoint -> name of the flow, as far as it was
    imported; of others the source tells it. `env` fills in names that are templates."""
    faults = [
        f"{loaded.place(keys)}: it names commit {own}, but the stack is released from {values.commit}; drop one"
        for keys, own in pin_conflicts(loaded.raw, values.commit)
    ]
    names = tuple(_name(filled_from(entry, env or {}), root, flows or {}) for entry in loaded.raw["deployments"])
    faults += _unmatched(names, values.overrides)
    entries: list[Json] = []
    ui: dict[str, tuple[str, ...]] = {}
    for index, entry in enumerate(loaded.raw["deployments"]):
        override = override_for(names[index], values.overrides) if names[index] else {}
        ui[names[index]] = tuple(override.pop(UI_OWNS, values.ui_owns))
        faults += _override_faults(names[index], entry, override, ui[names[index]])
        entries.append(_listed(overlaid(_listed(entry), override)))
    raw = pinned({**loaded.raw, "deployments": entries}, values.commit)
    if raw == loaded.raw:
        return ResolvedFile(loaded, names, ui, tuple(faults))
    form = checked(loaded.document, raw)
    # The file's own idle keys are out of `raw` by now: what is idle here, an override gives.
    wrong = shared_once((*form.faults, *form.warnings), raw)
    if form.model is None or wrong:
        faults += [f"{fault.text} (with the stack's overrides)" for fault in wrong]
        return ResolvedFile(loaded, names, ui, tuple(faults))
    return ResolvedFile(replace(loaded, model=form.model, raw=raw), names, ui, tuple(faults))


def _name(entry: Json, root: Path, flows: Mapping[str, str]) -> str:
    own, entrypoint = entry["name"], entry["entrypoint"]
    if not own or open_template(own):
        return ""
    try:
        return f"{flows.get(entrypoint) or flow_name(Entrypoint.parse(entrypoint, root))}/{own}"
    except SourceFault:
        return ""


def _unmatched(names: Sequence[str], overrides: Mapping[str, Any]) -> list[str]:
    faults = []
    for pattern in overrides:
        if names and not any(override_for(name, {pattern: {"hit": True}}) for name in names):
            message = f"overrides[{pattern!r}]: no deployment of the file is called so"
            faults.append(with_hint(message, suggestion(pattern, names)))
    return faults


def _override_faults(name: str, entry: Json, override: Json, ui: Sequence[str]) -> list[str]:
    where = f"the overrides of {name}"
    faults = [
        f"{where}: {UI_OWNS} names {item!r}; the UI may own {', '.join(UI_FIELDS)}"
        for item in ui
        if item not in UI_FIELDS
    ]
    schedules = override.get("schedules")
    if isinstance(schedules, Mapping):
        names = numbered(_listed(entry).get("schedules") or [])
        faults += [
            f"{where}: no schedule has the slug {slug!r}; it has {', '.join(names) or 'none'}"
            for slug in schedules
            if slug not in names
        ]
    return faults


def _listed(entry: Json) -> Json:
    """`schedule` as the one of `schedules`."""
    if entry.get("schedule") and not entry.get("schedules"):
        entry = {**{key: value for key, value in entry.items() if key != "schedule"}, "schedules": [entry["schedule"]]}
    return entry
