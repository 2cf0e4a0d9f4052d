"""The deployments of a `prefect.yaml`, each as an object of its own in a report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from prefect_pulumi.core.values import UNKNOWN, same, unwrap
from prefect_pulumi.deploy.file.fields import renamed
from prefect_pulumi.review.classify import INTERNAL, ComparedResource
from prefect_pulumi.review.model import Action, Facts, Flag, Impact

TYPE = "prefect:index:Deployments"
EACH = "prefect:deploy:Deployment"
_COMPUTED = ("entries", "fingerprints", "fingerprintParts", "hashKey")
_CARRIED = ("triggers", "ui_owns")
"""Of an entry, what only the file knows."""
_RECREATED = {"all": "; they are made again", "some": "; those of schedules that stay are made again"}
_ACTIONS = {"create": Action.DEPLOY, "adopt": Action.DEPLOY, "update": Action.DEPLOY, "prune": Action.PRUNE}

Props = Mapping[str, Any]


def split(whole: ComparedResource, results: Any, facts: Mapping[str, Facts]) -> Iterator[ComparedResource]:
    """The resource without its deployments, then each of them. `results`: what the preview says of each, or UNKNOWN;
    `facts`: by UUID."""
    code, inputs = _without(whole.code), _without(whole.inputs)
    yield replace(
        whole,
        code=code,
        base=_without(whole.base),
        inputs=inputs,
        outputs=_without(whole.outputs),
        live=_without(whole.live),
        action=Action.UPDATE if _changed(code, inputs) else Action.NONE,
    )
    recorded: dict[str, str] = unwrap((whole.outputs or {}).get("deployments", {}))
    declared = _entries(whole.code)
    for name in dict.fromkeys([*declared, *recorded]):
        yield _one(whole, name, recorded.get(name, ""), results, facts)


def _one(whole: ComparedResource, name: str, id: str, results: Any, facts: Mapping[str, Facts]) -> ComparedResource:
    applied = _applied(whole, name)
    alive = id in unwrap((whole.live or {}).get("deployments", {})).values() if whole.live is not None else True
    live = _entries(whole.live).get(name) if whole.live is not None else None
    code = _entries(whole.code).get(name)
    applied, live, base = (
        None if entry is None else renamed(entry, code or {})
        for entry in (applied, live, _entries(whole.base).get(name))
    )
    changes = unwrap((whole.live or {}).get("drift", {}).get(name, {})).get("changes", {})
    if live is not None and applied is not None and "owner" in changes:
        applied = {**applied, "owner": changes["owner"]["applied"]}
        live = {**live, "owner": changes["owner"]["live"]}
    missing = bool(id) and whole.live is not None and not alive
    result = results.get(name, {}) if isinstance(results, Mapping) else {}
    action = _ACTIONS.get(result.get("action", ""), Action.NONE) if result else _by_fingerprint(whole, name, id)
    return ComparedResource(
        urn=f"{whole.urn}#{name}",
        type=EACH,
        name=name,
        id=id,
        action=action if whole.action is not Action.NONE else Action.NONE,
        code=_asked(code, applied),
        base=_asked(base, applied),
        inputs=applied if id else None,
        outputs=applied if id else None,
        live=live if alive and id else None,
        missing=missing,
        unread=bool(id) and whole.live is None,
        facts=facts.get(id, Facts()),
        ignored=("triggers", "ui_owns"),
        impacts=tuple(_impacts(result, action, applied, missing)),
        tells_lost_runs=True,
        fingerprints=(_print(whole.code, name), _print(whole.base, name)),
        note=str(result.get("why", "")) if action is not Action.NONE else "",
    )


def _by_fingerprint(whole: ComparedResource, name: str, id: str) -> Action:
    """Where no server could be asked for the plan."""
    if name not in _entries(whole.code):
        return Action.PRUNE
    return Action.NONE if id and _print(whole.code, name) == _print(whole.outputs, name) else Action.DEPLOY


def _impacts(result: Props, action: Action, applied: Props | None, missing: bool) -> Iterator[Impact]:
    """`result`: what the preview says, {} where it could not ask a server; `applied`: the entry as it was deployed."""
    schedules = ((applied or {}).get("schedules") or {}).values()
    makes_runs = not (applied or {}).get("paused") and any(fields.get("active") is not False for fields in schedules)
    if missing:
        if makes_runs:
            yield Impact(Flag.RUNS_LOST, "the runs that it had scheduled are gone")
    elif action is Action.PRUNE or result:
        lost, again = result.get("scheduledRunsLost"), _RECREATED.get(result.get("recreated", ""), "")
        if lost:
            text = f"{lost} scheduled {'run is' if lost == 1 else 'runs are'} deleted{again}"
            yield Impact(Flag.RUNS_LOST, text, again=bool(again))
        elif action is Action.PRUNE and makes_runs:
            yield Impact(Flag.RUNS_LOST, "its schedules make no runs any more")
    elif action is Action.DEPLOY and makes_runs:
        text = "the deploy deletes scheduled runs; those of schedules that stay are made again"
        yield Impact(Flag.RUNS_LOST, text, again=True)
    if per_day := result.get("runsPerDay"):
        yield Impact(Flag.RUNS_PER_DAY, f"its schedules make {per_day['old']:.3g} -> {per_day['new']:.3g} runs a day")
    for name in result.get("activates", ()):
        yield Impact(Flag.SCHEDULE_ACTIVE, f"the schedule {name} is paused now and will make runs")


def _applied(whole: ComparedResource, name: str) -> dict[str, Any] | None:
    """The entry as it was deployed last: a refresh since then keeps it beside what it found."""
    outputs = whole.outputs or {}
    entry = outputs.get("drift", {}).get(name, {}).get("applied") or _entries(outputs).get(name)
    return None if entry is None else _plain(entry)


def _asked(entry: Props | None, applied: Props | None) -> dict[str, Any] | None:
    """What the file declares over what was deployed: fields that it leaves open stay as they are."""
    if entry is None:
        return None
    before = applied or {}
    fields = {**before, **_plain(entry)}
    for group in ("schedules", "automations"):
        members = fields.get(group)
        if isinstance(members, Mapping):
            fields[group] = {
                key: _filled(group, value, before.get(group, {}).get(key)) for key, value in members.items()
            }
    return fields


def _filled(group: str, member: Any, before: Any) -> Any:
    if not isinstance(member, Mapping) or not isinstance(before, Mapping):
        return member
    if group == "automations":
        return {**before, **member}
    anchor = {"anchor_date": before["anchor_date"]} if "anchor_date" in before and "interval" in member else {}
    return {**anchor, **member}


def _plain(entry: Props) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name not in _CARRIED}


def _entries(props: Props | None) -> Mapping[str, Any]:
    entries = (props or {}).get("entries", {})
    return entries if isinstance(entries, Mapping) else {}


def _print(props: Props | None, name: str) -> Any:
    fingerprints = unwrap((props or {}).get("fingerprints", {}))
    return fingerprints.get(name) if isinstance(fingerprints, Mapping) else None


def _without(props: Props | None) -> dict[str, Any] | None:
    return None if props is None else {name: value for name, value in props.items() if name not in _COMPUTED}


def _changed(code: Props | None, inputs: Props | None) -> bool:
    """Whether anything but what the component fills in differs."""
    sides = (
        None if props is None else {name: value for name, value in props.items() if name not in INTERNAL["Deployments"]}
        for props in (code, inputs)
    )
    one, other = (None if side is None else unwrap(side) for side in sides)
    return one is not None and other is not None and not same(one, other)


def results_of(outputs: Props) -> Any:
    results = outputs.get("results", UNKNOWN)
    return unwrap(results) if isinstance(results, Mapping) else UNKNOWN
