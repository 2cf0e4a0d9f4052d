"""Builds reports: runs the program as a preview, reads the server's lists, and hands both to `review` as plain data.

`drift_report` is what `infra drift` shows; a promotion calls it in-process.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, TextIO

from prefect_pulumi.app.observe import automation_api, prefect_yaml
from prefect_pulumi.app.observe.embedded import Code, Live, Sides, local_sides, managed
from prefect_pulumi.app.review import adopt
from prefect_pulumi.core.errors import InputError, PrefectPulumiError
from prefect_pulumi.core.masking import Masker
from prefect_pulumi.core.provider_protocol import ReadResult
from prefect_pulumi.core.values import unwrap
from prefect_pulumi.engine.plan.steps import Op, Step
from prefect_pulumi.project.stack import Stack
from prefect_pulumi.review.classify import LiveObject, Subject, classify
from prefect_pulumi.review.display import report_masker
from prefect_pulumi.review.model import Action, Coverage, Environment, Facts, Problem, Report
from prefect_pulumi.review.object_names import human_name
from prefect_pulumi.review.phrases import without_credentials
from prefect_pulumi.review.remedies import with_remedies
from prefect_pulumi.review.rules import Rules
from prefect_pulumi.review.topology import picture
from prefect_pulumi.state.entries import ResourceEntry, Snapshot, urn_name

RULES_FILE = "review.yaml"
_ACTIONS = {
    Op.CREATE: Action.CREATE,
    Op.IMPORT: Action.CREATE,
    Op.UPDATE: Action.UPDATE,
    Op.REPLACE: Action.REPLACE,
    Op.DELETE: Action.DELETE,
}


def drift_report(
    stack: Stack, *, output: TextIO | None = None, rules: Rules | None = None, cli: bool = False
) -> Report:
    """What differs between the code, the last update and the server of one stack. Reads only.

    `output` takes what the program prints (default: stderr). What cannot be checked is a problem of the report; bad
    input of the project itself (`InputError`) is raised.
    """
    found = environment_of(
        stack, None, output=output or sys.stderr, rules=rules or load_rules(stack.config_root), cli=cli
    )
    return make_report("drift", stack, [found])


def make_report(purpose: str, stack: Stack, environments: Iterable[Environment], base: str = "") -> Report:
    return Report(
        purpose=purpose,
        time=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        environments=tuple(environments),
        project=stack.project.name,
        commit=commit_of(stack.root),
        base=base,
        tool=f"prefect-pulumi {version('prefect-pulumi')}",
    )


def load_rules(root: Path) -> Rules:
    path = root / RULES_FILE
    return Rules.parse(path.read_bytes(), path.name) if path.is_file() else Rules()


def commit_of(root: Path) -> str:
    """Full hash of the commit that is checked out; "" outside git."""
    done = subprocess.run(["git", "-C", str(root), "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def environment_of(
    stack: Stack, base: Code | None, *, output: TextIO | None, rules: Rules, diffs: bool = True, cli: bool = False
) -> Environment:
    """`base`: what the base branch's program asks for; None in a drift report, which has only one program. With
    `diffs` each item that can be adopted has the patch; with `cli` the official CLI is asked for code and server."""
    try:
        sides = automation_api.remote_sides(stack, output) if cli or stack.is_remote else local_sides(stack, output)
    except InputError:
        raise
    except PrefectPulumiError as error:
        return Environment(stack.name, "", problems=(_problem(error),))
    snapshot, code, live, masker = sides.snapshot, sides.code, sides.live, sides.masker
    subjects = list(_subjects(snapshot, code, base, live))
    items = classify(subjects, _unmanaged(sides), masker, _humans(subjects, live))
    notes = sides.notes
    if base is not None and base.problem is not None:
        notes.append(f"the base branch's program does not run ({_first_line(base.problem)}): all counts as this change")
    items, ignored = rules.ignore(items)
    items = with_remedies(rules.accept(items, stack.name), stack.name)
    if diffs and code.problem is None:
        items = adopt.offered(stack, items)
    problems = [*([code.problem] if code.problem else []), *live.problems]
    environment = Environment(
        stack=stack.name,
        server=live.server,
        server_version=live.version,
        items=tuple(items),
        problems=tuple(_problem(error, masker) for error in problems),
        coverage=tuple(_coverage(snapshot, live)),
        objects=len(managed(snapshot)) + sum(len(e.outputs.get("deployments", {})) for e in managed(snapshot)),
        ignored=ignored,
        notes=tuple(masker.text(note) for note in notes),
    )
    environment = replace(environment, topology=picture(environment, _nodes(snapshot, live)))
    return replace(environment, verdicts=rules.judge(environment))


def _subjects(snapshot: Snapshot, code: Code, base: Code | None, live: Live) -> Iterator[Subject]:
    entries = {entry.urn: entry for entry in managed(snapshot)}
    moved = {step.old.urn: step for step in code.steps.values() if step.old is not None and step.old.urn != step.urn}
    facts = {row.id: _facts(row.row) for row in live.found if row.kind == "Deployment"}

    def each(subject: Subject | None, step: Step | None) -> Iterator[Subject]:
        if subject is not None and subject.type == prefect_yaml.TYPE:
            outputs = step.new.outputs if step is not None and step.new is not None else {}
            yield from prefect_yaml.split(subject, prefect_yaml.results_of(outputs), facts)
        elif subject is not None:
            yield subject

    for urn, entry in entries.items():
        step = moved.get(urn) or code.steps.get(urn)
        yield from each(_subject(urn, entry, step, code, base, live), step)
    renamed = {step.urn for step in moved.values()}
    for step in code.steps.values():
        custom = step.new is not None and step.new.custom and step.op not in (Op.READ, Op.DELETE_REPLACED)
        if custom and not step.is_provider and step.urn not in entries and step.urn not in renamed:
            yield from each(_subject(step.urn, None, step, code, base, live), step)


def _subject(
    urn: str, entry: ResourceEntry | None, step: Step | None, code: Code, base: Code | None, live: Live
) -> Subject | None:
    source = entry or (step.new if step is not None else None)
    if source is None:
        return None
    answer = live.answers.get(urn)
    read = answer if isinstance(answer, ReadResult) else None
    asked = step.new.inputs if step is not None and step.new is not None and step.op is not Op.DELETE else None
    if code.problem is not None and entry is not None:
        asked = entry.inputs  # what the code says is not known: only the server is compared
    before: Mapping[str, Any] | None = asked
    if base is not None and base.problem is not None:
        before = entry.inputs if entry is not None else None  # so that nothing seems to be the base's already
    elif base is not None and code.problem is None:
        before = base.inputs(step.urn if step else urn)
    row = live.rows.get(urn)
    again = read is not None and bool(read.id) and entry is not None and row is not None and read.id != entry.id
    return Subject(
        urn=urn,
        type=source.type,
        name=urn_name(urn),
        id=entry.id if entry is not None else "",
        action=_ACTIONS.get(step.op, Action.NONE) if step is not None else Action.NONE,
        code=asked,
        base=before,
        inputs=entry.inputs if entry is not None else None,
        outputs=entry.outputs if entry is not None else None,
        live=read.outputs if read is not None and read.id else None,
        missing=read is not None and not read.id,
        unread=entry is not None and read is None,
        facts=_facts(row.row) if row is not None else Facts(),
        ignored=tuple(entry.ignore_changes) if entry is not None else (),
        replaces=step.diff.replaces if step is not None and step.diff is not None else (),
        live_id=read.id if again and read is not None else "",
        note="deleted and made anew on the server: it has another id" if again else "",
    )


def _facts(row: Mapping[str, Any]) -> Facts:
    def who(value: Any) -> str:
        found = value if isinstance(value, dict) else {}
        return str(found.get("display_value") or found.get("type") or "")

    return Facts(
        created=str(row.get("created") or ""),
        created_by=who(row.get("created_by")),
        updated=str(row.get("updated") or ""),
        updated_by=who(row.get("updated_by")),
        status=str(row.get("status") or ""),
    )


def _unmanaged(sides: Sides) -> Iterator[LiveObject]:
    """Live objects that neither this nor another stack of the backend owns, nor Prefect itself."""
    live, snapshot, own = sides.live, sides.snapshot, dict(sides.owned)
    own.update({entry.id: "" for entry in snapshot.resources if entry.id})
    own.update({row.id: "" for row in live.rows.values()})
    alien = {row.name for row in live.found if row.kind in ("WorkPool", "Deployment") and row.id not in own}
    by_file: set[str] = set()
    for entry in snapshot.resources:
        if entry.type == prefect_yaml.TYPE:
            by_file.update(unwrap(entry.outputs.get("deployments", {})).values())
            for made in unwrap(entry.outputs.get("automations", {})).values():
                own.update(dict.fromkeys(made.values(), ""))
    for row in live.found:
        if row.own or row.id in own:
            continue
        parent = row.name.rsplit("/", 1)[0]
        if row.kind in ("WorkQueue", "DeploymentSchedule") and parent in alien:
            continue  # it is listed with its pool or deployment
        if row.kind == "DeploymentSchedule" and str(row.row["deployment_id"]) in by_file:
            continue  # a part of an entry of prefect.yaml
        yield LiveObject(row.kind, row.name, row.id, _facts(row.row), note=_contents(row, live))


def _contents(row: Any, live: Live) -> str:
    inside = {"WorkPool": ("WorkQueue", "queue"), "Deployment": ("DeploymentSchedule", "schedule")}.get(row.kind)
    if inside is None:
        return ""
    count = sum(1 for each in live.found if each.kind == inside[0] and each.name.startswith(row.name + "/"))
    return f"with {count} {inside[1]}{'' if count == 1 else 's'}" if count else ""


def _humans(subjects: Iterable[Subject], live: Live) -> dict[str, str]:
    deployments = {row.id: row.name for row in live.found if row.kind == "Deployment"}
    found = {}
    for subject in subjects:
        values = {**(subject.code or {}), **(subject.inputs or {}), **(subject.outputs or {})}
        found[subject.urn] = human_name(subject.kind, values, subject.name, deployments)
    return found


def _first_line(error: PrefectPulumiError) -> str:
    return error.message.splitlines()[0] if error.message else type(error).__name__


def _problem(error: PrefectPulumiError, masker: Masker | None = None) -> Problem:
    masker = masker or report_masker()
    return Problem(masker.text(error.message), without_credentials(error.where), error.remedy)


def _coverage(snapshot: Snapshot, live: Live) -> Iterator[Coverage]:
    wanted: dict[str, list[str]] = {}
    for entry in managed(snapshot):
        wanted.setdefault(entry.type.rsplit(":", 1)[-1], []).append(entry.urn)
    for kind in dict.fromkeys([*live.done, *live.failed, *wanted]):
        if kind == "server" or kind.startswith("urn:"):
            continue
        urns = wanted.get(kind, [])
        read = sum(1 for urn in urns if isinstance(live.answers.get(urn), ReadResult))
        yield Coverage(kind, len(urns), read, kind in live.done or (bool(urns) and read == len(urns)))


def _nodes(snapshot: Snapshot, live: Live) -> Iterator[LiveObject]:
    """What the picture is drawn from: live rows without anything that could be secret, and the state's workers."""
    for row in live.found:
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
