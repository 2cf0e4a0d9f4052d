"""`infra verify`: the declared checks of the release that a stack carries; the evidence goes into its state."""

from __future__ import annotations

import sys
import time
import uuid
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from prefect_pulumi.api.blocking import BlockingClient
from prefect_pulumi.app import workers
from prefect_pulumi.app.flow_runs import connection_of
from prefect_pulumi.app.release import releases
from prefect_pulumi.app.review.drift_report import drift_report
from prefect_pulumi.cli.commands import QuietSink
from prefect_pulumi.core.errors import (
    ExitCode,
    InputError,
    NotFoundError,
    PrefectPulumiError,
    PromotionError,
    StateError,
)
from prefect_pulumi.core.values import secrets_in, unwrap
from prefect_pulumi.engine import operations
from prefect_pulumi.project.stack import Stack, as_json
from prefect_pulumi.promotion.release_records import (
    Check,
    Record,
    Verification,
    carried,
    release_entry,
    with_verification,
)
from prefect_pulumi.provider.handlers.release import who
from prefect_pulumi.review.display import report_masker
from prefect_pulumi.review.model import Action

POLL_SECONDS = 1.0
ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
ACTION_FAILED = "prefect.automation.action.failed"

Say = Callable[[str], None]


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def run(arguments: Namespace, stack: Stack) -> ExitCode:
    """`infra verify`. Exit code 1 when a check fails; the evidence is recorded in either case."""
    carries = releases.carried_by(stack)
    record = releases.need_record(stack, carries)
    before = carries.verification(record.id)
    if arguments.once and before is not None and before.passed:
        sys.stderr.write(f"{record.id} is verified already, at {before.ended}\n")
        return ExitCode.DONE

    def say(line: str) -> None:
        (sys.stderr if arguments.json else sys.stdout).write(line + "\n")

    found = verify(stack, record, say)
    if arguments.json:
        sys.stdout.write(as_json(found.document()) + "\n")
    if not found.passed:
        failed = "; ".join(f"{check.name}: {check.text}" for check in found.failed)
        raise PromotionError(failed, where=f"verification of {record.id}", remedy=f"infra release show -s {stack.name}")
    say(f"{record.id} is verified")
    return ExitCode.DONE


def verify(stack: Stack, record: Record, say: Say) -> Verification:
    """Runs every declared check and writes the evidence into the state of the stack that carries `record`."""
    settings = settings_of(stack)
    began = now()
    checks: list[Check] = []

    masker = report_masker(
        value for entry in releases.snapshot_of(stack).resources for value in secrets_in([entry.inputs, entry.outputs])
    )

    def note(check: Check) -> None:
        # What a flow says of its end may hold anything.
        check = replace(check, text=masker.text(check.text), evidence=masker.value(check.evidence))
        checks.append(check)
        say(f"{'passed' if check.passed else 'FAILED'}  {check.name}: {check.text}")

    client = client_of(stack)
    try:
        if settings.drift:
            note(no_drift(stack))
        if settings.workers:
            note(workers_online(stack, client, settings.workers_seconds))
        for check in smoke(stack, client, record, settings.smoke, say):
            note(check)
        if settings.automations:
            note(no_failing_automation(client, record))
    finally:
        client.close()
    found = Verification(record.id, began, now(), who(), tuple(checks))
    record_verification(stack, found)
    return found


def settings_of(stack: Stack) -> Any:
    """The stack's `environment.verification`, checked (`components.settings.VerificationSettings`)."""
    from prefect_pulumi.project.settings import parse_environment

    return parse_environment(stack.environment, stack.name).verification


def client_of(stack: Stack) -> BlockingClient:
    connection = connection_of(stack, releases.snapshot_of(stack).resources)
    return BlockingClient(
        connection["apiUrl"], api_key=connection.get("apiKey"), auth_string=connection.get("authString")
    )


def no_drift(stack: Stack) -> Check:
    report = drift_report(releases.at_pin(stack))
    environment = report.environments[0]
    drifted = [item for item in environment.items if item.counts]
    pending = [item for item in environment.items if item.action is not Action.NONE and item.kind != "Release"]
    if environment.problems:
        text = "; ".join(problem.message for problem in environment.problems)
        return Check("drift", False, f"could not check: {text}")
    if drifted:
        return Check("drift", False, ", ".join(f"{item.kind} {item.name} ({item.cls})" for item in drifted))
    if pending:
        text = ", ".join(f"{item.kind} {item.name}" for item in pending)
        return Check("drift", False, f"the stack is not as this program declares it: {text}")
    accepted = [f"{item.kind} {item.name}" for item in environment.items if item.drifted]
    text = f"none in {environment.objects} objects" + (f"; accepted: {', '.join(accepted)}" if accepted else "")
    return Check("drift", True, text, {"objects": environment.objects, "time": report.time})


def workers_online(stack: Stack, client: BlockingClient, seconds: float) -> Check:
    """Waits until every declared worker is ONLINE."""
    entries = releases.snapshot_of(stack).resources
    end = time.monotonic() + seconds
    while True:
        report = workers.gather(client, stack.name, "", entries)
        declared = [(pool.name, worker) for pool in report.pools for worker in pool.workers if worker.declared]
        late = [f"{worker.name} of {pool} is {worker.status.lower()}" for pool, worker in declared if not worker.online]
        if not late or time.monotonic() >= end:
            break
        time.sleep(POLL_SECONDS)
    if late:
        return Check("workers", False, f"after {seconds:g} s: {', '.join(late)}")
    seen = {worker.name: worker.last_heartbeat for _, worker in declared}
    return Check("workers", True, f"{len(declared)} online" if declared else "the stack declares none", seen)


def smoke(stack: Stack, client: BlockingClient, record: Record, wanted: Sequence[Any], say: Say) -> list[Check]:
    """Runs of the named deployments, all at one time. Each has to end Completed in its time, and the stack has to
    carry this very release, with the same deployments, when they end."""
    before = _deployments(stack)
    started: list[tuple[Any, dict[str, Any] | None, str]] = []
    for each in wanted:
        try:
            started.append((each, _start(client, record, each, before), ""))
        except PrefectPulumiError as error:
            started.append((each, None, error.message))
    for each, flow_run, _ in started:
        if flow_run is not None:
            say(f"        run {flow_run['name']} of {each.deployment}")
    began = time.monotonic()
    checks = []
    for each, flow_run, fault in started:
        name = f"smoke {each.deployment}"
        if flow_run is None:
            checks.append(Check(name, False, fault))
            continue
        ended = _wait(client, str(flow_run["id"]), began + each.seconds)
        state = ended.get("state") or {}
        evidence = {
            "run": ended["id"],
            "name": ended["name"],
            "deployment": ended.get("deployment_id"),
            "state": state.get("name"),
            "start": ended.get("start_time"),
            "end": ended.get("end_time"),
        }
        if state.get("type") == "COMPLETED":
            took = ended.get("total_run_time") or 0
            checks.append(Check(name, True, f"{ended['name']} ended Completed in {took:.1f} s", evidence))
            continue
        word = f"ended {state.get('name')}" if state.get("type") in ENDED else f"has not ended in {each.seconds:g} s"
        message = f": {state['message']}" if state.get("message") else ""
        checks.append(Check(name, False, f"{ended['name']} {word}{message}", evidence))
    after = releases.carried_by(stack).record
    if wanted and (after is None or after.id != record.id or _deployments(stack) != before):
        carries = after.id if after else "none"
        checks.append(Check("release", False, f"the stack carries {carries} now: these runs prove nothing of it"))
    return checks


def _deployments(stack: Stack) -> dict[str, str]:
    """'flow/deployment' -> id of everything that the stack's last update left, from its state."""
    found: dict[str, str] = {}
    for entry in releases.snapshot_of(stack).resources:
        if entry.type == "prefect:index:Deployments":
            found.update({str(k): str(v) for k, v in unwrap(entry.outputs.get("deployments") or {}).items()})
        elif entry.type == "prefect:index:Deployment":
            found[f"{entry.outputs.get('flowName')}/{entry.outputs.get('name')}"] = entry.id
    return found


def _start(client: BlockingClient, record: Record, wanted: Any, known: Mapping[str, str]) -> dict[str, Any]:
    flow, deployment = wanted.deployment.split("/", 1)
    try:
        found = client.request("GET", f"/deployments/name/{quote(flow, safe='')}/{quote(deployment, safe='')}")
    except NotFoundError as error:
        raise InputError(f"there is no deployment {wanted.deployment!r} on the server") from error
    if known.get(wanted.deployment) != found["id"]:
        raise InputError(f"{wanted.deployment!r} is not of this release: the stack did not deploy it")
    body = {
        "parameters": wanted.parameters,
        "tags": ["smoke", f"release:{record.id}"],
        "idempotency_key": str(uuid.uuid4()),
    }
    route = f"/deployments/{found['id']}/create_flow_run"
    started: dict[str, Any] = client.request("POST", route, json=body, idempotent=True)
    return started


def _wait(client: BlockingClient, id: str, end: float) -> dict[str, Any]:
    while True:
        run: dict[str, Any] = client.request("GET", f"/flow_runs/{id}")
        if (run.get("state") or {}).get("type") in ENDED or time.monotonic() >= end:
            return run
        time.sleep(POLL_SECONDS)


def no_failing_automation(client: BlockingClient, record: Record) -> Check:
    """No action of an automation has failed since the release was brought up (`POST /events/filter`)."""
    body = {
        "filter": {"event": {"name": [ACTION_FAILED]}, "occurred": {"since": record.time}, "order": "DESC"},
        "limit": 50,
    }
    events = client.request("POST", "/events/filter", json=body).get("events", [])
    names = sorted({_automation(event) for event in events})
    if names:
        return Check("automations", False, f"actions failed since {record.time}: {', '.join(names)}")
    return Check("automations", True, f"no action has failed since {record.time}")


def _automation(event: Mapping[str, Any]) -> str:
    resource = event.get("resource") or {}
    return str(resource.get("prefect.resource.name") or resource.get("prefect.resource.id"))


def record_verification(stack: Stack, found: Verification) -> None:
    """Into the state's record, under the stack's lock. Raises `StateError` when the state carries another by now."""
    if stack.is_remote:
        from prefect_pulumi.app.release import official_updates

        official_updates.record(stack, found)
        return
    with operations.updating(stack.context(QuietSink(), write=True)) as update:
        snapshot = update.snapshot
        entry = release_entry(snapshot.resources)
        if entry is None or carried(snapshot.resources).find(found.release) is None:
            raise StateError(f"the stack no longer keeps {found.release}: its verification cannot be recorded")
        held = with_verification(entry, found)
        snapshot.resources[:] = [held if each is entry else each for each in snapshot.resources]
        stack.backend.writer(stack.name).save(snapshot, stack.manager(write=False))
