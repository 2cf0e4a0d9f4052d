"""What a program only looks at: existing resources (`.get`), functions, and resources that references name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from prefect_pulumi.core.errors import CheckError, PrefectPulumiError, ProviderError
from prefect_pulumi.core.provider_protocol import InvokeRequest, InvokeResult, Provider, ReadRequest
from prefect_pulumi.core.values import same, unwrap
from prefect_pulumi.engine.plan import planner
from prefect_pulumi.engine.plan.goals import Goal
from prefect_pulumi.engine.plan.steps import Op, Step
from prefect_pulumi.engine.run.provider_resources import UNKNOWN_ID, ProviderSteps
from prefect_pulumi.engine.run.run_state import Outcome, now
from prefect_pulumi.state.entries import ResourceEntry


class Reading(ProviderSteps):
    """The part of a run that changes nothing."""

    def read(self, goal: Goal, id: str) -> Outcome:
        """`ReadResource`: an external resource, read at every run, previews included."""
        self._check_running()
        with self._lock:
            if goal.urn in self._goals:
                raise self._fail(
                    CheckError("this URN is registered twice", where=goal.urn, remedy="rename one of them")
                )
            self._goals[goal.urn] = goal
            try:
                old = self._matching.find(goal, self._olds, self._goals)
            except CheckError as error:
                raise self._fail(error) from error
            if {*goal.needs, goal.parent} & (self._failed | self._skipped):
                self._failed.add(goal.urn)
                return Outcome(goal.urn, failed=True)
        try:
            with self._slots:
                provider, reference = self._provider_for(goal)
                entry = self._read_entry(goal, id, old, provider, reference)
        except PrefectPulumiError as error:
            self._record_error(goal.urn, error)
            return Outcome(goal.urn, failed=True)
        replaced = old is not None and old.custom and not old.external and old.id != entry.id
        if replaced and old is not None:
            self._leave_behind(old)
        moved = old is not None and not same(unwrap(old.outputs), unwrap(entry.outputs))
        op = Op.REPLACE if replaced else Op.READ if moved else Op.SAME
        self._finish(Step(op, goal.urn, goal.type, old, entry))
        return Outcome(goal.urn, "" if entry.id == UNKNOWN_ID else entry.id, entry.outputs)

    def _read_entry(
        self, goal: Goal, id: str, old: ResourceEntry | None, provider: Provider, reference: str
    ) -> ResourceEntry:
        entry = goal.entry(inputs=goal.inputs, outputs={}, id=id, provider=reference)
        entry = replace(entry, external=True, property_dependencies={}, import_id="")
        if id != UNKNOWN_ID:
            found = provider.read(ReadRequest(goal.urn, id, goal.inputs, goal.inputs))
            if not found.id:
                raise ProviderError(f"{id!r} does not exist", where=goal.urn)
            outputs = planner.seal(found.outputs, {}, goal.additional_secret_outputs)
            entry = replace(entry, id=found.id, outputs=outputs)
        if old is None:
            return entry
        moved = not same(unwrap(entry.outputs), unwrap(old.outputs)) or not same(
            unwrap(entry.inputs), unwrap(old.inputs)
        )
        return replace(entry, created=old.created, modified=now() if moved else old.modified)

    def invoke(self, token: str, args: dict[str, Any], request: Goal) -> InvokeResult:
        """`Invoke`: the function's result, or its failures. `request` carries provider, version and plugin."""
        self._check_running()
        provider, _ = self._provider_for(request)
        return provider.invoke(InvokeRequest(token, args))

    def look_up(self, urn: str) -> dict[str, Any]:
        """`pulumi:pulumi:getResource`: what a reference to a resource of this run stands for."""
        self._default_provider(Goal("", "pulumi:pulumi:getResource", "", True, {}))
        with self._lock:
            entry = self._news.get(urn)
        if entry is None:
            raise ProviderError("this run knows no such resource", where=urn)
        return {"urn": urn, "id": entry.id, "provider": entry.provider, "state": entry.outputs}
