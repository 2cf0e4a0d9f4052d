"""What is observed of a stack, by either engine: its state, its program as a preview, its server's lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from prefect_pulumi.core.diagnostics import Diagnostic
from prefect_pulumi.core.errors import PrefectPulumiError
from prefect_pulumi.core.masking import Masker, secret_parts
from prefect_pulumi.core.provider_protocol import DiffResult, ReadResult
from prefect_pulumi.engine.operations import Result
from prefect_pulumi.engine.plan.steps import PROVIDER_PREFIX, Op, Step
from prefect_pulumi.state.entries import ResourceEntry, Snapshot


@dataclass(frozen=True)
class Code:
    """What a program asks for: URN -> its step. `problem`: why it could not be run. `preview`: the steps as the
    embedded engine gave them."""

    steps: Mapping[str, Step] = field(default_factory=dict)
    problem: PrefectPulumiError | None = None
    preview: Result | None = None

    def inputs(self, urn: str) -> Mapping[str, Any] | None:
        step = self.steps.get(urn)
        return step.new.inputs if step is not None and step.new is not None and step.op is not Op.DELETE else None


@dataclass
class Live:
    """What the server said. `answers`, `rows`: by URN; `objects`: everything that the lists have.

    `diffs`, by URN: for resources of other packages, what their provider calls different between the live object and
    the applied inputs.
    """

    server: str = ""
    version: str = ""
    answers: dict[str, ReadResult | PrefectPulumiError] = field(default_factory=dict)
    diffs: dict[str, DiffResult] = field(default_factory=dict)
    rows: dict[str, Any] = field(default_factory=dict)
    objects: list[Any] = field(default_factory=list)
    failed: dict[str, PrefectPulumiError] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)

    @property
    def problems(self) -> list[PrefectPulumiError]:
        """Each failure once: what stops one list stops all that come after it."""
        return list({str(error): error for error in self.failed.values()}.values())


@dataclass
class Observation:
    """What code, state and server say of one stack.

    `owned`: id -> stack, of what all stacks of the backend own; `notes`: what a reader should know besides;
    `diagnostics`: what the checks say of files.
    """

    snapshot: Snapshot
    code: Code
    live: Live
    owned: dict[str, str]
    masker: Masker
    notes: list[str] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)


def managed(snapshot: Snapshot) -> list[ResourceEntry]:
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


def known_secrets(snapshot: Snapshot, code: Code) -> list[Any]:
    """Of the state, and of what the program asks for."""
    entries = [*snapshot.resources, *(step.new for step in code.steps.values() if step.new is not None)]
    return entry_secrets(entries)


def entry_secrets(entries: Sequence[ResourceEntry]) -> list[Any]:
    """What their inputs and outputs hold under a secret mark (`secret_parts`)."""
    return list(secret_parts([(entry.inputs, entry.outputs) for entry in entries], (entry.urn for entry in entries)))
