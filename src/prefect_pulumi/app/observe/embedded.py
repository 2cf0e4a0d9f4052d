"""A stack observed by the embedded engine."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from prefect_pulumi.api._lazy_httpx import load_httpx
from prefect_pulumi.app.events import WarningCollector
from prefect_pulumi.app.observe.base import Code, Live, Observation, known_secrets, managed
from prefect_pulumi.app.session.read_only import ReadOnlyProvider, read_only_context
from prefect_pulumi.app.session.view import StackView
from prefect_pulumi.core.errors import PrefectPulumiError
from prefect_pulumi.core.interruption import thread_pool
from prefect_pulumi.core.provider_protocol import DiffRequest, DiffResult, ReadRequest, ReadResult
from prefect_pulumi.core.values import has_unknown
from prefect_pulumi.engine import operations
from prefect_pulumi.engine.plan.steps import PROVIDER_PREFIX, Op, Step
from prefect_pulumi.engine.run.providers import ProviderPool
from prefect_pulumi.engine.run.run_state import RunOptions
from prefect_pulumi.engine.update import StackContext, open_providers
from prefect_pulumi.review.display import report_masker
from prefect_pulumi.state.entries import ResourceEntry, Snapshot
from prefect_pulumi.state.read_only import owned


def observe(view: StackView) -> Observation:
    """Raises `InputError` for bad input of the project itself, and what makes the state unreadable."""
    load_httpx()
    warnings = WarningCollector(view.sink)
    context = read_only_context(view.stack, warnings, view.output)
    snapshot = view.snapshot
    with open_providers(context) as providers, thread_pool(1) as aside:
        reading = aside.submit(read_live, snapshot, providers)  # waits for the server while the program runs
        code = run_code(context, snapshot)
        live = reading.result()
        if not managed(snapshot):
            _read_new(code, providers, live)
    secrets: list[Any] = [context.config[key] for key in context.secret_keys]
    masker = report_masker([*secrets, *known_secrets(snapshot, code)])
    return Observation(snapshot, code, live, owned(context.backend.store), masker, warnings.notes, warnings.diagnostics)


def observe_code(view: StackView) -> Code:
    """The program's steps alone, against the state of the view."""
    return run_code(read_only_context(view.stack, WarningCollector(view.sink), view.output), view.snapshot)


def run_code(context: StackContext, snapshot: Snapshot) -> Code:
    """The program's steps against the state. A program that fails is a problem, not the end of the report."""
    try:
        result = operations.preview(context, RunOptions(), snapshot=snapshot)
    except PrefectPulumiError as error:
        return Code(problem=error)
    steps: dict[str, Step] = {}
    for step in result.steps:
        before = steps.get(step.urn)
        if before is not None and before.op is Op.DELETE_REPLACED and step.op is Op.CREATE:
            step = replace(step, op=Op.REPLACE)
        steps[step.urn] = step
    return Code(steps, preview=result)


def read_live(snapshot: Snapshot, providers: ProviderPool) -> Live:
    """The lists of each server that the stack has a provider for, and the reads of all other providers."""
    entries = {entry.urn: entry for entry in snapshot.resources if not entry.delete}
    live = Live()
    groups: dict[str, list[ResourceEntry]] = {}
    for entry in managed(snapshot):
        groups.setdefault(entry.provider, []).append(entry)
    seen: set[str] = set()
    for group in groups.values():
        requests = [ReadRequest(member.urn, member.id, member.inputs, member.outputs) for member in group]
        try:
            provider = providers.for_entry(group[0], entries.values())
        except PrefectPulumiError as error:
            live.failed.update({member.type.rsplit(":", 1)[-1]: error for member in group})
            continue
        read_group(provider, requests, live, seen)
    return live


def _read_new(code: Code, providers: ProviderPool, live: Live) -> None:
    """A stack that has not been made yet: its server is listed all the same, for names that are taken."""
    for step in code.steps.values():
        if step.type == PROVIDER_PREFIX + "prefect" and step.new is not None and not has_unknown(step.new.inputs):
            provider = providers.load(step.urn, step.new.inputs)
            providers.install(step.urn, step.new.id, provider, step.new.inputs)
            installed = providers.get(step.urn)
            if installed is not None:
                read_group(installed, [], live, set())


def read_group(provider: Any, requests: list[ReadRequest], live: Live, seen: set[str]) -> None:
    from prefect_pulumi.provider.inventory import LiveReader
    from prefect_pulumi.provider.provider import PrefectProvider

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
        return
    for listing in reader.read(requests):
        if listing.error is not None:
            live.failed.update(dict.fromkeys(listing.kinds, listing.error))
            continue
        live.done.extend(listing.kinds)
        live.answers.update(listing.answers)
        live.rows.update(listing.rows)
        if reader.api_url not in seen:
            live.objects.extend(listing.found)
    seen.add(reader.api_url)


def _read_others(provider: Any, requests: list[ReadRequest], live: Live) -> None:
    """Another package's provider: its own reads, its own judgement of what differs, and nothing to list."""
    for request, answer in zip(requests, provider.read_many(requests), strict=True):
        live.answers[request.urn] = answer
        try:
            if isinstance(answer, PrefectPulumiError):
                raise answer
            if answer.id:
                live.diffs[request.urn] = _judged(provider, request, answer)
        except PrefectPulumiError as error:
            live.failed[request.urn] = error


def _judged(provider: Any, request: ReadRequest, answer: ReadResult) -> DiffResult:
    """As a preview after a refresh judges it, for inputs that are those of the last update."""
    result: DiffResult = provider.diff(
        DiffRequest(
            request.urn,
            answer.id,
            old_inputs=answer.inputs or request.inputs,
            old_outputs=answer.outputs,
            new_inputs=request.inputs,
        )
    )
    return result
