"""What a program only looks at: existing resources (`.get`), functions, and resources that references name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from prefect_pulumi.core.errors import ProviderError
from prefect_pulumi.core.provider_protocol import InvokeRequest, InvokeResult, Provider, ReadRequest
from prefect_pulumi.core.values import same, unwrap
from prefect_pulumi.engine.plan import planner
from prefect_pulumi.engine.plan.goals import Goal
from prefect_pulumi.engine.plan.steps import Op, PlannedStep, Step, Steps
from prefect_pulumi.engine.run.provider_resources import UNKNOWN_ID, ProviderResources
from prefect_pulumi.engine.run.run_state import RunState
from prefect_pulumi.engine.run.timestamps import now
from prefect_pulumi.state.entries import ResourceEntry


class Lookups:
    """The part of a run that changes nothing on a server."""

    def __init__(self, state: RunState, providers: ProviderResources) -> None:
        self.state = state
        self.providers = providers

    def steps(self, goal: Goal, id: str, old: ResourceEntry | None) -> Steps:
        """The step of an external resource, which is read at every run, previews included.

        Raises `ProviderError` when there is no object of that id.
        """
        provider, reference = self.providers.for_goal(goal)
        entry = _read(goal, id, old, provider, reference)
        replaced = old if old is not None and old.custom and not old.external and old.id != entry.id else None
        changed = old is not None and not same(unwrap(old.outputs), unwrap(entry.outputs))
        op = Op.REPLACE if replaced is not None else Op.READ if changed else Op.SAME
        yield PlannedStep(Step(op, goal.urn, goal.type, old, entry), replaced=replaced)

    def invoke(self, token: str, args: dict[str, Any], goal: Goal) -> InvokeResult:
        """The function's result, or its failures. `goal` says which provider, version and plugin serve it."""
        provider, _ = self.providers.for_goal(goal)
        return provider.invoke(InvokeRequest(token, args))

    def resource(self, urn: str) -> dict[str, Any]:
        """`pulumi:pulumi:getResource`: the resource of this run that a reference names."""
        self.providers.ensure_default(Goal("", "pulumi:pulumi:getResource", "", True, {}))
        entry = self.state.entry(urn)
        if entry is None:
            raise ProviderError("this run knows no such resource", where=urn)
        return {"urn": urn, "id": entry.id, "provider": entry.provider, "state": entry.outputs}


def _read(goal: Goal, id: str, old: ResourceEntry | None, provider: Provider, reference: str) -> ResourceEntry:
    entry = goal.entry(inputs=goal.inputs, outputs={}, id=id, provider=reference)
    entry = replace(entry, external=True, property_dependencies={}, import_id="")
    if id != UNKNOWN_ID:
        read = provider.read(ReadRequest(goal.urn, id, goal.inputs, goal.inputs))
        if not read.id:
            raise ProviderError(f"{id!r} does not exist", where=goal.urn)
        outputs = planner.seal(read.outputs, {}, goal.additional_secret_outputs)
        entry = replace(entry, id=read.id, outputs=outputs)
    if old is None:
        return entry
    changed = not same(unwrap(entry.outputs), unwrap(old.outputs)) or not same(unwrap(entry.inputs), unwrap(old.inputs))
    return replace(entry, created=old.created, modified=now() if changed else old.modified)
