"""Every kind that lives on the server passes the same table of lifecycle steps, on a real server."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
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
    ReadRequest,
    UpdateRequest,
)
from prefect_pulumi.core.values import UNKNOWN, Secret, has_secret, same, unwrap
from prefect_pulumi.models import KINDS
from prefect_pulumi.provider.handlers.blocks import JSON_FIELDS
from prefect_pulumi.provider.provider import PrefectProvider
from tests.provider.lifecycle import Case, lives, numbered, referred, urn
from tests.provider.lifecycle_cases import CASES, OTHER_TEMPLATE, TEMPLATE

IDS = [case.kind for case in CASES]


class Host:
    def __init__(self) -> None:
        self.lines: list[tuple[str, str, str]] = []

    def log(self, severity: str, message: str, urn: str = "") -> None:
        self.lines.append((severity, message, urn))


@pytest.fixture(scope="module")
def provider(prefect_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrefectProvider]:
    provider = PrefectProvider(tmp_path_factory.mktemp("root"), Host())
    provider.configure({"apiUrl": prefect_server})
    with referred(provider):
        yield provider
    provider.close()


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_whole_life(provider: PrefectProvider, case: Case) -> None:
    lives(provider, case)


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


@pytest.mark.self_hosted
def test_pool_types_of_the_cloud_are_refused(provider: PrefectProvider) -> None:
    for type_ in ("prefect:managed", "ecs:push"):
        (failure,) = provider.check(CheckRequest(urn("WorkPool"), new_inputs={"name": "p", "type": type_})).failures
        assert failure.property == "type"
        assert "Prefect Cloud" in failure.reason
