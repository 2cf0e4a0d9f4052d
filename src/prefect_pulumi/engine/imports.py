"""Import: existing objects are read and taken into the state, all of them or none."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from prefect_pulumi.core.errors import CheckError
from prefect_pulumi.engine.operations import Result, StackContext, make_deployment, open_providers, save, updating
from prefect_pulumi.engine.plan.goals import Goal
from prefect_pulumi.engine.plan.steps import PROVIDER_PREFIX, STACK_TYPE, Op, Step, summarize
from prefect_pulumi.engine.run.custom_resources import ManagedGoal
from prefect_pulumi.engine.run.deployment import Deployment
from prefect_pulumi.engine.run.run_state import RunOptions
from prefect_pulumi.engine.run.timestamps import stamped
from prefect_pulumi.state.entries import ResourceEntry, Snapshot, make_urn, urn_name


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """`id` is whatever the provider's Read takes: the object's id or a name."""

    type: str
    name: str
    id: str


def import_resources(context: StackContext, requests: Sequence[ImportRequest], provider: str = "") -> Result:
    """Reads each object and writes the state once all were read; nothing is written to the objects.

    `provider` names a provider of the stack by its resource name; left out, the only explicit one, else the default
    provider. Raises `ProviderError` when there is no such object, and `CheckError` when the state has a resource of
    that URN, or the object under another URN.
    """
    began, start = time.monotonic(), int(time.time())
    with updating(context) as update, open_providers(context) as pool:
        snapshot, journal = update.snapshot, update.journal
        deployment = make_deployment(context, snapshot, pool, RunOptions(), journal)
        packages = {request.type.split(":", 1)[0] for request in requests}
        provider_urns = {package: provider_urn(snapshot, package, provider) for package in packages}
        try:
            for request in requests:
                _import(deployment, request, provider_urns[request.type.split(":", 1)[0]])
        except BaseException:
            journal.clear()  # it holds only what was to be read into the state
            raise
        save(context, deployment, update, "resource-import", start)
    state = deployment.state
    return Result(tuple(state.steps), state.stack_outputs, summarize(state.steps), time.monotonic() - began)


def _import(deployment: Deployment, request: ImportRequest, provider_urn: str) -> None:
    """Takes one object into the state, under the Stack. `provider_urn`: "" for the default provider."""
    state, executor = deployment.state, deployment.executor
    stack = make_urn(state.stack, state.project, STACK_TYPE, f"{state.project}-{state.stack}")
    urn = make_urn(state.stack, state.project, request.type, request.name, stack)
    known = {**state.old_entries, **state.new_entries}
    if urn in known:
        raise CheckError("the state has a resource of this URN already", where=urn, remedy="choose another name")
    if stack not in known:
        root = Goal(urn=stack, type=STACK_TYPE, name=urn_name(stack), custom=False, inputs={})
        entry = stamped(root.entry(inputs={}, outputs={}, id="", provider=""), None, Op.CREATE)
        executor.record(Step(Op.CREATE, stack, STACK_TYPE, None, entry))
    goal = Goal(
        urn=urn, type=request.type, name=request.name, custom=True, inputs={}, parent=stack, import_id=request.id
    )
    entry = replace(_managed(deployment, goal, provider_urn).imported(), import_id="")
    for other in (*state.old_entries.values(), *state.new_entries.values()):
        if other.type == entry.type and other.id == entry.id and other.provider == entry.provider:
            raise CheckError(f"{request.id!r} is managed already, as {other.urn}", where=urn)
    executor.record(Step(Op.IMPORT, urn, request.type, None, entry))


def _managed(deployment: Deployment, goal: Goal, provider_urn: str) -> ManagedGoal:
    if not provider_urn:
        return ManagedGoal(goal, *deployment.providers.for_goal(goal))
    reference = f"{provider_urn}::{deployment.state.old_entries[provider_urn].id}"
    user = ResourceEntry(goal.urn, goal.type, True, provider=reference)
    return ManagedGoal(goal, deployment.pool.for_entry(user, deployment.state.before.resources), reference)


def provider_urn(snapshot: Snapshot, package: str, name: str = "") -> str:
    """URN of the explicit provider that new resources of the package belong to, "" for the default one."""
    explicit = [
        entry.urn
        for entry in snapshot.resources
        if entry.type == PROVIDER_PREFIX + package
        and not urn_name(entry.urn).startswith("default")
        and not entry.delete
    ]
    if name:
        named = [urn for urn in explicit if urn_name(urn) == name]
        if not named:
            known = ", ".join(urn_name(urn) for urn in explicit) or "none"
            raise CheckError(f"the stack has no provider named {name!r}", where="--provider", remedy=f"it has: {known}")
        return named[0]
    if len(explicit) > 1:
        names = ", ".join(urn_name(urn) for urn in explicit)
        raise CheckError("the stack has several providers", where="--provider", remedy=f"name one of: {names}")
    return explicit[0] if explicit else ""
