"""An observation as what a report is made of: compared resources, objects that no stack owns, the picture's nodes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from prefect_pulumi.app.observe import prefect_yaml
from prefect_pulumi.app.observe.base import Code, Live, Observation, managed
from prefect_pulumi.core.provider_protocol import Changes, DiffResult, ReadResult
from prefect_pulumi.core.values import unwrap
from prefect_pulumi.engine.plan.steps import Op, Step
from prefect_pulumi.models import KINDS
from prefect_pulumi.review import phrases
from prefect_pulumi.review.classify import ComparedResource, LiveObject
from prefect_pulumi.review.model import Action, Coverage, Facts
from prefect_pulumi.review.object_names import human_name
from prefect_pulumi.state.entries import ResourceEntry, Snapshot, urn_name

_ACTIONS = {
    Op.CREATE: Action.CREATE,
    Op.IMPORT: Action.CREATE,
    Op.UPDATE: Action.UPDATE,
    Op.REPLACE: Action.REPLACE,
    Op.DELETE: Action.DELETE,
}


def compared_resources(snapshot: Snapshot, code: Code, base: Code | None, live: Live) -> Iterator[ComparedResource]:
    entries = {entry.urn: entry for entry in managed(snapshot)}
    moved = {step.old.urn: step for step in code.steps.values() if step.old is not None and step.old.urn != step.urn}
    facts = {row.id: _facts(row.row, row.kind) for row in live.objects if row.kind == "Deployment"}

    def each(subject: ComparedResource | None, step: Step | None) -> Iterator[ComparedResource]:
        if subject is not None and subject.type == prefect_yaml.TYPE:
            outputs = step.new.outputs if step is not None and step.new is not None else {}
            yield from prefect_yaml.split(subject, prefect_yaml.results_of(outputs), facts)
        elif subject is not None:
            yield subject

    for urn, entry in entries.items():
        step = moved.get(urn) or code.steps.get(urn)
        yield from each(_compared(urn, entry, step, code, base, live), step)
    renamed = {step.urn for step in moved.values()}
    for step in code.steps.values():
        custom = step.new is not None and step.new.custom and step.op not in (Op.READ, Op.DELETE_REPLACED)
        if custom and not step.is_provider and step.urn not in entries and step.urn not in renamed:
            yield from each(_compared(step.urn, None, step, code, base, live), step)


def _compared(
    urn: str, entry: ResourceEntry | None, step: Step | None, code: Code, base: Code | None, live: Live
) -> ComparedResource | None:
    source = entry or (step.new if step is not None else None)
    if source is None:
        return None
    answer = live.answers.get(urn)
    read = answer if isinstance(answer, ReadResult) else None
    asked = _asked_inputs(entry, step, code)
    row = live.rows.get(urn)
    recreated = read is not None and bool(read.id) and entry is not None and row is not None and read.id != entry.id
    return ComparedResource(
        urn=urn,
        type=source.type,
        name=urn_name(urn),
        id=entry.id if entry is not None else "",
        action=_ACTIONS.get(step.op, Action.NONE) if step is not None else Action.NONE,
        code=asked,
        base=_base_inputs(urn, entry, step, code, base, asked),
        inputs=entry.inputs if entry is not None else None,
        outputs=entry.outputs if entry is not None else None,
        live=read.outputs if read is not None and read.id else None,
        missing=read is not None and not read.id,
        unread=entry is not None and read is None,
        facts=_facts(row.row, row.kind) if row is not None else Facts(),
        ignored=tuple(entry.ignore_changes) if entry is not None else (),
        replaces=step.diff.replaces if step is not None and step.diff is not None else (),
        live_id=read.id if recreated and read is not None else "",
        judged=_judged(entry, step, live),
        note="recreated outside the code (new id)" if recreated else "",
    )


def _judged(entry: ResourceEntry | None, step: Step | None, live: Live) -> tuple[Sequence[str], Sequence[str]] | None:
    """None for what this provider compares itself, for what is new, and where the other provider left it open."""
    diff = live.diffs.get(entry.urn) if entry is not None else None
    if diff is None or diff.changes is Changes.UNKNOWN:
        return None
    moved = step is not None and step.op in (Op.UPDATE, Op.REPLACE)
    planned = _paths(step.diff) if step is not None and step.diff is not None and moved else ()
    drifted = _paths(diff) if diff.changes is Changes.SOME else ()
    return planned, drifted


def _paths(diff: DiffResult) -> Sequence[str]:
    return list(diff.detailed) or diff.replaces


def _asked_inputs(entry: ResourceEntry | None, step: Step | None, code: Code) -> Mapping[str, Any] | None:
    """What the code asks for; where it does not run, the applied inputs: then only the server is compared."""
    if code.problem is not None and entry is not None:
        return entry.inputs
    return step.new.inputs if step is not None and step.new is not None and step.op is not Op.DELETE else None


def _base_inputs(
    urn: str,
    entry: ResourceEntry | None,
    step: Step | None,
    code: Code,
    base: Code | None,
    asked: Mapping[str, Any] | None,
) -> Mapping[str, Any] | None:
    """What the base branch's code asks for; where that does not run, the applied inputs, so that nothing seems to be
    the base's already."""
    if base is not None and base.problem is not None:
        return entry.inputs if entry is not None else None
    if base is not None and code.problem is None:
        return base.inputs(step.urn if step else urn)
    return asked


def _facts(row: Mapping[str, Any], kind: str) -> Facts:
    """A queue is written whenever a worker polls it: its `updated` says nothing."""

    def who(value: Any) -> str:
        actor = value if isinstance(value, dict) else {}
        return str(actor.get("display_value") or actor.get("type") or "")

    polled = kind == "WorkQueue"
    return Facts(
        created=str(row.get("created") or ""),
        created_by=who(row.get("created_by")),
        updated="" if polled else str(row.get("updated") or ""),
        updated_by="" if polled else who(row.get("updated_by")),
        status=str(row.get("status") or ""),
    )


def unmanaged_objects(observation: Observation) -> Iterator[LiveObject]:
    """Live objects that neither this nor another stack of the backend owns, nor Prefect itself."""
    live, snapshot, own = observation.live, observation.snapshot, dict(observation.owned)
    own.update({entry.id: "" for entry in snapshot.resources if entry.id})
    own.update({row.id: "" for row in live.rows.values()})
    alien = {row.name for row in live.objects if row.kind in ("WorkPool", "Deployment") and row.id not in own}
    by_file: set[str] = set()
    for entry in snapshot.resources:
        if entry.type == prefect_yaml.TYPE:
            by_file.update(unwrap(entry.outputs.get("deployments", {})).values())
            for made in unwrap(entry.outputs.get("automations", {})).values():
                own.update(dict.fromkeys(made.values(), ""))
    for row in live.objects:
        if row.own or row.id in own:
            continue
        parent = row.name.rsplit("/", 1)[0]
        if row.kind in ("WorkQueue", "DeploymentSchedule") and parent in alien:
            continue  # it is listed with its pool or deployment
        if row.kind == "DeploymentSchedule" and str(row.row["deployment_id"]) in by_file:
            continue  # a part of an entry of prefect.yaml
        yield LiveObject(row.kind, row.name, row.id, _facts(row.row, row.kind), note=_contents(row, live))


def _contents(row: Any, live: Live) -> str:
    if row.kind == "DeploymentSchedule":
        return phrases.schedule({**(row.row.get("schedule") or {}), "active": row.row.get("active")})
    inside = {"WorkPool": ("WorkQueue", "queue"), "Deployment": ("DeploymentSchedule", "schedule")}.get(row.kind)
    if inside is None:
        return ""
    count = sum(
        1 for row_inside in live.objects if row_inside.kind == inside[0] and row_inside.name.startswith(row.name + "/")
    )
    return f"with {count} {inside[1]}{'' if count == 1 else 's'}" if count else ""


def display_names(subjects: Iterable[ComparedResource], live: Live) -> dict[str, str]:
    deployments = {row.id: row.name for row in live.objects if row.kind == "Deployment"}
    names = {}
    for subject in subjects:
        if subject.type not in KINDS and subject.type != prefect_yaml.EACH:
            names[subject.urn] = subject.name
            continue
        values = {**(subject.code or {}), **(subject.inputs or {}), **(subject.outputs or {})}
        names[subject.urn] = human_name(subject.kind, values, subject.name, deployments)
    return names


def coverage(snapshot: Snapshot, live: Live) -> Iterator[Coverage]:
    wanted: dict[str, list[str]] = {}
    for entry in managed(snapshot):
        wanted.setdefault(entry.type.rsplit(":", 1)[-1], []).append(entry.urn)
    for kind in dict.fromkeys([*live.done, *live.failed, *wanted]):
        if kind == "server" or kind.startswith("urn:"):
            continue
        urns = wanted.get(kind, [])
        read = sum(1 for urn in urns if isinstance(live.answers.get(urn), ReadResult))
        yield Coverage(kind, len(urns), read, kind in live.done or (bool(urns) and read == len(urns)))


def picture_nodes(snapshot: Snapshot, live: Live) -> Iterator[LiveObject]:
    """What the picture is drawn from: live rows without anything that could be secret, and the state's workers."""
    for row in live.objects:
        values = {name: row.row.get(name) for name in _DRAWN.get(row.kind, ())}
        if row.kind in _DRAWN:
            yield LiveObject(row.kind, row.name, row.id, values=values)
    for entry in managed(snapshot):
        kind = entry.type.rsplit(":", 1)[-1]
        if kind in ("ProcessWorker", "WorkerOnline"):
            inputs = unwrap(entry.inputs)
            names = inputs.get("workers") or [inputs.get("name")]
            yield LiveObject(
                "Worker", urn_name(entry.urn), entry.urn, values={"pool": inputs["workPool"], "names": names}
            )


_DRAWN: dict[str, tuple[str, ...]] = {
    "WorkPool": ("type", "is_paused", "concurrency_limit", "status"),
    "WorkQueue": ("work_pool_name", "priority", "is_paused", "concurrency_limit"),
    "Deployment": ("work_pool_name", "work_queue_name", "paused"),
    "DeploymentSchedule": ("schedule", "active", "deployment_id"),
    "GlobalConcurrencyLimit": ("limit", "active"),
    "TaskRunConcurrencyLimit": ("concurrency_limit",),
}
