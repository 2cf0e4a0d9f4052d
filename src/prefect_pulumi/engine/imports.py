"""Import: existing objects are read and taken into the state, all of them or none."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from prefect_pulumi.core.errors import CheckError
from prefect_pulumi.engine.operations import Result, StackContext, make_deployment, open_providers, save, updating
from prefect_pulumi.engine.plan.steps import PROVIDER_PREFIX, summarize
from prefect_pulumi.engine.run.run_state import Options
from prefect_pulumi.state.entries import Snapshot, urn_name


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """`id` is whatever the provider's Read takes: the object's id or a name."""

    type: str
    name: str
    id: str


def import_resources(context: StackContext, requests: Sequence[ImportRequest], provider: str = "") -> Result:
    """Reads each object and writes the state once all were found. `provider` names a provider of the stack by its
    resource name; left out, the only explicit one, else the default provider."""
    began, start = time.monotonic(), int(time.time())
    with updating(context) as update, open_providers(context) as providers:
        snapshot, journal = update.snapshot, update.journal
        deployment = make_deployment(context, snapshot, providers, Options(), journal)
        packages = {request.type.split(":", 1)[0] for request in requests}
        chosen = {package: provider_urn(snapshot, package, provider) for package in packages}
        try:
            for request in requests:
                package = request.type.split(":", 1)[0]
                deployment.adopt(request.type, request.name, request.id, chosen[package])
        except BaseException:
            journal.clear()  # it holds only what was to be read into the state
            raise
        save(context, deployment, journal, "resource-import", start)
    return Result(tuple(deployment.steps), deployment.stack_outputs, summarize(deployment.steps), _since(began))


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
        found = [urn for urn in explicit if urn_name(urn) == name]
        if not found:
            known = ", ".join(urn_name(urn) for urn in explicit) or "none"
            raise CheckError(f"the stack has no provider named {name!r}", where="--provider", remedy=f"it has: {known}")
        return found[0]
    if len(explicit) > 1:
        names = ", ".join(urn_name(urn) for urn in explicit)
        raise CheckError("the stack has several providers", where="--provider", remedy=f"name one of: {names}")
    return explicit[0] if explicit else ""


def _since(began: float) -> float:
    return time.monotonic() - began
