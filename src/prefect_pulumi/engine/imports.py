"""Import: existing objects are read and taken into the state, all of them or none."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from prefect_pulumi.core.errors import CheckError
from prefect_pulumi.core.provider_protocol import ObjectLookup, ReadRequest
from prefect_pulumi.core.values import has_unknown
from prefect_pulumi.engine.operations import Result, make_deployment
from prefect_pulumi.engine.plan.goals import Goal
from prefect_pulumi.engine.plan.steps import PROVIDER_PREFIX, STACK_TYPE, Op, Step, summarize
from prefect_pulumi.engine.run.custom_resources import ManagedGoal
from prefect_pulumi.engine.run.deployment import Deployment
from prefect_pulumi.engine.run.run_state import RunOptions
from prefect_pulumi.engine.run.timestamps import stamped
from prefect_pulumi.engine.update import StackContext, open_providers, save, updating
from prefect_pulumi.state.entries import ResourceEntry, make_urn, parse_provider_ref, urn_name


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """`id` is whatever the provider's Read takes: the object's id or a name. `named`: the resource has to have `name`,
    which else is only the default for what the program does not declare; such a one is protected with `protect`."""

    type: str
    name: str
    id: str
    named: bool = False
    protect: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What the program declares: the steps of its preview, in the program's order."""

    steps: Sequence[Step] = ()

    def created(self, type: str) -> list[ResourceEntry]:
        """Resources of a type that the program declares and the state does not have."""
        return [step.new for step in self.steps if step.op is Op.CREATE and step.type == type and step.new is not None]

    @property
    def entries(self) -> list[ResourceEntry]:
        """Resources as planned."""
        return [step.new for step in self.steps if step.new is not None]

    def entry(self, urn: str) -> ResourceEntry | None:
        return next((step.new for step in self.steps if step.urn == urn and step.new is not None), None)


class NoJournal:
    """`Recorder` of an import: it only reads, so a run that ends early leaves nothing to go on with."""

    def intent(self, op: str, entry: ResourceEntry, was: str = "") -> int:
        return 0

    def result(self, token: int, entry: ResourceEntry | None, outcome: str) -> None:
        """Nothing is kept."""

    def note(self, op: str, entry: ResourceEntry, was: str = "") -> None:
        """Nothing is kept."""


def import_resources(
    context: StackContext, requests: Sequence[ImportRequest], provider: str = "", plan: Plan | None = None
) -> Result:
    """Reads each object and writes the state once all were read; nothing is written to the objects.

    What the program declares by `plan` is imported under its URN there, with its parent and provider, which come into
    the state too where it lacks them. For the rest `provider` names a provider of the stack by its resource name; left
    out, the only explicit one, else the default provider. Raises `ProviderError` when there is no such object, and
    `CheckError` when the state has a resource of that URN, or the object under another URN.
    """
    began, start = time.monotonic(), int(time.time())
    with updating(context) as update, open_providers(context) as pool:
        snapshot = update.snapshot
        deployment = make_deployment(context, snapshot, pool, RunOptions(), NoJournal())
        for request in requests:
            declared = _declared(deployment, request, plan or Plan())
            if declared is not None:
                _import_declared(deployment, request, declared, plan or Plan())
            else:
                package = request.type.split(":", 1)[0]
                chosen = provider_urn([*snapshot.resources, *(plan or Plan()).entries], package, provider)
                if not _record_provider(deployment, chosen, plan or Plan()):
                    raise _unknown_provider(chosen)
                _import(deployment, request, chosen)
        save(context, deployment, update, "resource-import", start)
    state = deployment.state
    return Result(tuple(state.steps), state.stack_outputs, summarize(state.steps), time.monotonic() - began)


def _import(deployment: Deployment, request: ImportRequest, provider_urn: str) -> None:
    """Takes one object into the state, under the Stack. `provider_urn`: "" for the default provider."""
    state = deployment.state
    stack = make_urn(state.stack, state.project, STACK_TYPE, f"{state.project}-{state.stack}")
    urn = make_urn(state.stack, state.project, request.type, request.name, stack)
    known = {**state.old_entries, **state.new_entries}
    if urn in known:
        raise CheckError("the state has a resource of this URN already", where=urn, remedy="choose another name")
    if stack not in known:
        root = Goal(urn=stack, type=STACK_TYPE, name=urn_name(stack), custom=False, inputs={})
        _record_new(deployment, root.entry(inputs={}, outputs={}, id="", provider=""))
    goal = Goal(
        urn=urn,
        type=request.type,
        name=request.name,
        custom=True,
        inputs={},
        parent=stack,
        protect=request.protect,
        import_id=request.id,
    )
    _record_import(deployment, _managed(deployment, goal, provider_urn))


def _declared(deployment: Deployment, request: ImportRequest, plan: Plan) -> ResourceEntry | None:
    """The resource of the program that declares the object: by its name, else the one that names the same object."""
    candidates = [entry for entry in plan.created(request.type) if entry.urn not in deployment.state.new_entries]
    if request.named:
        return next((entry for entry in candidates if urn_name(entry.urn) == request.name), None)
    ids: dict[str, str] = {}  # provider -> id of the requested object there
    for candidate in candidates:
        managed = _managed_as_declared(deployment, request, candidate, plan)
        if managed is None or not isinstance(managed.provider, ObjectLookup):
            continue
        existing = managed.provider.existing(candidate.urn, candidate.inputs)
        if not existing:
            continue
        if candidate.provider not in ids:
            ids[candidate.provider] = managed.provider.read(ReadRequest(candidate.urn, request.id)).id
        if existing == ids[candidate.provider]:
            return candidate
    return None


def _import_declared(deployment: Deployment, request: ImportRequest, declared: ResourceEntry, plan: Plan) -> None:
    """Takes one object into the state where the program declares it."""
    managed = _managed_as_declared(deployment, request, declared, plan)
    if managed is None:
        raise _unknown_provider(declared.urn)
    _record_ancestors(deployment, declared.parent, plan)
    _record_import(deployment, managed)


def _unknown_provider(urn: str) -> CheckError:
    return CheckError(
        "the provider of the resource is not known before `up` has run",
        where=urn,
        remedy="run `infra up`, which starts its server; with --adopt it takes over what that has",
    )


def _managed_as_declared(
    deployment: Deployment, request: ImportRequest, declared: ResourceEntry, plan: Plan
) -> ManagedGoal | None:
    """None while the configuration of its provider is not known."""
    provider, _ = parse_provider_ref(declared.provider)
    if not _record_provider(deployment, provider, plan):
        return None
    goal = Goal(
        urn=declared.urn,
        type=declared.type,
        name=urn_name(declared.urn),
        custom=True,
        inputs={},
        parent=declared.parent,
        protect=declared.protect,
        retain_on_delete=declared.retain_on_delete,
        additional_secret_outputs=tuple(declared.additional_secret_outputs),
        import_id=request.id,
    )
    return _managed(deployment, goal, provider)


def _record_provider(deployment: Deployment, urn: str, plan: Plan) -> bool:
    """The provider is in the state, or comes into it as planned. False while its configuration is not known."""
    if not urn or urn in {**deployment.state.old_entries, **deployment.state.new_entries}:
        return True
    planned = plan.entry(urn)
    if planned is None or has_unknown(planned.inputs):
        return False
    _record_ancestors(deployment, planned.parent, plan)
    _record_new(deployment, replace(planned, id=str(uuid.uuid4())))
    return True


def _record_ancestors(deployment: Deployment, urn: str, plan: Plan) -> None:
    """Components above an imported resource come into the state as planned, so that the next update continues them."""
    planned = plan.entry(urn)
    if not urn or planned is None or urn in {**deployment.state.old_entries, **deployment.state.new_entries}:
        return
    _record_ancestors(deployment, planned.parent, plan)
    _record_new(deployment, replace(planned, outputs={}))


def _record_new(deployment: Deployment, entry: ResourceEntry) -> None:
    entry = stamped(replace(entry, dependencies=[], property_dependencies={}), None, Op.CREATE)
    deployment.executor.record(Step(Op.CREATE, entry.urn, entry.type, None, entry))


def _record_import(deployment: Deployment, managed: ManagedGoal) -> None:
    entry = replace(managed.imported(), import_id="")
    manager = deployment.state.manager_of(entry.type, entry.id)
    if manager:
        raise CheckError(f"{managed.goal.import_id!r} is managed already, as {manager}", where=managed.goal.urn)
    deployment.executor.record(Step(Op.IMPORT, entry.urn, entry.type, None, entry))


def _managed(deployment: Deployment, goal: Goal, provider_urn: str) -> ManagedGoal:
    if not provider_urn:
        return ManagedGoal(goal, *deployment.providers.for_goal(goal))
    entries = {**deployment.state.old_entries, **deployment.state.new_entries}
    reference = f"{provider_urn}::{entries[provider_urn].id}"
    user = ResourceEntry(goal.urn, goal.type, True, provider=reference)
    return ManagedGoal(goal, deployment.pool.for_entry(user, entries.values()), reference)


def provider_urn(entries: Iterable[ResourceEntry], package: str, name: str = "") -> str:
    """URN of the explicit provider that new resources of the package belong to, "" for the default one."""
    explicit = list(
        dict.fromkeys(
            entry.urn
            for entry in entries
            if entry.type == PROVIDER_PREFIX + package
            and not urn_name(entry.urn).startswith("default")
            and not entry.delete
        )
    )
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
