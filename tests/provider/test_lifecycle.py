"""Every kind that lives on the server passes the same table of lifecycle steps, on a real server."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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
from prefect_pulumi.core.values import UNKNOWN, Secret, has_secret, same, unwrap
from prefect_pulumi.models import KINDS
from prefect_pulumi.provider.handlers.blocks import JSON_FIELDS
from prefect_pulumi.provider.provider import PrefectProvider

COMMAND = {"command": {"type": "string"}}
TEMPLATE = {"job_configuration": {"command": "{{ command }}"}, "variables": {"type": "object", "properties": COMMAND}}
OTHER_TEMPLATE = {
    **TEMPLATE,
    "variables": {"type": "object", "properties": {**COMMAND, "image": {"type": "string"}}},
}


SCHEMA = {"type": "object", "properties": {"day": {"type": "string"}, "sizes": {"type": "array"}}}
MADE: dict[str, str] = {}
"""Ids of what the cases refer to, put in by the fixture."""


class Host:
    def __init__(self) -> None:
        self.lines: list[tuple[str, str, str]] = []

    def log(self, severity: str, message: str, urn: str = "") -> None:
        self.lines.append((severity, message, urn))


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
    apart: frozenset[str] = frozenset()
    """Fields whose drift by itself has no meaning here; tests of their own show it."""


CASES = [
    Case(
        "WorkPool",
        good={"name": "pool-{n}", "type": "process", "description": "first", "concurrencyLimit": 3},
        bad={"name": "a/b", "type": "process"},
        bad_property="name",
        changed={"name": "pool-{n}", "type": "process", "paused": True, "baseJobTemplate": TEMPLATE},
        details={
            "description": DiffKind.DELETE,
            "concurrencyLimit": DiffKind.DELETE,
            "paused": DiffKind.UPDATE,
            "baseJobTemplate.job_configuration": DiffKind.ADD,
            "baseJobTemplate.variables": DiffKind.ADD,
        },
        apart=frozenset({"baseJobTemplate"}),
        replacing={"name": "pool-{n}", "type": "docker"},
        replaces=("type",),
    ),
    Case(
        "WorkQueue",
        good={"name": "queue-{n}", "workPoolName": "lifecycle", "priority": 2, "concurrencyLimit": 1},
        bad={"name": "q", "workPoolName": "lifecycle", "priority": 0},
        bad_property="priority",
        changed={"name": "queue-{n}", "workPoolName": "lifecycle", "priority": 1, "description": "now"},
        details={
            "priority": DiffKind.UPDATE,
            "concurrencyLimit": DiffKind.DELETE,
            "description": DiffKind.ADD,
        },
        replacing={"name": "queue-{n}", "workPoolName": "another"},
        replaces=("workPoolName",),
        human="lifecycle/{name}",
    ),
    Case(
        "Variable",
        good={"name": "variable_{n}", "value": {"a": 1, "b": [1, 2], "workPoolName": None}, "tags": ["x"]},
        bad={"name": "Upper", "value": 1},
        bad_property="name",
        changed={"name": "variable_{n}", "value": {"a": 1, "b": [1, 3], "c": 1.5}},
        details={
            "value.b[1]": DiffKind.UPDATE,
            "value.c": DiffKind.ADD,
            "value.workPoolName": DiffKind.DELETE,
            "tags": DiffKind.UPDATE,
        },
    ),
    Case(
        "GlobalConcurrencyLimit",
        good={"name": "limit-{n}", "limit": 5},
        bad={"name": "limit", "limit": -1},
        bad_property="limit",
        changed={"name": "renamed-{n}", "limit": 5, "active": False, "slotDecayPerSecond": 0.5},
        details={"name": DiffKind.UPDATE, "active": DiffKind.UPDATE, "slotDecayPerSecond": DiffKind.UPDATE},
    ),
    Case(
        "BlockType",
        good={"name": "Type {n}", "slug": "type-{n}", "description": "d"},
        bad={"name": "Prefect thing", "slug": "thing"},
        bad_property="name",
        changed={"name": "Type {n}", "slug": "type-{n}", "codeExample": "x = 1"},
        details={"description": DiffKind.DELETE, "codeExample": DiffKind.ADD},
        replacing={"name": "Type {n}", "slug": "other-{n}"},
        replaces=("slug",),
        human="{slug}",
    ),
    Case(
        "BlockSchema",
        good={"blockTypeSlug": "lifecycle", "fields": {"title": "T{n}", "type": "object"}, "capabilities": ["run"]},
        bad={"blockTypeSlug": "lifecycle", "fields": "none"},
        bad_property="fields",
        replacing={"blockTypeSlug": "lifecycle", "fields": {"title": "T{n}"}, "capabilities": ["run"]},
        replaces=("fields",),
        human="",
    ),
    Case(
        "BlockDocument",
        good={"name": "document-{n}", "blockTypeSlug": "lifecycle", "data": {"host": "a", "port": 1}},
        bad={"name": "Not Good", "blockTypeSlug": "lifecycle", "data": {}},
        bad_property="name",
        changed={"name": "document-{n}", "blockTypeSlug": "lifecycle", "data": {"host": "b"}},
        details={"data.host": DiffKind.UPDATE, "data.port": DiffKind.DELETE},
        replacing={"name": "document-{n}", "blockTypeSlug": "other", "data": {"host": "a", "port": 1}},
        replaces=("blockTypeSlug",),
        human="lifecycle/{name}",
        secret="data",
    ),
    Case(
        "SecretBlock",
        good={"name": "secret-{n}", "value": Secret("first")},
        bad={"name": "a_b", "value": "x"},
        bad_property="name",
        changed={"name": "secret-{n}", "value": Secret({"user": "u"})},
        details={"value": DiffKind.UPDATE},
        replacing={"name": "other-{n}", "value": Secret("first")},
        replaces=("name",),
        secret="value",
    ),
    Case(
        "JsonBlock",
        good={"name": "json-{n}", "value": {"retries": 3, "deep": {"a": [1]}}},
        bad={"name": "json", "value": float("nan")},
        bad_property="value",
        changed={"name": "json-{n}", "value": {"retries": 4, "deep": {"a": [1]}}},
        details={"value.retries": DiffKind.UPDATE},
        replacing={"name": "other-{n}", "value": {"retries": 3, "deep": {"a": [1]}}},
        replaces=("name",),
    ),
    Case(
        "TaskRunConcurrencyLimit",
        good={"tag": "tag-{n}", "limit": 5},
        bad={"tag": "tag", "limit": -1},
        bad_property="limit",
        changed={"tag": "tag-{n}", "limit": 0},
        details={"limit": DiffKind.UPDATE},
        replacing={"tag": "other-{n}", "limit": 5},
        replaces=("tag",),
        human="{tag}",
    ),
    Case(
        "Flow",
        good={"name": "flow-{n}", "tags": ["a", "b"], "labels": {"team": "data", "tier": 1}},
        bad={"name": "flow", "labels": {"team": ["data"]}},
        bad_property="labels.team",
        changed={"name": "flow-{n}", "tags": ["a"], "labels": {"team": "data", "tier": 1}},
        details={"tags": DiffKind.UPDATE},
        replacing={"name": "other-{n}", "tags": ["a", "b"]},
        replaces=("name",),
    ),
    Case(
        "Deployment",
        good={
            "name": "deployment-{n}",
            "flowName": "lifecycle",
            "description": "first",
            "version": "1",
            "tags": ["x"],
            "labels": {"team": "data"},
            "entrypoint": "flows/a.py:a",
            "path": ".",
            "pullSteps": [{"prefect.deployments.steps.set_working_directory": {"directory": "/srv"}}],
            "parameters": {"day": "today", "sizes": [1, 2]},
            "parameterOpenapiSchema": SCHEMA,
            "workPoolName": "lifecycle",
            "workQueueName": "lifecycle-queue",
            "jobVariables": {"env": {"A": "1"}},
            "concurrencyLimit": 3,
            "collisionStrategy": "CANCEL_NEW",
            "gracePeriodSeconds": 120,
        },
        bad={"name": "d", "flowName": "f", "collisionStrategy": "QUEUE"},
        bad_property="collisionStrategy",
        changed={
            "name": "deployment-{n}",
            "flowName": "lifecycle",
            "version": "2",
            "labels": {"team": "data"},
            "paused": True,
            "entrypoint": "flows/b.py:b",
            "pullSteps": [],
            "parameters": {"sizes": [1, 3]},
            "enforceParameterSchema": False,
            "workPoolName": "lifecycle",
            "collisionStrategy": "ENQUEUE",
        },
        details={
            "description": DiffKind.DELETE,
            "version": DiffKind.UPDATE,
            "tags": DiffKind.UPDATE,
            "paused": DiffKind.UPDATE,
            "entrypoint": DiffKind.UPDATE,
            "path": DiffKind.DELETE,
            "pullSteps": DiffKind.UPDATE,
            "parameterOpenapiSchema.properties.day": DiffKind.DELETE,
            "parameterOpenapiSchema.properties.sizes": DiffKind.DELETE,
            "parameters.day": DiffKind.DELETE,
            "parameters.sizes[1]": DiffKind.UPDATE,
            "enforceParameterSchema": DiffKind.UPDATE,
            "workQueueName": DiffKind.UPDATE,
            "jobVariables.env": DiffKind.DELETE,
            "concurrencyLimit": DiffKind.DELETE,
            "collisionStrategy": DiffKind.UPDATE,
            "gracePeriodSeconds": DiffKind.DELETE,
        },
        apart=frozenset({"workPoolName", "collisionStrategy"}),
        replacing={"name": "deployment-{n}", "flowName": "another"},
        replaces=("flowName",),
        human="{flowName}/{name}",
    ),
    Case(
        "DeploymentSchedule",
        good={
            "deploymentId": "{deployment}",
            "cron": "0 6 * * *",
            "timezone": "Europe/Berlin",
            "dayOr": False,
            "active": False,
            "maxScheduledRuns": 4,
            "parameters": {"day": "today"},
            "slug": "slug-{n}",
        },
        bad={"deploymentId": "d", "cron": "every day"},
        bad_property="cron",
        changed={
            "deploymentId": "{deployment}",
            "interval": 3600.0,
            "anchorDate": "2026-01-01T06:00:00+00:00",
            "maxScheduledRuns": 4,
            "slug": "slug-{n}",
        },
        details={
            "cron": DiffKind.DELETE,
            "interval": DiffKind.ADD,
            "timezone": DiffKind.DELETE,
            "anchorDate": DiffKind.ADD,
            "dayOr": DiffKind.UPDATE,
            "active": DiffKind.UPDATE,
            "parameters.day": DiffKind.DELETE,
        },
        apart=frozenset({"cron", "interval", "anchorDate"}),
        replacing={"deploymentId": "{deployment}", "cron": "0 6 * * *"},
        replaces=("slug", "maxScheduledRuns"),
        human="lifecycle/lifecycle/{slug}",
    ),
    Case(
        "Automation",
        good={
            "name": "automation-{n}",
            "description": "first",
            "tags": ["x"],
            "trigger": {
                "type": "compound",
                "require": "all",
                "within": 60,
                "triggers": [
                    {"type": "event", "posture": "Reactive", "expect": ["a", "b"], "match": {"k": "v"}},
                    {"type": "event", "posture": "Proactive", "expect": ["c"], "within": 30, "for_each": ["k"]},
                ],
            },
            "actions": [{"type": "run-deployment", "deployment_id": "{deployment}", "parameters": {"day": "x"}}],
            "actionsOnTrigger": [{"type": "cancel-flow-run"}],
            "actionsOnResolve": [{"type": "do-nothing"}],
        },
        bad={"name": "a", "trigger": {"type": "event", "posture": "Late"}, "actions": []},
        bad_property="trigger",
        changed={
            "name": "renamed-{n}",
            "enabled": False,
            "trigger": {
                "type": "sequence",
                "triggers": [{"type": "event", "posture": "Reactive", "match_related": [{"r": ["1", "2"]}]}],
            },
            "actions": [{"type": "pause-deployment", "source": "inferred"}],
        },
        details={
            "name": DiffKind.UPDATE,
            "description": DiffKind.UPDATE,
            "enabled": DiffKind.UPDATE,
            "tags": DiffKind.UPDATE,
            "trigger.type": DiffKind.UPDATE,
            "trigger.require": DiffKind.DELETE,
            "trigger.within": DiffKind.DELETE,
            "trigger.triggers": DiffKind.UPDATE,
            "actions[0].type": DiffKind.UPDATE,
            "actions[0].deployment_id": DiffKind.DELETE,
            "actions[0].parameters": DiffKind.DELETE,
            "actions[0].source": DiffKind.ADD,
            "actionsOnTrigger": DiffKind.UPDATE,
            "actionsOnResolve": DiffKind.UPDATE,
        },
        unique=False,
    ),
]
IDS = [case.kind for case in CASES]


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


@pytest.fixture(scope="module")
def provider(prefect_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrefectProvider]:
    provider = PrefectProvider(tmp_path_factory.mktemp("root"), Host())
    provider.configure({"apiUrl": prefect_server})
    made = []
    for kind, inputs in {
        "WorkPool": {"name": "lifecycle", "type": "process"},
        "BlockType": {"name": "Lifecycle", "slug": "lifecycle"},
        "BlockSchema": {"blockTypeSlug": "lifecycle", "fields": {"title": "Lifecycle", "type": "object"}},
        "Flow": {"name": "lifecycle"},
        "Deployment": {"name": "lifecycle", "flowName": "lifecycle", "workPoolName": "lifecycle"},
    }.items():
        result = provider.create(CreateRequest(urn(kind), inputs))
        MADE[kind] = result.id
        made.append((urn(kind), result.id, inputs, result.outputs))
    yield provider
    for name, id, inputs, outputs in reversed(made):
        provider.delete(DeleteRequest(name, id, inputs, outputs))
    provider.close()


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

    def numbered(self, inputs: Mapping[str, Any]) -> Any:
        return numbered(inputs, self.number)

    def diff(self, inputs: Any, **old: Any) -> DiffResult:
        """Of new inputs against the object, or against `old_inputs` and `old_outputs`."""
        known = {"old_inputs": self.inputs, "old_outputs": self.outputs, **old}
        return self.provider.diff(DiffRequest(self.urn, self.id, new_inputs=inputs, **known))

    def is_created(self) -> None:
        planned = self.provider.create(CreateRequest(self.urn, self.inputs, preview=True))
        assert planned.id == ""
        assert planned.outputs["created"] is UNKNOWN
        created = self.provider.create(CreateRequest(self.urn, self.inputs))
        self.id, self.outputs = created.id, created.outputs
        assert self.id
        assert {key: self.outputs.get(key) for key in self.inputs} == self.inputs
        assert set(self.outputs) >= {"created", *self.inputs}
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
        assert self.provider.read(ReadRequest(self.urn, self.id, self.inputs, self.outputs)).id == ""
        self.provider.delete(gone)


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_whole_life(provider: PrefectProvider, case: Case) -> None:
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
    if case.changed:
        request = UpdateRequest(life.urn, life.id, old_inputs=life.inputs, old_outputs=life.outputs, new_inputs=first)
        with pytest.raises(ProviderError, match="refresh"):
            provider.update(request)


@pytest.mark.parametrize("case", [case for case in CASES if case.changed], ids=lambda case: case.kind)
def test_drift_of_each_field_is_seen_and_healed(provider: PrefectProvider, case: Case) -> None:
    """Each mutable field by itself, changed through the API by somebody else."""
    number = uuid4().hex[:8]
    name, good, changed = urn(case.kind), numbered(case.good, number), numbered(case.changed, number)
    model = KINDS[f"prefect:index:{case.kind}"]
    made = provider.create(CreateRequest(name, good))
    outputs, seen = made.outputs, set()
    for wire in sorted({*good, *changed}):
        other = {key: value for key, value in good.items() if key != wire}
        other |= {wire: changed[wire]} if wire in changed else {}
        if wire in case.apart or same(other, good):
            continue
        assert model.check(unwrap(other)) == []
        elsewhere = provider.update(
            UpdateRequest(name, made.id, old_inputs=good, old_outputs=outputs, new_inputs=other)
        )
        if same(elsewhere.get(wire), outputs.get(wire)):
            continue  # left out, the server keeps its own
        drifted = provider.read(ReadRequest(name, made.id, good, outputs))
        found = provider.diff(
            DiffRequest(name, made.id, old_inputs=drifted.inputs, old_outputs=drifted.outputs, new_inputs=good)
        )
        assert {re.split(r"[.\[]", path)[0] for path in found.detailed} == {wire}
        outputs = provider.update(
            UpdateRequest(name, made.id, old_inputs=good, old_outputs=drifted.outputs, new_inputs=good)
        )
        assert (
            provider.diff(DiffRequest(name, made.id, old_inputs=good, old_outputs=outputs, new_inputs=good)).changes
            is Changes.NONE
        )
        seen.add(wire)
    assert seen >= {path for path in case.details if not re.search(r"[.\[]", path)} - case.apart
    provider.delete(DeleteRequest(name, made.id, good, outputs))


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_bad_input_is_refused_on_its_property(provider: PrefectProvider, case: Case) -> None:
    failures = provider.check(CheckRequest(urn(case.kind), new_inputs=case.bad)).failures
    assert [failure.property for failure in failures] == [case.bad_property]
    unknown = dict.fromkeys(case.good, UNKNOWN)
    assert provider.check(CheckRequest(urn(case.kind), new_inputs=unknown)).failures == ()


@pytest.mark.parametrize("case", [case for case in CASES if "name" in case.good], ids=lambda case: case.kind)
def test_name_left_out_is_the_logical_name(provider: PrefectProvider, case: Case) -> None:
    inputs = {key: value for key, value in case.good.items() if key != "name"}
    checked = provider.check(CheckRequest(urn(case.kind, "logical-name"), new_inputs=numbered(inputs, "1")))
    assert checked.inputs["name"] == "logical-name"
    assert checked.failures == ()


def test_change_outside_is_seen_after_a_refresh_and_healed(provider: PrefectProvider) -> None:
    name, inputs = urn("WorkPool"), {"name": f"drift-{uuid4().hex[:8]}", "type": "process"}
    made = provider.create(CreateRequest(name, inputs))
    route = f"/work_pools/{inputs['name']}"
    provider.connection.client().request("PATCH", route, json={"description": "from the UI", "is_paused": True})
    provider.connection.client().request("PATCH", route, json={"base_job_template": TEMPLATE})
    read = provider.read(ReadRequest(name, made.id, inputs, made.outputs))
    assert read.inputs == inputs
    found = provider.diff(
        DiffRequest(name, made.id, old_inputs=read.inputs, old_outputs=read.outputs, new_inputs=inputs)
    )
    assert dict(found.detailed) == {"description": DiffKind.DELETE, "paused": DiffKind.UPDATE}
    ignored = provider.diff(
        DiffRequest(
            name,
            made.id,
            old_inputs=read.inputs,
            old_outputs=read.outputs,
            new_inputs=inputs,
            ignore_changes=["description", "paused"],
        )
    )
    assert ignored.changes is Changes.NONE
    healed = provider.update(
        UpdateRequest(
            name, made.id, old_inputs=inputs, old_outputs=read.outputs, new_inputs=inputs, ignore_changes=["paused"]
        )
    )
    assert "description" not in healed
    assert healed["paused"] is True
    assert healed["baseJobTemplate"] == TEMPLATE
    provider.delete(DeleteRequest(name, made.id, inputs, healed))


def test_template_taken_out_of_the_program_is_cleared(provider: PrefectProvider) -> None:
    name = urn("WorkPool")
    plain = {"name": f"template-{uuid4().hex[:8]}", "type": "process"}
    inputs = {**plain, "baseJobTemplate": TEMPLATE}
    made = provider.create(CreateRequest(name, inputs))
    nested = provider.diff(
        DiffRequest(
            name,
            made.id,
            old_inputs=inputs,
            old_outputs=made.outputs,
            new_inputs={**plain, "baseJobTemplate": OTHER_TEMPLATE},
        )
    )
    assert dict(nested.detailed) == {"baseJobTemplate.variables.properties.image": DiffKind.ADD}
    assert (
        provider.diff(DiffRequest(name, made.id, old_inputs=inputs, old_outputs=made.outputs, new_inputs=plain)).changes
        is Changes.SOME
    )
    outputs = provider.update(
        UpdateRequest(name, made.id, old_inputs=inputs, old_outputs=made.outputs, new_inputs=plain)
    )
    assert outputs["baseJobTemplate"] == {}
    provider.delete(DeleteRequest(name, made.id, plain, outputs))


def test_secret_given_to_a_plain_field_stays_secret(provider: PrefectProvider) -> None:
    name, inputs = urn("Variable"), {"name": f"hidden_{uuid4().hex[:8]}", "value": {"token": Secret("s3cret")}}
    made = provider.create(CreateRequest(name, inputs))
    assert has_secret(made.outputs["value"])
    assert unwrap(made.outputs["value"]) == {"token": "s3cret"}
    read = provider.read(ReadRequest(name, made.id, inputs, made.outputs))
    assert has_secret(read.inputs["value"])
    assert has_secret(read.outputs["value"])
    assert "s3cret" not in repr((made, read))
    provider.delete(DeleteRequest(name, made.id, inputs, made.outputs))


numbers = st.one_of(st.integers(-(2**53), 2**53), st.floats(-1e15, 1e15, allow_nan=False))
# PostgreSQL and SQLite hold no NUL and no lone surrogate.
texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=12)
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=12,
)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(value=json_values)
def test_any_json_value_survives_the_server(provider: PrefectProvider, value: Any) -> None:
    """Ints stay ints, true is not 1, empty is not missing."""
    name, inputs = urn("JsonBlock"), {"name": f"survivor-{uuid4().hex[:8]}", "value": {"it": value}}
    made = provider.create(CreateRequest(name, inputs))
    read = provider.read(ReadRequest(name, made.id, inputs, made.outputs))
    assert json.dumps(read.outputs["value"], sort_keys=True) == json.dumps({"it": value}, sort_keys=True)
    assert (
        provider.diff(
            DiffRequest(name, made.id, old_inputs=inputs, old_outputs=read.outputs, new_inputs=inputs)
        ).changes
        is Changes.NONE
    )
    provider.delete(DeleteRequest(name, made.id, inputs, made.outputs))


def test_block_may_refer_to_another(provider: PrefectProvider) -> None:
    number = uuid4().hex[:8]
    name = urn("BlockDocument")
    target = {"name": f"target-{number}", "blockTypeSlug": "lifecycle", "data": {"a": 1}}
    made = provider.create(CreateRequest(name, target))
    inputs = {
        "name": f"user-{number}",
        "blockTypeSlug": "lifecycle",
        "data": {"other": {"$ref": {"block_document_id": made.id}}, "x": 1},
    }
    user = provider.create(CreateRequest(name, inputs))
    read = provider.read(ReadRequest(name, user.id, inputs, user.outputs))
    assert same(read.outputs["data"], inputs["data"])
    assert (
        provider.diff(
            DiffRequest(name, user.id, old_inputs=inputs, old_outputs=read.outputs, new_inputs=inputs)
        ).changes
        is Changes.NONE
    )
    provider.delete(DeleteRequest(name, user.id, inputs, user.outputs))
    provider.delete(DeleteRequest(name, made.id, target, made.outputs))


def test_block_type_in_use_is_not_deleted(provider: PrefectProvider) -> None:
    number = uuid4().hex[:8]
    kinds = {
        "BlockType": {"name": f"Used {number}", "slug": f"used-{number}"},
        "BlockSchema": {"blockTypeSlug": f"used-{number}", "fields": {"title": number, "type": "object"}},
        "BlockDocument": {"name": "user", "blockTypeSlug": f"used-{number}", "data": {}},
    }
    made = {kind: provider.create(CreateRequest(urn(kind), inputs)) for kind, inputs in kinds.items()}
    for kind in ("BlockType", "BlockSchema"):
        with pytest.raises(ProviderError, match=f"used-{number}/user"):
            provider.delete(DeleteRequest(urn(kind), made[kind].id, kinds[kind], made[kind].outputs))
    for kind in reversed(kinds):
        provider.delete(DeleteRequest(urn(kind), made[kind].id, kinds[kind], made[kind].outputs))


def test_missing_parents_are_named(provider: PrefectProvider) -> None:
    with pytest.raises(ProviderError, match="work pool 'nowhere' does not exist"):
        provider.create(CreateRequest(urn("WorkQueue"), {"name": "q", "workPoolName": "nowhere"}))
    inputs = {"name": "d", "blockTypeSlug": "nothing", "data": {}}
    with pytest.raises(ProviderError, match="block type 'nothing' does not exist"):
        provider.create(CreateRequest(urn("BlockDocument"), inputs))


def test_import_of_what_is_not_there(provider: PrefectProvider) -> None:
    for case in CASES:
        assert provider.read(ReadRequest(urn(case.kind), str(uuid4()))).id == ""
        if case.human:
            missing = "/".join(["missing"] * (case.human.count("/") + 1))
            assert provider.read(ReadRequest(urn(case.kind), missing)).id == ""
    with pytest.raises(ProviderError, match="pool/queue"):
        provider.read(ReadRequest(urn("WorkQueue"), "only-a-queue"))


@pytest.mark.parametrize("order", [(1, 2, 3), (2, 3, 1), (3, 2, 1), (3, 1, 2)])
def test_declared_priorities_hold_in_any_order(provider: PrefectProvider, order: tuple[int, ...]) -> None:
    pool = {"name": f"order-{uuid4().hex[:8]}", "type": "process"}
    made = provider.create(CreateRequest(urn("WorkPool"), pool))
    queues = []
    for priority in order:
        inputs = {"name": f"q{priority}", "workPoolName": pool["name"], "priority": priority}
        queues.append((inputs, provider.create(CreateRequest(urn("WorkQueue"), inputs))))
    for inputs, queue in queues:
        assert provider.read(ReadRequest(urn("WorkQueue"), queue.id, inputs, queue.outputs)).outputs == queue.outputs
    default = provider.read(ReadRequest(urn("WorkQueue"), f"{pool['name']}/default"))
    provider.delete(DeleteRequest(urn("WorkQueue"), default.id, default.inputs, default.outputs))
    assert provider.read(ReadRequest(urn("WorkQueue"), default.id)).id == default.id
    provider.delete(DeleteRequest(urn("WorkPool"), made.id, pool, made.outputs))


def test_json_block_has_the_schema_of_the_flows_class(provider: PrefectProvider) -> None:
    name, inputs = urn("JsonBlock"), {"name": f"schema-{uuid4().hex[:8]}", "value": 1}
    made = provider.create(CreateRequest(name, inputs))
    document = provider.connection.client().request("GET", f"/block_documents/{made.id}")
    assert document["block_schema"]["fields"] == JSON_FIELDS
    code = (
        "import json; from blocks import JSON;"
        "print(json.dumps([JSON.model_json_schema(), JSON._calculate_schema_checksum()]))"
    )
    flows = Path(__file__).resolve().parents[2] / "flows"
    done = subprocess.run([sys.executable, "-c", code], cwd=flows, capture_output=True, text=True, check=True)
    fields, checksum = json.loads(done.stdout.splitlines()[-1])
    assert fields == JSON_FIELDS
    assert document["block_schema"]["checksum"] == checksum
    provider.delete(DeleteRequest(name, made.id, inputs, made.outputs))


def test_pool_types_of_the_cloud_are_refused(provider: PrefectProvider) -> None:
    for type_ in ("prefect:managed", "ecs:push"):
        (failure,) = provider.check(CheckRequest(urn("WorkPool"), new_inputs={"name": "p", "type": type_})).failures
        assert failure.property == "type"
        assert "Prefect Cloud" in failure.reason
