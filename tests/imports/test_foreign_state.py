"""States of Terraform, and of Pulumi with the bridged provider: their Prefect resources by id."""

from __future__ import annotations

import json
from typing import Any

import pytest

from prefect_pulumi.app.imports.foreign_state import parse_state
from prefect_pulumi.core.errors import InputError
from tests.support.terraform_states import attributes, state_of


@pytest.mark.parametrize(("name", "times", "count"), [("mix-10", 1, 10), ("mix-10", 100, 1000), ("one-of-each", 1, 13)])
def test_every_resource_is_known_by_its_id(name: str, times: int, count: int) -> None:
    document = state_of(name, "x", times)
    state = parse_state(json.dumps(document), "file")
    assert (state.tool, len(state.resources), state.left_out) == ("Terraform", count, ())
    assert sorted(item.id for item in state.resources) == sorted(own["id"] for _, own in attributes(document))
    assert len({item.address for item in state.resources}) == count


def terraform(*resources: Any) -> str:
    return json.dumps({"version": 4, "resources": list(resources)})


def resource(type_: str, name: str = "a", mode: str = "managed", **more: Any) -> Any:
    return {"mode": mode, "type": type_, "name": name, "instances": [{"attributes": {"id": "1"}}], **more}


def test_addresses_are_those_of_terraform() -> None:
    instances = [{"index_key": "k", "attributes": {"id": "1"}}, {"index_key": 0, "attributes": {"id": "2"}}]
    text = terraform(resource("prefect_flow", "f", module='module.m["x"]', instances=instances))
    assert [(item.kind, item.address) for item in parse_state(text, "file").resources] == [
        ("Flow", 'module.m["x"].prefect_flow.f["k"]'),
        ("Flow", 'module.m["x"].prefect_flow.f[0]'),
    ]


def test_what_cannot_be_told_is_listed() -> None:
    state = parse_state(
        terraform(
            resource("prefect_variable"),
            resource("prefect_user", "u"),
            resource("aws_s3_bucket", "b"),
            resource("prefect_flow", "d", mode="data"),
            resource("prefect_flow", "gone", instances=[{"attributes": {}}]),
        ),
        "file",
    )
    assert [item.address for item in state.resources] == ["prefect_variable.a"]
    assert {item.human: item.reason for item in state.left_out} == {
        "prefect_user.u": "there is no kind for a user",
        "aws_s3_bucket.b": "it is of the provider aws",
        "prefect_flow.gone": "the state has no id of it",
    }


@pytest.mark.parametrize("wrapper", ["deployment", "checkpoint"])
def test_a_state_of_the_bridged_provider(wrapper: str) -> None:
    rows = [
        {"urn": "urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev", "type": "pulumi:pulumi:Stack"},
        {"urn": "u::prov", "type": "pulumi:providers:prefect", "custom": True, "id": "9"},
        {"urn": "u::pool", "type": "prefect:index/workPool:WorkPool", "custom": True, "id": "1"},
        {"urn": "u::block", "type": "prefect:index/block:Block", "custom": True, "id": "2"},
        {"urn": "u::old", "type": "prefect:index/flow:Flow", "custom": True, "id": "3", "delete": True},
        {"urn": "u::bucket", "type": "aws:s3/bucket:Bucket", "custom": True, "id": "b"},
    ]
    inner = {"resources": rows}
    document = {"version": 3, wrapper: inner if wrapper == "deployment" else {"latest": inner}}
    state = parse_state(json.dumps(document), "file")
    assert state.tool == "Pulumi"
    assert [(item.kind, item.id) for item in state.resources] == [("WorkPool", "1"), ("BlockDocument", "2")]
    assert [item.human for item in state.left_out] == ["u::bucket"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "it is no JSON"),
        ("[]", "neither a Terraform state"),
        ('{"version": 3, "resources": []}', "neither a Terraform state"),
        ('{"version": 4, "resources": []}', "no resource of Prefect"),
        (terraform(resource("aws_x")), "no resource of Prefect"),
    ],
)
def test_other_files_are_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as refused:
        parse_state(text, "a.tfstate")
    assert refused.value.where == "a.tfstate"
    assert refused.value.remedy
