"""One object of the server under the calls of an engine, step by step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest

from prefect_pulumi.core.errors import ProviderError
from prefect_pulumi.core.provider_protocol import (
    Changes,
    CheckRequest,
    CreateRequest,
    DeleteRequest,
    DiffKind,
    DiffRequest,
    DiffResult,
    ReadRequest,
    RecoverRequest,
    UpdateRequest,
)
from prefect_pulumi.core.values import UNKNOWN, Secret, same
from prefect_pulumi.models import KINDS
from prefect_pulumi.provider.provider import PrefectProvider

MADE: dict[str, str] = {}
"""Ids of what the cases refer to, put in by the fixture."""


@dataclass(frozen=True)
class Case:
    """`good` is made, then changed to `changed` with these detailed paths; `replacing` must replace on `path`.

    `human` is the id by which it is imported; "" when only the UUID will do.
    """

    kind: str
    good: Mapping[str, Any]
    bad: Mapping[str, Any]
    bad_property: str
    changed: Mapping[str, Any] = field(default_factory=dict)
    details: Mapping[str, DiffKind] = field(default_factory=dict)
    replacing: Mapping[str, Any] = field(default_factory=dict)
    replaces: tuple[str, ...] = ()
    human: str = "{name}"
    secret: str = ""
    unique: bool = True
    stays: bool = False
    """Whether a deletion leaves it on the server."""
    apart: frozenset[str] = frozenset()
    """Fields whose drift by itself has no meaning here; tests of their own show it."""


REFERRED: dict[str, dict[str, Any]] = {
    "WorkPool": {"name": "lifecycle", "type": "process"},
    "BlockType": {"name": "Lifecycle", "slug": "lifecycle"},
    "BlockSchema": {"blockTypeSlug": "lifecycle", "fields": {"title": "Lifecycle", "type": "object"}},
    "Flow": {"name": "lifecycle"},
    "Deployment": {"name": "lifecycle", "flowName": "lifecycle", "workPoolName": "lifecycle"},
}


@contextmanager
def referred(provider: PrefectProvider) -> Iterator[None]:
    """What the cases refer to is on the server."""
    made = []
    for kind, inputs in REFERRED.items():
        result = provider.create(CreateRequest(urn(kind), inputs))
        MADE[kind] = result.id
        made.append((urn(kind), result.id, inputs, result.outputs))
    yield
    for name, id, inputs, outputs in reversed(made):
        provider.delete(DeleteRequest(name, id, inputs, outputs))


def urn(kind: str, name: str = "thing") -> str:
    return f"urn:pulumi:dev::project::prefect:index:{kind}::{name}"


def numbered(value: Any, number: str) -> Any:
    if isinstance(value, str):
        return value.replace("{n}", number).replace("{deployment}", MADE.get("Deployment", "unset"))
    if isinstance(value, Mapping):
        return {key: numbered(item, number) for key, item in value.items()}
    if isinstance(value, list):
        return [numbered(item, number) for item in value]
    return value


@dataclass
class Life:
    """One object of the server under the calls of an engine."""

    provider: PrefectProvider
    case: Case
    number: str
    id: str = ""
    inputs: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)

    @property
    def urn(self) -> str:
        return urn(self.case.kind)

    @property
    def is_dated(self) -> bool:
        """Whether the API says when one was made."""
        return KINDS[f"prefect:index:{self.case.kind}"].field("created") is not None

    def numbered(self, inputs: Mapping[str, Any]) -> Any:
        return numbered(inputs, self.number)

    def diff(self, inputs: Any, **old: Any) -> DiffResult:
        """Of new inputs against the object, or against `old_inputs` and `old_outputs`."""
        known = {"old_inputs": self.inputs, "old_outputs": self.outputs, **old}
        return self.provider.diff(DiffRequest(self.urn, self.id, new_inputs=inputs, **known))

    def is_created(self) -> None:
        planned = self.provider.create(CreateRequest(self.urn, self.inputs, preview=True))
        assert planned.id == ""
        assert (planned.outputs.get("created") is UNKNOWN) is self.is_dated
        created = self.provider.create(CreateRequest(self.urn, self.inputs))
        self.id, self.outputs = created.id, created.outputs
        assert self.id
        assert {key: self.outputs.get(key) for key in self.inputs} == self.inputs
        assert set(self.outputs) >= {*(["created"] if self.is_dated else []), *self.inputs}
        if self.case.secret:
            assert isinstance(self.outputs[self.case.secret], Secret)
        assert self.diff(self.inputs).changes is Changes.NONE

    def is_read(self) -> None:
        read = self.provider.read(ReadRequest(self.urn, self.id, self.inputs, self.outputs))
        assert (read.id, read.inputs, read.outputs) == (self.id, self.inputs, self.outputs)
        assert self.provider.read(ReadRequest(self.urn, self.id)).outputs == self.outputs

    def is_found_by_its_name(self, name: str) -> None:
        """By an import, by a second create, which is refused, and by the recovery of a create without an answer."""
        if self.case.unique:
            with pytest.raises(ProviderError, match="exists already") as conflict:
                self.provider.create(CreateRequest(self.urn, self.inputs))
            assert f"import prefect:index:{self.case.kind} thing {name}" in str(conflict.value)
            assert f"infra import {self.case.kind} {name}" in str(conflict.value)
        imported = self.provider.read(ReadRequest(self.urn, name))
        assert (imported.id, imported.outputs) == (self.id, self.outputs)
        same_inputs = self.diff(self.inputs, old_inputs=imported.inputs, old_outputs=imported.outputs)
        assert same_inputs.changes is Changes.NONE
        if not self.is_dated:  # nothing tells a new one from an old one
            return
        assert self.provider.recover(RecoverRequest(self.urn, self.inputs, 0.0)) is not None
        assert self.provider.recover(RecoverRequest(self.urn, self.inputs, 9e9)) is None

    def would_be_replaced(self) -> None:
        other = self.numbered(self.case.replacing)
        checked = self.provider.check(CheckRequest(self.urn, old_inputs=self.inputs, new_inputs=other))
        diff = self.diff(checked.inputs)
        assert set(self.case.replaces) <= set(diff.replaces)
        # Schemas alone are told apart by their content, not by a unique name.
        assert diff.delete_before_replace is (self.case.kind != "BlockSchema")

    def is_updated(self) -> None:
        changed = self.numbered(self.case.changed)
        current = self.provider.check(CheckRequest(self.urn, old_inputs=self.inputs, new_inputs=changed)).inputs
        diff = self.diff(current)
        assert diff.changes is Changes.SOME
        assert dict(diff.detailed) == dict(self.case.details)
        assert not diff.replaces
        request = UpdateRequest(self.urn, self.id, old_inputs=self.inputs, old_outputs=self.outputs, new_inputs=current)
        before, self.outputs = (self.inputs, self.outputs), self.provider.update(request)
        self.inputs = current
        assert self.diff(current).changes is Changes.NONE
        fresh = self.provider.read(ReadRequest(self.urn, self.id, current, self.outputs))
        assert fresh.outputs == self.outputs
        assert self.diff(current, old_outputs=fresh.outputs).changes is Changes.NONE
        for key in before[1]:
            if key in before[0] and key not in current:
                spec = KINDS[f"prefect:index:{self.case.kind}"].field(key)
                assert spec is not None
                assert key not in self.outputs or same(self.outputs[key], spec.meta.removed or spec.default)

    def is_deleted(self) -> None:
        """A second time, too."""
        gone = DeleteRequest(self.urn, self.id, self.inputs, self.outputs)
        self.provider.delete(gone)
        left = self.provider.read(ReadRequest(self.urn, self.id, self.inputs, self.outputs)).id
        assert left == (self.id if self.case.stays else "")
        self.provider.delete(gone)


def lives(provider: PrefectProvider, case: Case) -> None:
    """A whole life: checked, created, read, found by its name, replaced in a plan, updated, deleted, and gone."""
    life = Life(provider, case, uuid4().hex[:8])
    good = life.numbered(case.good)
    checked = provider.check(CheckRequest(life.urn, new_inputs=good))
    assert checked.failures == ()
    life.inputs = checked.inputs
    assert same(life.inputs, good)
    life.is_created()
    life.is_read()
    if case.human:
        life.is_found_by_its_name(case.human.format_map(good))
    first = life.inputs
    if case.replacing:
        life.would_be_replaced()
    if case.changed:
        life.is_updated()
    life.is_deleted()
    if case.changed and not case.stays:
        request = UpdateRequest(life.urn, life.id, old_inputs=life.inputs, old_outputs=life.outputs, new_inputs=first)
        with pytest.raises(ProviderError, match="refresh"):
            provider.update(request)
