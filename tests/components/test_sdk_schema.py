"""The check that the graphs' tests lean on can fail."""

from __future__ import annotations

from typing import Any

import pytest

from prefect_pulumi.core.values import UNKNOWN, Secret
from tests.components import sdk_schema as schema

CONTAINER = "docker:index/container:Container"
GOOD: dict[str, Any] = {
    "image": UNKNOWN,
    "memory": 512,
    "envs": Secret(["A=b"]),
    "mounts": [{"type": "volume", "target": "/x", "source": "v"}],
    "logOpts": {"max-size": "10m"},
    "init": True,
}


def test_good_inputs_pass() -> None:
    assert schema.faults(schema.resource_args("pulumi_docker")[CONTAINER], GOOD) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"memory": "512"}, "memory: '512' is not of type int"),
        ({"memory": True}, "memory: True is not of type int"),
        ({"memori": 1}, "memori: unknown property"),
        ({"envs": [1]}, "envs[0]: 1 is not of type str"),
        ({"mounts": [{"type": "volume"}]}, "mounts[0].target: required"),
        ({"logOpts": ["x"]}, "logOpts: must be an object"),
        ({"init": 1}, "init: 1 is not of type bool"),
    ],
)
def test_each_fault_is_found(change: dict[str, Any], fault: str) -> None:
    args = schema.resource_args("pulumi_docker")[CONTAINER]
    assert fault in schema.faults(args, {**GOOD, **change})


def test_what_is_required_is() -> None:
    args = schema.resource_args("pulumi_docker")["docker:index/image:Image"]
    assert schema.faults(args, {}) == ["imageName: required"]
