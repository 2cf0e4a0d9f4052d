"""Builds reports: runs the program as a preview, reads the server's lists, and hands both to `review` as plain data.

`drift_report` is what `infra drift` shows; a promotion calls it in-process.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, TextIO

from prefect_pulumi.cli import adopting, deploy_subjects
from prefect_pulumi.cli.project import Stack
from prefect_pulumi.cli.reading import Notes, ReadOnlyProvider, read_only_context
from prefect_pulumi.engine import operations
from prefect_pulumi.engine.operations import StackContext, open_providers
from prefect_pulumi.engine.providers import ProviderPool
from prefect_pulumi.engine.run_state import Options
from prefect_pulumi.engine.steps import PROVIDER_PREFIX, Op, Step
from prefect_pulumi.errors import InputError, PrefectPulumiError, ServerUnavailableError
from prefect_pulumi.lifecycle import ReadRequest, ReadResult
from prefect_pulumi.review.classify import LiveObject, Subject, classify
from prefect_pulumi.review.model import Action, Coverage, Environment, Facts, Problem, Report
from prefect_pulumi.review.naming import human_name
from prefect_pulumi.review.remedies import with_remedies
from prefect_pulumi.review.rules import Rules
from prefect_pulumi.review.shown import Redactor, secrets_in
from prefect_pulumi.review.topology import picture
from prefect_pulumi.review.words import without_credentials
from prefect_pulumi.state import folding
from prefect_pulumi.state.entries import ResourceEntry, Snapshot, urn_name
from prefect_pulumi.state.reading import owned
from prefect_pulumi.values import has_unknown, unwrap

RULES_FILE = "review.yaml"
_ACTIONS = {
    Op.CREATE: Action.CREATE,
    Op.IMPORT: Action.CREATE,
    Op.UPDATE: Action.UPDATE,
    Op.REPLACE: Action.REPLACE,
    Op.DELETE: Action.DELETE,
}


@dataclass(frozen=True)
class Code:
    """What a program asks for: URN -> its step. `problem`: why it could not be run."""

    steps: Mapping[str, Step] = field(default_factory=dict)
    problem: PrefectPulumiError | None = None

    def inputs(self, urn: str) -> Mapping[str, Any] | None:
        step = self.steps.get(urn)
        return step.new.inputs if step is not None and step.new is not None and step.op is not Op.DELETE else None


@dataclass
class Live:
    """What the server said. `answers`, `rows`: by URN; `found`: every object of the lists."""

    server: str = ""
    version: str = ""
    answers: dict[str, ReadResult | PrefectPulumiError] = field(default_factory=dict)
    rows: dict[str, Any] = field(default_factory=dict)
    found: list[Any] = field(default_factory=list)
    failed: dict[str, PrefectPulumiError] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)

    @property
    def problems(self) -> list[PrefectPulumiError]:
        """Each failure once: what stops one list stops all that come after it."""
        return list({str(error): error for error in self.failed.values()}.values())


def drift_report(stack: Stack, *, output: TextIO | None = None, rules: Rules | None = None) -> Report:
    """What differs between the code, the last update and the server of one stack. Reads only.

    `output` takes what the program prints (default: stderr). What cannot be checked is a problem of the report; bad
    input of the project itself (`InputError`) is raised.
    """
    found = environment_of(stack, None, output=output or sys.stderr, rules=rules or load_rules(stack.config_root))
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
    return Rules.parse(path.read_text("utf-8"), path.name) if path.is_file() else Rules()


def commit_of(root: Path) -> str:
    """Full hash of the commit that is checked out; "" outside git."""
    done = subprocess.run(["git", "-C", str(root), "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def environment_of(
    stack: Stack, base: Code | None, *, output: TextIO | None, rules: Rules, diffs: bool = True
) -> Environment:
    """`base`: what the base branch's program asks for; None in a drift report, which has only one program. With
    `diffs` each item that can be adopted has the patch."""
    context = read_only_context(stack, Notes(), output)
    try:
        snapshot = load_snapshot(context)
    except InputError:
        raise
    except PrefectPulumiError as error:
        return Environment(stack.name, "", problems=(_problem(error),))
    with open_providers(context) as providers, ThreadPoolExecutor(max_workers=1) as aside:
        reading = aside.submit(read_live, snapshot, providers)  # waits for the server while the program runs
        code = run_code(context)
        live = reading.result()
        if not _managed(snapshot):
            _read_new(code, providers, live)
    redactor = _redactor(context, snapshot, code)
    subjects = list(_subjects(snapshot, code, base, live))
    items = classify(subjects, _unmanaged(context, snapshot, live), redactor, _humans(subjects, live))
    notes = []
    if base is not None and base.problem is not None:
        notes.append(f"the base branch's program does not run ({_first_line(base.problem)}): all counts as this change")
    items, ignored = rules.ignore(items)
    items = with_remedies(rules.accept(items, stack.name), stack.name)
    if diffs and code.problem is None:
        items = adopting.offered(stack, items)
    problems = [*([code.problem] if code.problem else []), *live.problems]
    environment = Environment(
        stack=stack.name,
        server=live.server,
        server_version=live.version,
        items=tuple(items),
        problems=tuple(_problem(error, redactor) for error in problems),
        coverage=tuple(_coverage(snapshot, live)),
        objects=len(_managed(snapshot)) + sum(len(e.outputs.get("deployments", {})) for e in _managed(snapshot)),
        ignored=ignored,
        notes=tuple(redactor.text(note) for note in notes),
    )
    environment = replace(environment, topology=picture(environment, _nodes(snapshot, live)))
    return replace(environment, verdicts=rules.judge(environment))


def load_snapshot(context: StackContext) -> Snapshot:
    """The state, with what a crashed run had finished folded in; nothing is written."""
    return folding.load(context.backend, context.stack, context.manager)


def run_code(context: StackContext) -> Code:
    """The program's steps against the state. A program that fails is a problem, not the end of the report."""
    try:
        result = operations.preview(context, Options())
    except PrefectPulumiError as error:
        return Code(problem=error)
    steps: dict[str, Step] = {}
    for step in result.steps:
        before = steps.get(step.urn)
        if before is not None and before.op is Op.DELETE_REPLACED and step.op is Op.CREATE:
            step = replace(step, op=Op.REPLACE)
        steps[step.urn] = step
    return Code(steps)


def read_live(snapshot: Snapshot, providers: ProviderPool) -> Live:
    """The lists of each server that the stack has a provider for, and the reads of all other providers."""
    entries = {entry.urn: entry for entry in snapshot.resources if not entry.delete}
    live = Live()
    groups: dict[str, list[ResourceEntry]] = {}
    for entry in _managed(snapshot):
        groups.setdefault(entry.provider, []).append(entry)
    seen: set[str] = set()
    for group in groups.values():
        requests = [ReadRequest(each.urn, each.id, each.inputs, each.outputs) for each in group]
        try:
            provider = providers.for_entry(group[0], entries.values())
        except PrefectPulumiError as error:
            live.failed.update({each.type.rsplit(":", 1)[-1]: error for each in group})
            continue
        _read_group(provider, requests, live, seen)
    return live


def _read_new(code: Code, providers: ProviderPool, live: Live) -> None:
    """A stack that has not been made yet: its server is listed all the same, for names that are taken."""
    for step in code.steps.values():
        if step.type == PROVIDER_PREFIX + "prefect" and step.new is not None and not has_unknown(step.new.inputs):
            provider = providers.load(step.urn, step.new.inputs)
            providers.install(step.urn, step.new.id, provider, step.new.inputs)
            found = providers.get(step.urn)
            if found is not None:
                _read_group(found, [], live, set())


def _read_group(provider: Any, requests: list[ReadRequest], live: Live, seen: set[str]) -> None:
    from prefect_pulumi.provider.inventory import LiveReader
    from prefect_pulumi.provider.service import PrefectProvider

    inner = provider.inner if isinstance(provider, ReadOnlyProvider) else provider
    if not isinstance(inner, PrefectProvider):
        _read_others(provider, requests, live)
        return
    reader = LiveReader(inner)
    if not reader.api_url and not requests:
        return
    if not live.server:
        live.server = reader.api_url
    try:
        # A provider without an address has what runs on this machine, such as the server itself.
        live.version = live.version or (reader.version() if reader.api_url else "")
    except PrefectPulumiError as error:
        live.failed["server"] = error
        if isinstance(error, ServerUnavailableError):
            return
    for listing in reader.read(requests):
        if listing.error is not None:
            live.failed.update(dict.fromkeys(listing.kinds, listing.error))
            continue
        live.done.extend(listing.kinds)
        live.answers.update(listing.answers)
        live.rows.update(listing.rows)
        if reader.api_url not in seen:
            live.found.extend(listing.found)
    seen.add(reader.api_url)


def _read_others(provider: Any, requests: list[ReadRequest], live: Live) -> None:
    """Another package's provider: its own reads, and nothing to list."""
    for request, answer in zip(requests, provider.read_many(requests), strict=True):
        if isinstance(answer, PrefectPulumiError):
            live.failed[request.urn] = answer
        live.answers[request.urn] = answer


def _managed(snapshot: Snapshot) -> list[ResourceEntry]:
    """What is read live: the stack's own resources, without providers and what was only looked up."""
    return [
        entry
        for entry in snapshot.resources
        if entry.custom
        and not entry.delete
        and not entry.external
        and not entry.pending_replacement
        and not entry.type.startswith(PROVIDER_PREFIX)
    ]


def _subjects(snapshot: Snapshot, code: Code, base: Code | None, live: Live) -> Iterator[Subject]:
    entries = {entry.urn: entry for entry in _managed(snapshot)}
    moved = {step.old.urn: step for step in code.steps.values() if step.old is not None and step.old.urn != step.urn}
    facts = {row.id: _facts(row.row) for row in live.found if row.kind == "Deployment"}

    def each(subject: Subject | None, step: Step | None) -> Iterator[Subject]:
        if subject is not None and subject.type == deploy_subjects.TYPE:
            outputs = step.new.outputs if step is not None and step.new is not None else {}
            yield from deploy_subjects.split(subject, deploy_subjects.results_of(outputs), facts)
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
    before = asked if base is None or code.problem is not None else base.inputs(step.urn if step else urn)
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


def _unmanaged(context: StackContext, snapshot: Snapshot, live: Live) -> Iterator[LiveObject]:
    """Live objects that neither this nor another stack of the backend owns, nor Prefect itself."""
    own = owned(context.backend.root)
    own.update({entry.id: "" for entry in snapshot.resources if entry.id})
    own.update({row.id: "" for row in live.rows.values()})
    alien = {row.name for row in live.found if row.kind in ("WorkPool", "Deployment") and row.id not in own}
    by_file: set[str] = set()
    for entry in snapshot.resources:
        if entry.type == deploy_subjects.TYPE:
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


def _redactor(context: StackContext, snapshot: Snapshot, code: Code) -> Redactor:
    """Of every secret that the stack knows: config, state, and what the program asks for."""
    secrets: list[Any] = [context.config[key] for key in context.secret_keys]
    for entry in snapshot.resources:
        secrets.extend(secrets_in(entry.inputs))
        secrets.extend(secrets_in(entry.outputs))
    for step in code.steps.values():
        if step.new is not None:
            secrets.extend(secrets_in(step.new.inputs))
    return Redactor(secrets)


def _first_line(error: PrefectPulumiError) -> str:
    return error.message.splitlines()[0] if error.message else type(error).__name__


def _problem(error: PrefectPulumiError, redactor: Redactor | None = None) -> Problem:
    redactor = redactor or Redactor()
    return Problem(redactor.text(error.message), without_credentials(error.where), error.remedy)


def _coverage(snapshot: Snapshot, live: Live) -> Iterator[Coverage]:
    wanted: dict[str, list[str]] = {}
    for entry in _managed(snapshot):
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
    for entry in _managed(snapshot):
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
