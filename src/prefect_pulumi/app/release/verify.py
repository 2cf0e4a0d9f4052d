"""The declared checks of the release that a stack runs; the evidence is recorded in its state."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from prefect_pulumi.api import flow_runs
from prefect_pulumi.api.cloud import events_since
from prefect_pulumi.api.flow_runs import FlowRunResult
from prefect_pulumi.api.protocol import ApiClient
from prefect_pulumi.app.events import Message, Progress
from prefect_pulumi.app.health import ACTION_FAILED
from prefect_pulumi.app.observe.base import entry_secrets
from prefect_pulumi.app.owned_objects import deployment_ids
from prefect_pulumi.app.release.evidence import record_verification
from prefect_pulumi.app.release.records import need_record
from prefect_pulumi.app.review.drift_report import drift_report
from prefect_pulumi.app.session.view import StackView
from prefect_pulumi.app.workers import WorkerReport, worker_report
from prefect_pulumi.core.errors import InputError, NotFoundError, PrefectPulumiError
from prefect_pulumi.models.release_record import CheckResult, ReleaseRecord, Verification
from prefect_pulumi.project.deploy_settings import SmokeRun
from prefect_pulumi.provider.handlers.release import who
from prefect_pulumi.review.display import report_masker
from prefect_pulumi.review.model import Action

POLL_SECONDS = 1.0


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True, slots=True)
class VerifyRequest:
    """`once`: skip a release that is verified already, and a stack that was never created: a stage that no release has
    reached."""

    once: bool = False


@dataclass(frozen=True, slots=True)
class VerifyResult:
    """`skipped`: the release was verified before, by `verification`, or the stack was never created (None)."""

    verification: Verification | None
    skipped: bool = False


def verify(view: StackView, request: VerifyRequest) -> VerifyResult:
    """Runs the checks; the evidence is recorded whether they pass or not.

    Raises `InputError` when the stack runs no release.
    """
    if request.once and not view.exists:
        return VerifyResult(None, skipped=True)
    record = need_record(view)
    former = view.releases.verification(record.id)
    if request.once and former is not None and former.passed:
        return VerifyResult(former, skipped=True)
    return VerifyResult(verify_release(view, record))


def verify_release(view: StackView, record: ReleaseRecord, approval: str = "") -> Verification:
    """Runs every declared check and writes the evidence into the state of the stack that runs `record`. `approval`: who
    approved its deployment, kept from the verification before if it is empty."""
    former = view.releases.verification(record.id)
    approval = approval or (former.approval if former is not None else "")
    settings = view.settings.verification
    began = now()
    checks: list[CheckResult] = []
    masker = report_masker(entry_secrets(view.entries))

    def note(check: CheckResult) -> None:
        # What a flow says of its end may hold anything.
        check = replace(check, text=masker.text(check.text), evidence=masker.value(check.evidence))
        checks.append(check)
        view.sink.emit(Progress(f"{'passed' if check.passed else 'FAILED'}  {check.name}: {check.text}"))

    client = view.client()
    try:
        if settings.drift:
            note(no_drift(view))
        if settings.workers:
            note(workers_online(view, client))
        for check in smoke(view, client, record, settings.smoke):
            note(check)
        if settings.automations:
            note(no_failing_automation(client, record))
    finally:
        client.close()
    verification = Verification(record.id, began, now(), who(), tuple(checks), approval)
    record_verification(view, verification)
    return verification


def no_drift(view: StackView) -> CheckResult:
    report = drift_report(view.at_pin(), patches=False)
    environment = report.environments[0]
    for warning in environment.notes:
        view.sink.emit(Message("warning", warning))
    noted = {"notes": list(environment.notes)} if environment.notes else {}
    drifted = [item for item in environment.items if item.counts]
    pending = [item for item in environment.items if item.action is not Action.NONE and item.kind != "Release"]
    if environment.problems:
        text = "; ".join(problem.message for problem in environment.problems)
        return CheckResult("drift", False, f"could not check: {text}", noted)
    if drifted:
        text = ", ".join(f"{item.kind} {item.name} ({item.cls})" for item in drifted)
        return CheckResult("drift", False, text, noted)
    if pending:
        text = ", ".join(f"{item.kind} {item.name}" for item in pending)
        return CheckResult("drift", False, f"the stack is not as this program declares it: {text}", noted)
    accepted = [f"{item.kind} {item.name}" for item in environment.items if item.drifted]
    text = f"none in {environment.objects} objects" + (f"; accepted: {', '.join(accepted)}" if accepted else "")
    return CheckResult("drift", True, text, {"objects": environment.objects, "time": report.time, **noted})


def workers_online(view: StackView, client: ApiClient) -> CheckResult:
    """Waits up to `workers_seconds` until every declared worker is ONLINE, and one of each of `online_pools`."""
    settings = view.settings.verification
    end = time.monotonic() + settings.workers_seconds
    while True:
        report = worker_report(client, view.name, view.connection, view.entries)
        late = [*_late_workers(report, settings.online_pools)]
        if not late or time.monotonic() >= end:
            break
        time.sleep(POLL_SECONDS)
    if late:
        return CheckResult("workers", False, f"after {settings.workers_seconds:g} s: {', '.join(late)}")
    needed = [
        worker
        for pool in report.pools
        for worker in pool.workers
        if worker.declared or (worker.online and pool.name in settings.online_pools)
    ]
    seen = {worker.name: worker.last_heartbeat for worker in needed}
    return CheckResult("workers", True, f"{len(needed)} online" if needed else "the stack declares none", seen)


def _late_workers(report: WorkerReport, online_pools: Sequence[str]) -> Iterator[str]:
    for pool in report.pools:
        for worker in pool.workers:
            if worker.declared and not worker.online:
                yield f"{worker.name} of {pool.name} is {worker.status.lower()}"
    pools = {pool.name: pool for pool in report.pools}
    for name in online_pools:
        if name not in pools:
            yield f"the stack has no work pool {name}"
        elif not any(worker.online for worker in pools[name].workers):
            yield f"no worker of {name} is online"


def smoke(view: StackView, client: ApiClient, record: ReleaseRecord, wanted: Sequence[SmokeRun]) -> list[CheckResult]:
    """Runs of the named deployments, concurrently. Each has to end Completed in its time, and the stack has to run
    this very release, with the same deployments, when they end."""
    before = deployment_ids(view.entries)
    started: list[tuple[SmokeRun, FlowRunResult | None, str]] = []
    for smoke_run in wanted:
        try:
            started.append((smoke_run, _start(client, record, smoke_run, before), ""))
        except PrefectPulumiError as error:
            started.append((smoke_run, None, error.message))
    for smoke_run, flow_run, _ in started:
        if flow_run is not None:
            view.sink.emit(Progress(f"        run {flow_run.name} of {smoke_run.deployment}"))
    began = time.monotonic()
    checks = []
    for smoke_run, flow_run, problem in started:
        name = f"smoke {smoke_run.deployment}"
        if flow_run is None:
            checks.append(CheckResult(name, False, problem))
            continue
        left = began + smoke_run.seconds - time.monotonic()
        result = flow_runs.follow(client, flow_run.id, timeout=left)
        if not result.ended:
            flow_runs.cancel(client, result.id)  # it would run later, on whatever is deployed then
        checks.append(_smoke_check(name, smoke_run, result))
    if wanted:
        current = view.fresh()
        running = current.releases.record
        if running is None or running.id != record.id or deployment_ids(current.entries) != before:
            text = f"the stack runs {running.id if running else 'none'} now: these runs prove nothing of it"
            checks.append(CheckResult("release", False, text))
    return checks


def _smoke_check(name: str, smoke_run: SmokeRun, ended: FlowRunResult) -> CheckResult:
    evidence = {
        "run": ended.id,
        "name": ended.name,
        "deployment": ended.deployment_id,
        "state": ended.state,
        "start": ended.start,
        "end": ended.end,
    }
    if ended.completed:
        return CheckResult(name, True, f"{ended.name} ended Completed in {ended.seconds:.1f} s", evidence)
    word = f"ended {ended.state}" if ended.ended else f"has not ended in {smoke_run.seconds:g} s and was cancelled"
    reason = ended.obstacle or ended.message
    message = f": {reason}" if reason else ""
    return CheckResult(name, False, f"{ended.name} {word}{message}", evidence)


def _start(client: ApiClient, record: ReleaseRecord, wanted: SmokeRun, known: Mapping[str, str]) -> FlowRunResult:
    try:
        deployment = flow_runs.find_deployment(client, wanted.deployment)
    except NotFoundError as error:
        raise InputError(f"there is no deployment {wanted.deployment!r} on the server") from error
    if known.get(wanted.deployment) != deployment:
        raise InputError(f"{wanted.deployment!r} is not of this release: the stack did not deploy it")
    return flow_runs.start(client, deployment, wanted.parameters, tags=["smoke", f"release:{record.id}"])


def no_failing_automation(client: ApiClient, record: ReleaseRecord) -> CheckResult:
    """No action of an automation has failed since the release was deployed (`POST /events/filter`)."""
    events = events_since(client, {"event": {"name": [ACTION_FAILED]}}, record.time, limit=50)
    names = sorted({_automation(event) for event in events})
    if names:
        return CheckResult("automations", False, f"actions failed since {record.time}: {', '.join(names)}")
    return CheckResult("automations", True, f"no action has failed since {record.time}")


def _automation(event: Mapping[str, Any]) -> str:
    resource = event.get("resource") or {}
    return str(resource.get("prefect.resource.name") or resource.get("prefect.resource.id"))
